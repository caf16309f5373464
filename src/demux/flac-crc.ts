/** Remainders of all bytes for CRC-8 with x⁸+x²+x+1 (RFC 9639 §9.1.8). */
const CRC8 = fillRemainders(new Uint8Array(256), 8, 0x07);

/**
 * CRC-16 with x¹⁶+x¹⁵+x²+1 (RFC 9639 §9.3), eight bytes at a time: row `k` holds the remainder of each byte followed by `k` zero bytes,
 * so that the remainder of eight bytes is the sum of eight independent look-ups.
 */
const CRC16 = slicedTable();

/** CRC-8 of `bytes[from, to)`. */
export function crc8(bytes: Uint8Array, from: number, to: number): number {
  let crc = 0;
  for (let i = from; i < to; i++) crc = CRC8[crc ^ bytes[i]];
  return crc;
}

/** CRC-16 of `bytes[from, to)`, continuing from `crc`. Over a frame with its footer it is 0. */
export function crc16(bytes: Uint8Array, from: number, to: number, crc = 0): number {
  let i = from;
  for (; i + 8 <= to; i += 8) {
    crc =
      CRC16[0x700 | ((crc >> 8) ^ bytes[i])] ^
      CRC16[0x600 | ((crc & 0xff) ^ bytes[i + 1])] ^
      CRC16[0x500 | bytes[i + 2]] ^
      CRC16[0x400 | bytes[i + 3]] ^
      CRC16[0x300 | bytes[i + 4]] ^
      CRC16[0x200 | bytes[i + 5]] ^
      CRC16[0x100 | bytes[i + 6]] ^
      CRC16[bytes[i + 7]];
  }
  for (; i < to; i++) crc = ((crc << 8) & 0xffff) ^ CRC16[(crc >> 8) ^ bytes[i]];
  return crc;
}

function slicedTable(): Uint16Array {
  const table = fillRemainders(new Uint16Array(8 * 256), 16, 0x8005);
  for (let i = 256; i < table.length; i++) table[i] = (table[i - 256] << 8) ^ table[table[i - 256] >> 8];
  return table;
}

/** Fills in the remainder of each byte, followed by `width` zero bits, divided by `polynomial`. That of a sum of two is the sum of theirs. */
function fillRemainders<T extends Uint8Array | Uint16Array>(table: T, width: number, polynomial: number): T {
  for (let byte = 1, remainder = polynomial; byte < 256; byte *= 2) {
    for (let lower = 0; lower < byte; lower++) table[byte + lower] = remainder ^ table[lower];
    remainder = ((remainder << 1) ^ (remainder >> (width - 1) ? polynomial : 0)) & (2 ** width - 1);
  }
  return table;
}
