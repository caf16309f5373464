import { pow2 } from '../trig.ts';
import type { BitReader } from './bit-reader.ts';
import { brokenHeader } from './broken-packet.ts';
import { bookAt, type Codebook, readEntry } from './codebook.ts';
import type { Floor } from './floor.ts';

const MAX_POINTS = 65;

/** Amplitudes are in steps of one of these parts of the range of 256 (§7.2.3). */
const RANGES = [256, 128, 86, 64];

/** The 256 amplitudes: 140 dB in equal steps (§10.1). Log₂10 / 20 ⋅ 140 / 256 is a step in powers of two. */
const AMPLITUDES = Float32Array.from({ length: 256 }, (_, i) => pow2((i - 255) * ((140 / 256 / 20) * 3.321928094887362)));

/** How the points of one class are coded. */
interface PointClass {
  readonly dimensions: number;
  /** log₂ of the number of sub-books. */
  readonly subclassBits: number;
  readonly masterBook: Codebook | undefined;
  /** Undefined: the points are on the line between their neighbours. */
  readonly subBooks: readonly (Codebook | undefined)[];
}

/**
 * Floor type 1 ("Vorbis I specification" §7): the envelope of the spectrum as lines between points, in dB. The points come in an order in
 * which each is coded as its distance from the line between those of its neighbours that came before.
 */
export class Floor1 implements Floor {
  readonly #partitions: readonly PointClass[];
  readonly #multiplier: number;
  readonly #x: Int32Array;
  /** For each point those before it in the packet that are next to it on the left and on the right. */
  readonly #left: Int32Array;
  readonly #right: Int32Array;
  /** The points from left to right. */
  readonly #order: Int32Array;
  readonly #y: Int32Array;
  readonly #isCoded: Uint8Array;

