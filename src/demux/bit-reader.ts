/** Zero bytes kept behind the data, so that a decoder may look ahead of what it has checked. */
const PADDING = 512;

/**
 * Reads bits, most significant first, from a copy of the data with zeros behind it. Its whole state is a bit position, so hot loops can
 * take {@link BitReader.view} and {@link BitReader.position} into locals and put the position back.
 */
export class BitReader {
  /** The data and at least 512 zero bytes; another one after each {@link load} of something larger than before. */
  view = new DataView(new ArrayBuffer(PADDING));
  /** In bits from the start of the data. */
  position = 0;
  /** Length of the data in bits. */
  end = 0;
  readonly #exhausted: () => Error;
  #bytes = new Uint8Array(this.view.buffer);

  /** `exhausted` makes the error that reading past the end throws. */
  constructor(exhausted: () => Error) {
    this.#exhausted = exhausted;
  }

  /** Starts over with a copy of `data`. */
  load(data: Uint8Array): void {
    if (this.#bytes.length < data.length + PADDING) {
      this.#bytes = new Uint8Array(data.length * 2 + PADDING);
      this.view = new DataView(this.#bytes.buffer);
    }
    this.#bytes.set(data);
    this.#bytes.fill(0, data.length, data.length + PADDING);
    this.position = 0;
    this.end = data.length * 8;
  }

  /** The next 1 to 25 bits, unsigned. */
  bits(count: number): number {
    const from = this.position;
    this.position = from + count;
    this.requireWithinEnd();
    return (this.view.getUint32(from >> 3) << (from & 7)) >>> (32 - count);
  }

  /** The next bit as a flag. */
  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    this.position += count;
  }

  /** Moves to the next whole byte of the data. */
  align(): void {
    this.position = (this.position + 7) & ~7;
  }

  /** Throws if more was read than there is. To be called before each stretch of at most 512 bytes that is read unchecked. */
  requireWithinEnd(): void {
    if (this.position > this.end) throw this.#exhausted();
  }
}
