import type { BitReader } from '../../../demux/bit-reader.ts';

/** Codewords of SBR and parametric stereo have up to 20 bits. */
const WORD = 2 ** 32;

/**
 * A Huffman code book that is read so seldom that a search by halves will do.
 *
 * It is written down as its codewords in ascending order, three digits of base 36 for each: its length in bits, and in two digits its
 * value, of which 0 stands for `lowest`. As the code is complete, that says what the codewords are.
 */
export class PrefixCode {
  /** For each codeword the first 32-bit word beyond it. */
  readonly ends: Float64Array;
  readonly #lengths: Uint8Array;
  readonly #values: Int8Array;

  constructor(lowest: number, text: string) {
    const count = text.length / 3;
    this.ends = new Float64Array(count);
    this.#lengths = new Uint8Array(count);
    this.#values = new Int8Array(count);
    let end = 0;
    for (let i = 0; i < count; i++) {
      this.#lengths[i] = Number.parseInt(text[3 * i], 36);
      this.#values[i] = lowest + Number.parseInt(text.slice(3 * i + 1, 3 * i + 3), 36);
      end += WORD / 2 ** this.#lengths[i];
      this.ends[i] = end;
    }
  }

  /** Reads a codeword and gives its value. @throws what `bits` throws at its end. */
  read(bits: BitReader): number {
    const { position, view } = bits;
    const word = (view.getUint32(position >> 3) << (position & 7)) >>> 0;
    let low = 0;
    let high = this.ends.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (word < this.ends[middle]) high = middle;
      else low = middle + 1;
    }
    bits.position = position + this.#lengths[low];
    bits.requireWithinEnd();
    return this.#values[low];
  }
}
