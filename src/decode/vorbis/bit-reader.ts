/** Zeros behind the packet, so that reads past its end need no test. */
const PADDING_BYTES = 8;

/**
 * Reads bits of a packet, least significant bit of each byte first ("Vorbis I specification" §2.1). Past the end it gives zeros and says
 * so by `hasEnded`: an encoder may cut a packet short, and what was read until then counts (§4.3).
 */
export class BitReader {
  #bytes = new Uint8Array(4096);
  /** In bits. */
  #position = 0;
  #end = 0;

  /** Begins with `data`, of which it keeps a copy. */
  load(data: Uint8Array): void {
    if (data.length + PADDING_BYTES > this.#bytes.length) this.#bytes = new Uint8Array(2 * data.length + PADDING_BYTES);
    this.#bytes.set(data);
    this.#bytes.fill(0, data.length, data.length + PADDING_BYTES);
    this.#position = 0;
    this.#end = 8 * data.length;
  }

  get hasEnded(): boolean {
    return this.#position > this.#end;
  }

  get bitsLeft(): number {
    return Math.max(0, this.#end - this.#position);
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  /** The next `count` bits as a number, `count` ≤ 32. */
  bits(count: number): number {
    if (count > 24) return this.bits(16) + 65_536 * this.bits(count - 16);
    const value = this.peek() & ((1 << count) - 1);
    this.skip(count);
    return value;
  }

  /** At least the next 24 bits; those above are not to be used. */
  peek(): number {
    const at = Math.min(this.#position, this.#end) >> 3;
    const bytes = this.#bytes;
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    return word >>> (this.#position & 7);
  }

  skip(count: number): void {
    this.#position += count;
  }
}