  /** `partitions 5 │ class of each 4 │ classes │ multiplier − 1 2 │ bits of x 4 │ x of all points`. @throws AulosError `media.malformed`. */
  constructor(reader: BitReader, books: readonly Codebook[]) {
    const partitionClasses = Array.from({ length: reader.bits(5) }, () => reader.bits(4));
    const classes = Array.from({ length: Math.max(-1, ...partitionClasses) + 1 }, () => readClass(reader, books));
    this.#partitions = partitionClasses.map((index) => classes[index]);
    this.#multiplier = reader.bits(2) + 1;
    const xBits = reader.bits(4);
    const count = this.#partitions.reduce((sum, { dimensions }) => sum + dimensions, 2);
    if (count > MAX_POINTS) throw brokenHeader('a floor has too many points');
    this.#x = Int32Array.from({ length: count }, (_, i) => (i === 0 ? 0 : i === 1 ? 1 << xBits : reader.bits(xBits)));
    if (new Set(this.#x).size < count) throw brokenHeader('two points of a floor are at one place');
    this.#left = this.#x.map((x, i) => this.#neighbour(i, (other) => other < x, Math.max));
    this.#right = this.#x.map((x, i) => this.#neighbour(i, (other) => other > x, Math.min));
    this.#order = Int32Array.from(this.#x.keys()).sort((a, b) => this.#x[a] - this.#x[b]);
    this.#y = new Int32Array(count);
    this.#isCoded = new Uint8Array(count);
  }

  /** §7.2.3 */
  read(reader: BitReader, curve: Float64Array, count: number): boolean {
    if (!reader.flag()) return false;
    const y = this.#y;
    const bits = 32 - Math.clz32(RANGES[this.#multiplier - 1] - 1);
    y[0] = reader.bits(bits);
    y[1] = reader.bits(bits);
    let point = 2;
    for (const { dimensions, subclassBits, masterBook, subBooks } of this.#partitions) {
      let choice = masterBook ? readEntry(masterBook, reader) : 0;
      for (let d = 0; d < dimensions; d++, point++) {
        const book = subBooks[choice & ((1 << subclassBits) - 1)];
        choice >>= subclassBits;
        y[point] = book ? readEntry(book, reader) : 0;
      }
    }
    if (reader.hasEnded) return false;
    this.#unfold();
    this.#draw(curve, count);
    return true;
  }

  /** From distances to amplitudes (§7.2.4, step 1). A distance of 0 leaves the point on the line, and out of the curve. */
  #unfold(): void {
    const y = this.#y;
    const range = RANGES[this.#multiplier - 1];
    this.#isCoded.fill(1, 0, 2);
    for (let i = 2; i < y.length; i++) {
      const [left, right] = [this.#left[i], this.#right[i]];
      const predicted = heightAt(this.#x[left], y[left], this.#x[right], y[right], this.#x[i]);
      const distance = y[i];
      this.#isCoded[i] = distance === 0 ? 0 : 1;
      y[i] = predicted;
      if (distance === 0) continue;
      this.#isCoded[left] = 1;
      this.#isCoded[right] = 1;
      const [above, below] = [range - predicted, predicted];
      const isOneSided = distance >= 2 * Math.min(above, below);
      if (!isOneSided) y[i] += distance & 1 ? -((distance + 1) >> 1) : distance >> 1;
      else y[i] = above > below ? distance : range - 1 - distance;
      y[i] = Math.max(0, Math.min(range - 1, y[i]));
    }
  }

  /** The curve through the points (§7.2.4, step 2). */
  #draw(curve: Float64Array, count: number): void {
    let from = 0;
    let y = this.#y[this.#order[0]] * this.#multiplier;
    for (let i = 1; i < this.#order.length && from < count; i++) {
      const point = this.#order[i];
      if (!this.#isCoded[point]) continue;
      const to = this.#x[point];
      const nextY = this.#y[point] * this.#multiplier;
      drawLine(curve, from, y, to, nextY, count);
      from = to;
      y = nextY;
    }
    if (from < count) curve.fill(AMPLITUDES[y & 255], from, count);
  }

  #neighbour(point: number, isOnSide: (x: number) => boolean, nearest: (...x: number[]) => number): number {
    const x = nearest(...this.#x.subarray(0, point).filter(isOnSide));
    return this.#x.indexOf(x);
  }
}

/** `dimensions − 1 3 │ log₂ of the sub-books 2 │ if there are several: master book 8 │ for each: book + 1 8` */
function readClass(reader: BitReader, books: readonly Codebook[]): PointClass {
  const dimensions = reader.bits(3) + 1;
  const subclassBits = reader.bits(2);
  const masterBook = subclassBits > 0 ? bookAt(books, reader.bits(8)) : undefined;
  const subBooks = Array.from({ length: 1 << subclassBits }, () => {
    const number = reader.bits(8);
    return number === 0 ? undefined : bookAt(books, number - 1);
  });
  return { dimensions, subclassBits, masterBook, subBooks };
}

/** Height at `x` of the line from (x0, y0) to (x1, y1), rounded towards y0 (§9.2.6). */
function heightAt(x0: number, y0: number, x1: number, y1: number, x: number): number {
  const rise = y1 - y0;
  const climbed = Math.trunc((Math.abs(rise) * (x - x0)) / (x1 - x0));
  return rise < 0 ? y0 - climbed : y0 + climbed;
}

/** The line from (x0, y0) up to, not with, (x1, y1), in whole steps as Bresenham has it (§9.2.7). */
function drawLine(curve: Float64Array, x0: number, y0: number, x1: number, y1: number, count: number): void {
  const run = x1 - x0;
  const rise = y1 - y0;
  const slope = Math.trunc(rise / run);
  const rest = Math.abs(rise) - Math.abs(slope * run);
  const step = rise < 0 ? -1 : 1;
  const end = Math.min(x1, count);
  let y = y0;
  let error = 0;
  for (let x = x0; x < end; x++) {
    curve[x] = AMPLITUDES[y & 255];
    error += rest;
    y += slope;
    if (error < run) continue;
    error -= run;
    y += step;
  }
}
