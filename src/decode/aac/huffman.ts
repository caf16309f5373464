import { type CodeBook, ESCAPE_VALUE, SCALE_FACTOR_BOOK, SPECTRAL_BOOKS } from './tables.ts';

/**
 * A code book made for speed. Codewords of up to 10 bits, nearly all that occur, are found by the next 10 bits of the stream; the tables
 * so stay in the cache. An entry of a spectral book holds two or four values, which of them have a sign bit behind the codeword, and how
 * long the codeword is with these bits, so that the next codeword can be looked for before the values of this one are known:
 *
 *        29     28   24 23   19 18   14 13    9 8        5 4     0
 *     │ escape │  v3   │  v2   │  v1   │  v0   │ v3 … v0 │ length │
 *
 * A value is a magnitude of four bits behind a sign. An escaped one stands as −0, see {@link ESCAPED}, and its entry has bit 29.
 */
export interface HuffmanTable {
  /** By the next 10 bits; 0 where a longer codeword begins. */
  readonly short: Int32Array;
  /** Of the longer codewords in ascending order. */
  readonly long: Int32Array;
  /** By the same index, the first 32-bit word that is beyond the codeword. */
  readonly longEnds: Float64Array;
}

/** Where the values begin in an entry of a spectral book, and their width. */
export const VALUES_SHIFT = 9;
export const VALUE_BITS = 5;

/** The sign in a value of an entry. */
export const MINUS = 16;

/** A value of an entry that an escape sequence behind the codeword holds. */
export const ESCAPED = MINUS;

/** An entry from here on has such values. */
export const HAS_ESCAPES = 1 << 29;

const SHORT_BITS = 10;

/** What the next word of the stream is shifted right by to give an index into {@link HuffmanTable.short}. */
export const SHORT_SHIFT = 32 - SHORT_BITS;

const spectralTables: HuffmanTable[] = [];

/** The table of a spectral book, 1 to 11; built when first met, since all together would hold the thread for too long. */
export const spectralTable = (book: number): HuffmanTable => (spectralTables[book] ??= buildSpectralTable(SPECTRAL_BOOKS[book - 1]));

/** Of differences of scale factors: an entry holds, behind the length in 5 bits, what the difference is above −60. */
export const differenceTable = buildTable(
  SCALE_FACTOR_BOOK,
  (length, [difference]) => length | ((difference - SCALE_FACTOR_BOOK.lowest) << 5),
);

/** The entry of the codeword of more than 10 bits that `word`, the next 32 bits of the stream, begins with. */
export function longEntry({ long, longEnds }: HuffmanTable, word: number): number {
  let i = 0;
  while (word >>> 0 >= longEnds[i]) i++; // the books are complete: the last end is 2³²
  return long[i];
}

/** Books whose lowest value is zero hold magnitudes: those that are not zero have a sign bit each behind the codeword. */
function buildSpectralTable(book: CodeBook): HuffmanTable {
  return buildTable(book, (length, values) => {
    let entry = length;
    for (const [i, value] of values.entries()) {
      if (book.lowest === 0 && value > 0) entry += (1 << (5 + i)) + 1;
      if (value === ESCAPE_VALUE) entry |= HAS_ESCAPES;
      const coded = value === ESCAPE_VALUE ? ESCAPED : value < 0 ? MINUS - value : value;
      entry |= coded << (VALUES_SHIFT + VALUE_BITS * i);
    }
    return entry;
  });
}

function buildTable(
  { dimension, codesByLength, values, lowest }: CodeBook,
  pack: (length: number, values: number[]) => number,
): HuffmanTable {
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
      const entry = pack(length, tuple);
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
