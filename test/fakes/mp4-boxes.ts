/** Bytes from pieces; text is Latin-1. */
export function bytes(...pieces: readonly (Uint8Array | string)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece))));
}

/** 32 bits, big-endian. */
export const u32 = (value: number): Uint8Array => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** 16 bits, big-endian. */
export const u16 = (value: number): Uint8Array => Uint8Array.of(value >>> 8, value);

/** An ISO box with a 32-bit size. */
export function box(type: string, ...payload: readonly (Uint8Array | string)[]): Uint8Array {
  const body = bytes(...payload);
  return bytes(u32(body.length + 8), type, body);
}

/** An ISO box with a 64-bit size. */
export function bigBox(type: string, ...payload: readonly (Uint8Array | string)[]): Uint8Array {
  const body = bytes(...payload);
  return bytes(u32(1), type, u32(0), u32(body.length + 16), body);
}

/** A box with version 0 and no flags. */
export const fullBox = (type: string, ...payload: readonly (Uint8Array | string)[]): Uint8Array => box(type, u32(0), ...payload);
