import { kaiser, sinc } from '../base/windowed-sinc.ts';
import type { ReadAhead } from './rate-read-ahead.ts';
import type { RateWay } from './rate-way.ts';

/** Zero crossings of the sinc on either side. */
const CROSSINGS = 16;
/** Entries of its table between two of them; in between it is interpolated linearly. */
const STEPS = 256;
/** Shape of the Kaiser window: about 80 dB of stop band. */
const KAISER_BETA = 8;
/** Share of the band that passes; the rest is the filter's slope. */
const PASS_BAND = 0.92;

/** Pitch and speed together, as a tape: a windowed sinc whose rate may change from one render quantum to the next, unlike that of `resample.ts`. */
export class Resampling implements RateWay {
  at: number;
  #rate = 1;
  #cutoff = 1;
  #half = 0;
  #weights = new Float64Array(0);

  constructor(at: number, rate: number) {
    this.at = at;
    this.rate = rate;
  }

  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#cutoff = PASS_BAND / Math.max(1, rate);
    this.#half = Math.ceil(CROSSINGS / this.#cutoff);
    this.#weights = new Float64Array(2 * this.#half);
  }

  get reserve(): number {
    return this.#half;
  }

  render(planes: readonly Float32Array[], ahead: ReadAhead): number {
    const end = ahead.reach(Math.ceil(this.at + planes[0].length * this.#rate) + this.#half);
    const last = ahead.isComplete ? end : end - this.#half;
    const frames = Math.max(0, Math.min(planes[0].length, Math.ceil((last - this.at) / this.#rate)));
    for (let i = 0; i < frames; i++, this.at += this.#rate) this.#renderFrame(planes, i, ahead);
    return frames;
  }

  #renderFrame(planes: readonly Float32Array[], index: number, { planes: input, start, end }: ReadAhead): void {
    const center = Math.floor(this.at);
    const from = Math.max(start, center - this.#half + 1);
    const count = Math.min(end, center + this.#half + 1) - from;
    let total = 0; // by which it is divided, so that DC passes untouched, and so does the edge of the sound
    for (let tap = 0; tap < count; tap++) {
      const weight = kernelAt(Math.abs(this.at - from - tap) * this.#cutoff);
      this.#weights[tap] = weight;
      total += weight;
    }
    for (const [channel, plane] of planes.entries()) {
      const samples = input[channel];
      let sum = 0;
      for (let tap = 0; tap < count; tap++) sum += this.#weights[tap] * samples[from - start + tap];
      plane[index] = sum / total;
    }
  }
}

/** The positive half of the windowed sinc. */
const table = Float64Array.from({ length: CROSSINGS * STEPS + 1 }, (_, i) => sinc(i / STEPS) * kaiser(i / STEPS / CROSSINGS, KAISER_BETA));

function kernelAt(x: number): number {
  const index = Math.floor(x * STEPS);
  if (index >= table.length - 1) return 0;
  return table[index] + (x * STEPS - index) * (table[index + 1] - table[index]);
}
