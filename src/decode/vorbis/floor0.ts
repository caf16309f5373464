import { cos, pow2 } from '../trig.ts';
import type { BitReader } from './bit-reader.ts';
import { brokenHeader, brokenPacket } from './broken-packet.ts';
import { bookAt, type Codebook, readEntry } from './codebook.ts';
import type { Floor } from './floor.ts';

/** 20 ⋅ log₁₀ 2: decibels in a power of two. */
const DECIBELS_PER_OCTAVE = 6.020599913279624;

/** Where a filter takes nothing away at all, its gain has no bound. */
const LOUDEST_DECIBELS = 200;

/**
 * Floor type 0 ("Vorbis I specification" §6): the envelope of the spectrum as that of a filter, given by line spectral pairs on the Bark
 * scale. Only encoders from before 2001 write it.
 */
export class Floor0 implements Floor {
  readonly #order: number;
  readonly #rate: number;
  readonly #barkMapSize: number;
  readonly #amplitudeBits: number;
  readonly #amplitudeOffset: number;
  readonly #books: readonly Codebook[];
  readonly #coefficients: Float64Array;
  /** For each block size, twice the cosine of the place of each line on the Bark scale. */
  readonly #places = new Map<number, Float64Array>();

  /** `order 8 │ rate 16 │ size of the Bark map 16 │ amplitude bits 6 │ amplitude offset 8 │ books − 1 4 │ books 8`. */
  constructor(reader: BitReader, books: readonly Codebook[]) {
    this.#order = reader.bits(8);
    this.#rate = reader.bits(16);
    this.#barkMapSize = reader.bits(16);
    this.#amplitudeBits = reader.bits(6);
    this.#amplitudeOffset = reader.bits(8);
    this.#books = Array.from({ length: reader.bits(4) + 1 }, () => bookAt(books, reader.bits(8)));
    const isUsable = this.#order > 0 && this.#rate > 0 && this.#barkMapSize > 0 && this.#amplitudeBits <= 32;
    if (!isUsable || this.#books.some(({ vectors }) => !vectors)) throw brokenHeader('an impossible floor');
    this.#coefficients = new Float64Array(this.#order);
  }

  /** §6.2.2 */
  read(reader: BitReader, curve: Float64Array, count: number): boolean {
    const amplitude = reader.bits(this.#amplitudeBits);
    if (amplitude === 0) return false;
    const book = this.#books[reader.bits(32 - Math.clz32(this.#books.length))];
    if (!book?.vectors) throw brokenPacket('a book that is not there is used');
    let last = 0;
    for (let i = 0; i < this.#order; ) {
      const entry = readEntry(book, reader);
      if (entry < 0) return false;
      const from = last;
      for (let d = 0; d < book.dimensions && i < this.#order; d++, i++) {
        last = book.vectors[entry * book.dimensions + d] + from;
        this.#coefficients[i] = last;
      }
    }
    this.#draw(amplitude, curve, count);
    return true;
  }

  /** §6.2.3; lines at one place on the Bark scale share a value. */
  #draw(amplitude: number, curve: Float64Array, count: number): void {
    const places = this.#placesOf(count);
    const pairs = this.#coefficients.map((coefficient) => 2 * cos(coefficient));
    const scale = (amplitude * this.#amplitudeOffset) / (2 ** this.#amplitudeBits - 1);
    for (let i = 0; i < count; i++) {
      if (i > 0 && places[i] === places[i - 1]) curve[i] = curve[i - 1];
      else curve[i] = amplitudeOf(scale / filterLoss(pairs, places[i]) - this.#amplitudeOffset);
    }
  }

  #placesOf(count: number): Float64Array {
    let places = this.#places.get(count);
    if (!places) {
      const size = this.#barkMapSize;
      const barksPerStep = barks(this.#rate / 2) / size;
      places = Float64Array.from({ length: count }, (_, i) => {
        const step = Math.min(size - 1, Math.floor(barks((this.#rate * i) / (2 * count)) / barksPerStep));
        return 2 * cos((Math.PI * step) / size);
      });
      this.#places.set(count, places);
    }
    return places;
  }
}

const amplitudeOf = (decibels: number): number => pow2(Math.min(decibels || 0, LOUDEST_DECIBELS) / DECIBELS_PER_OCTAVE);

/** √(p + q): what the filter takes away at a place; `pairs` and `place` are twice their cosines. */
function filterLoss(pairs: Float64Array, place: number): number {
  let p = 1;
  let q = 1;
  let i = 0;
  for (; i + 1 < pairs.length; i += 2) {
    q *= pairs[i] - place;
    p *= pairs[i + 1] - place;
  }
  if (i < pairs.length) {
    q *= pairs[i] - place;
    return Math.sqrt((p * p * (4 - place * place) + q * q) / 4);
  }
  return Math.sqrt((p * p * (2 - place) + q * q * (2 + place)) / 4);
}

/** Hz to Bark. The engine's own arc tangent will do: only whole steps of the scale count. */
const barks = (hz: number): number => 13.1 * Math.atan(0.00074 * hz) + 2.24 * Math.atan(0.0000000185 * hz * hz) + 0.0001 * hz;
