import type { BitReader } from './bit-reader.ts';
import { brokenHeader } from './broken-packet.ts';
import { bookAt, type Codebook, readEntry } from './codebook.ts';

const PASSES = 8;

/**
 * Residues ("Vorbis I specification" §8): the fine structure of the spectra of several channels, as sums of vectors out of code books. The
 * spectrum is cut into partitions; each has a class, and the class says which book is used in each of up to eight passes.
 */
export class Residue {
  readonly #type: number;
  readonly #begin: number;
  readonly #end: number;
  readonly #partitionSize: number;
  readonly #classCount: number;
  readonly #classBook: Codebook;
  /** Of each class, for each pass. */
  readonly #books: readonly (readonly (Codebook | undefined)[])[];
  /** Class of each partition, channel after channel; grows to what the largest block needs. */
  #classes = new Uint8Array(0);
  #interleaved = new Float64Array(0);

  /**
   * `begin 24 │ end 24 │ partition size − 1 24 │ classes − 1 6 │ class book 8 │ for each class: passes with a book, 3 bits, flag, 5 bits │
   * the books 8`. @throws AulosError `media.malformed`.
   */
  constructor(type: number, reader: BitReader, books: readonly Codebook[]) {
    if (type > 2) throw brokenHeader('an unknown residue');
    this.#type = type;
    this.#begin = reader.bits(24);
    this.#end = reader.bits(24);
    this.#partitionSize = reader.bits(24) + 1;
    this.#classCount = reader.bits(6) + 1;
    this.#classBook = bookAt(books, reader.bits(8));
    const passes = Array.from({ length: this.#classCount }, () => reader.bits(3) | (reader.flag() ? reader.bits(5) << 3 : 0));
    this.#books = passes.map((mask) =>
      Array.from({ length: PASSES }, (_, pass) => (mask & (1 << pass) ? vectorBookAt(books, reader.bits(8)) : undefined)),
    );
    if (this.#end < this.#begin || this.#classBook.dimensions === 0) throw brokenHeader('a residue ends before it begins');
  }

  /** Adds to the first `count` lines of each channel that `isWanted`; the packet may end anywhere. */
  read(reader: BitReader, spectra: readonly Float64Array[], isWanted: readonly boolean[], count: number): void {
    if (this.#type !== 2) {
      this.#readVectors(
        reader,
        spectra.filter((_, channel) => isWanted[channel]),
        count,
      );
    } else if (isWanted.includes(true)) this.#readInterleaved(reader, spectra, count);
  }

  /** Type 2 (§8.6.5): all channels as one vector, a line of each in turn. */
  #readInterleaved(reader: BitReader, spectra: readonly Float64Array[], count: number): void {
    const length = count * spectra.length;
    if (this.#interleaved.length < length) this.#interleaved = new Float64Array(length);
    const all = this.#interleaved.fill(0, 0, length);
    this.#readVectors(reader, [all], length);
    for (let channel = 0; channel < spectra.length; channel++) {
      const lines = spectra[channel];
      for (let i = 0, at = channel; i < count; i++, at += spectra.length) lines[i] += all[at];
    }
  }

  /** §8.6.2 */
  #readVectors(reader: BitReader, vectors: readonly Float64Array[], length: number): void {
    const begin = Math.min(this.#begin, length);
    const partitions = Math.floor((Math.min(this.#end, length) - begin) / this.#partitionSize);
    const perWord = this.#classBook.dimensions;
    const stride = partitions + perWord;
    if (this.#classes.length < stride * vectors.length) this.#classes = new Uint8Array(stride * vectors.length);
    const classes = this.#classes;
    for (let pass = 0; pass < PASSES; pass++) {
      for (let partition = 0; partition < partitions; partition++) {
        if (pass === 0 && partition % perWord === 0 && !this.#readClasses(reader, vectors.length, stride, partition)) return;
        for (let v = 0; v < vectors.length; v++) {
          const book = this.#books[classes[v * stride + partition]][pass];
          if (!book) continue;
          if (!this.#readPartition(reader, book, vectors[v], begin + partition * this.#partitionSize)) return;
        }
      }
    }
  }

  /** One codeword of the class book holds the classes of several partitions, as digits of a number, the highest first. */
  #readClasses(reader: BitReader, vectors: number, stride: number, partition: number): boolean {
    for (let v = 0; v < vectors; v++) {
      let word = readEntry(this.#classBook, reader);
      if (word < 0) return false;
      for (let i = this.#classBook.dimensions - 1; i >= 0; i--) {
        this.#classes[v * stride + partition + i] = word % this.#classCount;
        word = Math.floor(word / this.#classCount);
      }
    }
    return true;
  }

  /** False at the end of the packet. Type 0 spreads a vector over the partition (§8.6.3), the others lay it in one piece (§8.6.4). */
  #readPartition(reader: BitReader, book: Codebook, lines: Float64Array, offset: number): boolean {
    const { dimensions, vectors } = book;
    if (!vectors) return true;
    const size = this.#partitionSize;
    const count = Math.floor(size / dimensions);
    const [step, apart] = this.#type === 0 ? [1, count] : [dimensions, 1];
    for (let i = 0; i < count; i++) {
      const entry = readEntry(book, reader);
      if (entry < 0) return false;
      for (let d = 0, from = entry * dimensions, to = offset + i * step; d < dimensions; d++, to += apart) lines[to] += vectors[from + d];
    }
    return true;
  }
}

function vectorBookAt(books: readonly Codebook[], number: number): Codebook {
  const book = bookAt(books, number);
  if (!book.vectors) throw brokenHeader('a residue uses a book without vectors');
  return book;
}
