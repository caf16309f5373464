/**
 * Checksum of `bytes` as an unsigned 32-bit number; `previous` is the checksum of the bytes before them, so that a run can grow without
 * its beginning being read again. `zlib.crc32` of Node has this shape.
 */
export type Checksum = (bytes: Uint8Array, previous?: number) => number;

/**
 * CRC-32 (ISO 3309, the one of zlib and PNG) by slicing: eight tables take eight bytes in one step, read as two little-endian words, as
 * every browser's machine has them.
 */
export const crc32: Checksum = (bytes, previous = 0) => {
  tables ??= buildTables();
  if (bytes.length < 8) return ~crcOfBytes(tables, ~previous, bytes, 0, bytes.length) >>> 0;
  const aligned = -bytes.byteOffset & 3; // bytes before the first whole word of the buffer
  const words = new Int32Array(bytes.buffer, bytes.byteOffset + aligned, (bytes.length - aligned) >> 2);
  const paired = words.length & ~1;
  let crc = crcOfBytes(tables, ~previous, bytes, 0, aligned);
  for (let i = 0; i < paired; i += 2) {
    const a = crc ^ words[i];
    const b = words[i + 1];
    crc =
      tables[0x700 | (a & 0xff)] ^
      tables[0x600 | ((a >>> 8) & 0xff)] ^
      tables[0x500 | ((a >>> 16) & 0xff)] ^
      tables[0x400 | (a >>> 24)] ^
      tables[0x300 | (b & 0xff)] ^
      tables[0x200 | ((b >>> 8) & 0xff)] ^
      tables[0x100 | ((b >>> 16) & 0xff)] ^
      tables[b >>> 24];
  }
  return ~crcOfBytes(tables, crc, bytes, aligned + paired * 4, bytes.length) >>> 0;
};

function crcOfBytes(table: Int32Array, crc: number, bytes: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end; i++) crc = table[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return crc;
}

let tables: Int32Array | undefined;

/** Entry `k * 256 + b` is the register after byte `b` and `k` zero bytes; the polynomial is 0x04C11DB7, bits reversed. */
function buildTables(): Int32Array {
  const built = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    built[byte] = crc;
  }
  for (let i = 256; i < built.length; i++) built[i] = built[built[i - 256] & 0xff] ^ (built[i - 256] >>> 8);
  return built;
}
