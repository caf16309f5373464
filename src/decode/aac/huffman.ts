import type { BitReader } from '../../demux/bit-reader.ts';
import { type CodeBook, SCALE_FACTOR_BOOK, SPECTRAL_BOOKS } from './tables.ts';

/**
 * A code book made for speed. Codewords of up to 10 bits, nearly all that occur, are found by the next 10 bits of the stream; the tables
 * so stay in the cache. An entry holds the length of the codeword and its values + 16 (so that one table of signed powers serves them
 * all):
 *
 *     bit 28   23 22   17 16   11 10    5 4     0
 *        │  v3  │  v2   │  v1   │  v0   │ length │
 */
export interface HuffmanTable {
  /** By the next 10 bits; 0 where a longer codeword begins. */
  readonly short: Int32Array;
  /** Of the longer codewords in ascending order. */
  readonly long: Int32Array;
  /** By the same index, the first 32-bit word that is beyond the codeword. */
  readonly longEnds: Float64Array;
}

/** Added to the values in an entry of a spectral table. */
export const VALUE_BIAS = 16;

const SHORT_BITS = 10;

/** What the next word of the stream is shifted right by to give an index into {@link HuffmanTable.short}. */
export const SHORT_SHIFT = 32 - SHORT_BITS;

const spectralTables: HuffmanTable[] = [];

/** The table of a spectral book, 1 to 11; built when first met, since all together would hold the thread for too long. */
export const spectralTable = (book: number): HuffmanTable => (spectralTables[book] ??= buildSpectralTable(SPECTRAL_BOOKS[book - 1]));

const DIFFERENCES = buildTable(SCALE_FACTOR_BOOK, ([difference]) => difference - SCALE_FACTOR_BOOK.lowest);

/** The entry of the codeword of more than 10 bits that `word`, the next 32 bits of the stream, begins with. */
export function longEntry({ long, longEnds }: HuffmanTable, word: number): number {
  let i = 0;
  while (word >>> 0 >= longEnds[i]) i++; // the books are complete: the last end is 2³²
  return long[i];
}

/** The next scale factor difference, −60 to 60. */
export function readScaleFactorDifference(bits: BitReader): number {
  bits.requireWithinEnd();
  const { position, view } = bits;
  const word = view.getUint32(position >> 3) << (position & 7);
  const entry = DIFFERENCES.short[word >>> SHORT_SHIFT] || longEntry(DIFFERENCES, word);
  bits.position = position + (entry & 31);
  return (entry >> 5) + SCALE_FACTOR_BOOK.lowest;
}

function buildSpectralTable(book: CodeBook): HuffmanTable {
  return buildTable(book, (values) => values.reduce((packed, value, i) => packed | ((value + VALUE_BIAS) << (6 * i)), 0));
}

function buildTable({ dimension, codesByLength, values, lowest }: CodeBook, pack: (values: number[]) => number): HuffmanTable {
  const short = new Int32Array(1 << SHORT_BITS);
  const long: number[] = [];
  const longEnds: number[] = [];
  const digits = dimension === 1 ? 2 : 1;
  let textAt = 0;
  let end = 0; // of the codewords so far, as a 32-bit word
  for (const [i, count] of codesByLength.entries()) {
    const length = i + 1;
    for (let code = 0; code < count; code++) {
      const tuple = Array.from({ length: dimension }, () => Number.parseInt(values.slice(textAt, (textAt += digits)), 36) + lowest);
      const entry = length | (pack(tuple) << 5);
      const start = end;
      end += 2 ** (32 - length);
      if (length <= SHORT_BITS) {
        short.fill(entry, start / 2 ** SHORT_SHIFT, end / 2 ** SHORT_SHIFT);
      } else {
        long.push(entry);
        longEnds.push(end);
      }
    }
  }
  return { short, long: Int32Array.from(long), longEnds: Float64Array.from(longEnds) };
}
