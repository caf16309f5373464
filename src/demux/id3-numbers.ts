/** Four bytes of seven bits (id3v2.4.0-structure §6.2). */
export const syncsafe = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] & 0x7f) << 21) | ((bytes[at + 1] & 0x7f) << 14) | ((bytes[at + 2] & 0x7f) << 7) | (bytes[at + 3] & 0x7f);

/** A v2.4 frame size is syncsafe, but early iTunes wrote plain numbers; a high bit gives those away. */
export function frameSizeV4(bytes: Uint8Array): number {
  const plain = (bytes[0] | bytes[1] | bytes[2] | bytes[3]) & 0x80;
  return plain ? ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0 : syncsafe(bytes, 0);
}

/** Undoes unsynchronisation: each FF 00 was an FF (id3v2.4.0-structure §6.1). */
export function resynchronise(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    out[length++] = bytes[i];
    if (bytes[i] === 0xff && bytes[i + 1] === 0) i++;
  }
  return out.subarray(0, length);
}
