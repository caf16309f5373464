/**
 * Checksum of `bytes` as an unsigned 32-bit number; `previous` is the checksum of the bytes before them, so that a run can grow without
 * its beginning being read again. `zlib.crc32` of Node has this shape.
 */
export type Checksum = (bytes: Uint8Array, previous?: number) => number;

/**
 * CRC-32 (ISO 3309, the one of zlib and PNG) by slicing: sixteen tables take sixteen bytes in one step, read as four little-endian words,
 * as every browser's machine has them.
 */
export const crc32: Checksum = (bytes, previous = 0) => {
  tables ??= buildTables();
  const t = tables;
  if (bytes.length < 16) return ~crcOfBytes(t, ~previous, bytes, 0, bytes.length) >>> 0; // there may be no whole word to begin at
  const head = -bytes.byteOffset & 3; // bytes before the first whole word of the buffer
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + head, ((bytes.length - head) >> 4) << 2);
  let crc = crcOfBytes(t, ~previous, bytes, 0, head);
  for (let i = 0; i < words.length; i += 4) {
    const a = crc ^ words[i];
    const b = words[i + 1];
    const c = words[i + 2];
    const d = words[i + 3];
    crc =
      t[0xf00 | (a & 0xff)] ^
      t[0xe00 | ((a >>> 8) & 0xff)] ^
      t[0xd00 | ((a >>> 16) & 0xff)] ^
      t[0xc00 | (a >>> 24)] ^
      t[0xb00 | (b & 0xff)] ^
      t[0xa00 | ((b >>> 8) & 0xff)] ^
      t[0x900 | ((b >>> 16) & 0xff)] ^
      t[0x800 | (b >>> 24)] ^
      t[0x700 | (c & 0xff)] ^
      t[0x600 | ((c >>> 8) & 0xff)] ^
      t[0x500 | ((c >>> 16) & 0xff)] ^
      t[0x400 | (c >>> 24)] ^
      t[0x300 | (d & 0xff)] ^
      t[0x200 | ((d >>> 8) & 0xff)] ^
      t[0x100 | ((d >>> 16) & 0xff)] ^
      t[d >>> 24];
  }
  return ~crcOfBytes(t, crc, bytes, head + words.byteLength, bytes.length) >>> 0;
};

function crcOfBytes(table: Int32Array, crc: number, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return crc;
}

let tables: Int32Array | undefined;

/** Entry `k * 256 + b` is the register after byte `b` and `k` zero bytes; the polynomial is 0x04C11DB7, bits reversed. */
function buildTables(): Int32Array {
  const built = new Int32Array(16 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    built[byte] = crc;
  }
  for (let i = 256; i < built.length; i++) built[i] = built[built[i - 256] & 0xff] ^ (built[i - 256] >>> 8);
  return built;
}
