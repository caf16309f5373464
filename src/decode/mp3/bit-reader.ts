/** Reads bit fields, highest bit first. The bytes must go on for three more than are read; what is past a field never shows in it. */
export class BitReader {
  readonly bytes: Uint8Array;
  /** Bits from the start of `bytes` to the next field. */
  position = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  /** The next `count` bits, 0 to 16, as an unsigned number. */
  read(count: number): number {
    if (count === 0) return 0;
    const at = this.position >> 3;
    const { bytes } = this;
    const word = ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8)) << (this.position & 7);
    this.position += count;
    return word >>> (32 - count);
  }
}
