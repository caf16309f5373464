import type { BitReader } from './bit-reader.ts';
import type { Granule } from './side-info.ts';
import { LINBITS, PAIR_BOOKS, QUAD_BOOKS } from './tables.ts';

const LINES = 576;

/** Bits that index the first level of a look-up table; longer codes go on in a second level, so that the tables stay in the L1 cache. */
const FIRST_LEVEL_BITS = 9;

/** Magnitudes have codes up to this one, which extra bits follow in some books. */
const LARGEST_CODED = 15;

/** Decodes the lines of granules (ISO/IEC 11172-3 §2.4.2.7, `huffmancodebits`). */
export class HuffmanDecoder {
  readonly #bytes: DataView;
  readonly #reader: BitReader;
  /** No line of the last granule had a larger magnitude. */
  largest = 0;

  /** Reads from `reader`, whose bytes must go on for eight more than hold codes. */
  constructor(reader: BitReader) {
    this.#reader = reader;
    this.#bytes = new DataView(reader.bytes.buffer);
  }

  /**
   * Decodes the quantised lines of a granule, up to bit `end`, into `lines`. Gives the number of lines from the lowest on that may differ
   * from zero; those behind are left as they were. Codes that run over `end` count as zero.
   */
  decode(granule: Granule, end: number, lines: Int16Array): number {
    this.largest = LARGEST_CODED;
    let line = 0;
    for (let region = 0; region < 3; region++) {
      const to = Math.min(granule.regionEnds[region], granule.pairedLines);
      const number = granule.books[region];
      const book = pairBook(number);
      if (book) this.#pairs(book, LINBITS[number], end, lines, line, to);
      else lines.fill(0, line, to);
      line = Math.max(line, to);
    }
    return this.#quads(quadBooks[granule.quadBook], end, lines, line);
  }

  #pairs(book: Int32Array, linbits: number, end: number, lines: Int16Array, from: number, to: number): void {
    const bytes = this.#bytes;
    let position = this.#reader.position;
    for (let line = from; line < to; line += 2) {
      // 25 bits or more: enough for the longest code, 19, and two signs.
      const word = bytes.getInt32(position >> 3) << (position & 7);
      let entry = book[word >>> (32 - FIRST_LEVEL_BITS)];
      if (entry < 0) entry = book[(-entry >> 4) + ((word << FIRST_LEVEL_BITS) >>> (32 - (-entry & 15)))];
      let length = entry & 31;
      let x = (entry >> 5) & 15;
      let y = entry >> 9;
      if (linbits !== 0 && (x === LARGEST_CODED || y === LARGEST_CODED)) {
        this.#reader.position = position + length;
        x = this.#escaped(x, linbits);
        y = this.#escaped(y, linbits);
        position = this.#reader.position;
      } else {
        // Without branches, since whether a value is zero is what no processor predicts: a zero has no sign bit, and no sign.
        const hasSign = -x >>> 31;
        const isNegative = (word << length) >> 31;
        length += hasSign;
        const isNextNegative = (word << length) >> 31;
        length += -y >>> 31;
        x = (x ^ isNegative) - isNegative;
        y = (y ^ isNextNegative) - isNextNegative;
        position += length;
      }
      if (position > end) {
        lines.fill(0, line, to);
        position = end;
        break;
      }
      lines[line] = x;
      lines[line + 1] = y;
    }
    this.#reader.position = position;
  }

  /** A magnitude with its extra bits and its sign. */
  #escaped(magnitude: number, linbits: number): number {
    if (magnitude === LARGEST_CODED) {
      magnitude += this.#reader.read(linbits);
      this.largest = Math.max(this.largest, magnitude);
    }
    return magnitude !== 0 && this.#reader.read(1) ? -magnitude : magnitude;
  }

  #quads(book: Int32Array, end: number, lines: Int16Array, from: number): number {
    const bytes = this.#bytes;
    let position = this.#reader.position;
    let line = from;
    while (position < end && line <= LINES - 4) {
      const word = bytes.getInt32(position >> 3) << (position & 7);
      const entry = book[word >>> (32 - FIRST_LEVEL_BITS)];
      const magnitudes = entry >> 9;
      position += entry & 31;
      let signs = word << (entry & 31);
      for (let i = 0; i < 4; i++) {
        if (magnitudes & (8 >> i)) {
          lines[line + i] = signs < 0 ? -1 : 1;
          signs <<= 1;
          position++;
        } else lines[line + i] = 0;
      }
      // The last code may be stuffing that pretends to be one (ISO/IEC 11172-3 §2.4.3.4.6).
      if (position > end) break;
      line += 4;
    }
    this.#reader.position = position;
    return line;
  }
}

const pairTables = new Map<number, Int32Array>();

/** Look-up table of a book; undefined for book 0 and the two unused numbers, whose lines are zero. Built when first met. */
function pairBook(number: number): Int32Array | undefined {
  const shared = number < 16 ? number : number < 24 ? 16 : 24;
  let table = pairTables.get(shared);
  if (!table && PAIR_BOOKS[shared]) pairTables.set(shared, (table = lookUpTable(PAIR_BOOKS[shared])));
  return table;
}

/**
 * Turns a book into a table of two levels. An entry is a code,
 *
 *     y | x: 4 | length: 5
 *
 * or, negated, where the second level of a longer code begins and how many bits index it: start | bits: 4.
 */
function lookUpTable(book: string): Int32Array {
  const table: number[] = Array(1 << FIRST_LEVEL_BITS).fill(0);
  const codes = book.match(/.../g)!.map(([length, x, y]) => ({ length: parseInt(length, 36), x: parseInt(x, 16), y: parseInt(y, 16) }));
  for (let i = 0, code = 0; i < codes.length; ) {
    // `code` is left-aligned in 31 bits; codes come in ascending order.
    const prefix = code >>> (31 - FIRST_LEVEL_BITS);
    const bits = Math.max(0, longestUnder(prefix, i, code) - FIRST_LEVEL_BITS);
    const start = bits === 0 ? 0 : table.length;
    if (bits !== 0) table[prefix] = -((start << 4) | bits);
    const indexBits = FIRST_LEVEL_BITS + bits;
    do {
      const { length, x, y } = codes[i++];
      const from = code >>> (31 - indexBits);
      code += 2 ** (31 - length);
      const to = code >>> (31 - indexBits);
      const base = bits === 0 ? 0 : start - (prefix << bits);
      for (let k = from; k < to; k++) table[base + k] = (y << 9) | (x << 5) | length;
    } while (bits !== 0 && i < codes.length && code >>> (31 - FIRST_LEVEL_BITS) === prefix);
  }
  return Int32Array.from(table);

  /** Length of the longest code that begins with the bits of `prefix`, the first of which is number `i`, `code`. */
  function longestUnder(prefix: number, i: number, code: number): number {
    let longest = 0;
    for (; i < codes.length && code >>> (31 - FIRST_LEVEL_BITS) === prefix; i++) {
      longest = Math.max(longest, codes[i].length);
      code += 2 ** (31 - codes[i].length);
    }
    return longest;
  }
}

const quadBooks = QUAD_BOOKS.map(lookUpTable);
