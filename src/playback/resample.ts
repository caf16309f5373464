import { kaiser, sinc } from '../base/windowed-sinc.ts';

/** Zero crossings of the sinc on either side, at the lower of the two rates. */
const CROSSINGS = 24;
/** Positions between two input frames at which the filter is tabulated; in between it is interpolated linearly. */
const PHASES = 512;
/** Shape of the Kaiser window: about 90 dB of stop band. */
const KAISER_BETA = 9;
/** Share of the band that passes; the rest is the filter's slope. */
const PASS_BAND = 0.94;

/** Where a {@link Resampler} stands; nobody changes it. */
export interface ResamplerMemory {
  readonly pending: readonly Float32Array[];
  readonly at: number;
}

/** A stateful windowed-sinc resampler. Output frame 0 lies at input frame 0: its delay is taken out. */
export class Resampler {
  readonly #step: number;
  readonly #half: number;
  readonly #taps: Float32Array;
  /** Input not used up yet, per channel; begins with `half` frames before the next output frame. */
  #pending: readonly Float32Array[];
  /** Where in `pending` the next output frame lies, frames. */
  #at: number;

  /** From rate `from` to rate `to`, Hz. */
  constructor(from: number, to: number, channels: number) {
    this.#step = from / to;
    const cutoff = PASS_BAND * Math.min(1, to / from);
    this.#half = Math.ceil(CROSSINGS / cutoff);
    this.#taps = tabulate(cutoff, this.#half);
    this.#pending = silence(channels, this.#half);
    this.#at = this.#half;
  }

  /** Output frames that wait for more input. */
  get pendingFrames(): number {
    const end = this.#pending[0].length;
    return Math.max(0, Math.ceil((end - this.#at) / this.#step));
  }

  /** Takes planes of equal length, gives as many output frames as they complete. */
  process(planes: readonly Float32Array[]): Float32Array[] {
    const input = this.#pending.map((pending, i) => join(pending, planes[i]));
    const end = input[0].length - this.#half; // from here on, neighbours are missing
    const frames = Math.max(0, Math.ceil((end - this.#at) / this.#step));
    const output = input.map((plane) => this.#filter(plane, frames));
    this.#at += frames * this.#step;
    const keepFrom = Math.max(0, Math.floor(this.#at) - this.#half);
    this.#pending = input.map((plane) => plane.slice(keepFrom));
    this.#at -= keepFrom;
    return output;
  }

  /** The frames that waited for neighbours, at the end of the sound. */
  finish(): Float32Array[] {
    return this.process(silence(this.#pending.length, this.#half));
  }

  /** What it remembers of the input so far; setting it back goes on from there. */
  get memory(): ResamplerMemory {
    return { pending: this.#pending, at: this.#at };
  }

  set memory({ pending, at }: ResamplerMemory) {
    this.#pending = pending;
    this.#at = at;
  }

  /** Forgets what came before, as after a seek. */
  reset(): void {
    this.#pending = silence(this.#pending.length, this.#half);
    this.#at = this.#half;
  }

  #filter(input: Float32Array, frames: number): Float32Array {
    const output = new Float32Array(frames);
    const width = 2 * this.#half;
    for (let i = 0; i < frames; i++) {
      const at = this.#at + i * this.#step;
      const center = Math.floor(at);
      const phase = (at - center) * PHASES;
      const row = Math.floor(phase);
      const share = phase - row;
      const here = row * width;
      const next = here + width;
      const first = center - this.#half + 1;
      let sum = 0;
      for (let tap = 0; tap < width; tap++) {
        const low = this.#taps[here + tap];
        sum += input[first + tap] * (low + share * (this.#taps[next + tap] - low));
      }
      output[i] = sum;
    }
    return output;
  }
}

/** One row of filter taps per phase, and one more to interpolate towards. Each row adds up to 1, so that DC passes untouched. */
function tabulate(cutoff: number, half: number): Float32Array {
  const width = 2 * half;
  const table = new Float32Array((PHASES + 1) * width);
  for (let row = 0; row <= PHASES; row++) {
    const taps = Float64Array.from({ length: width }, (_, tap) => {
      const distance = tap - half + 1 - row / PHASES;
      return sinc(cutoff * distance) * kaiser(distance / half, KAISER_BETA);
    });
    const sum = taps.reduce((total, tap) => total + tap, 0);
    table.set(
      taps.map((tap) => tap / sum),
      row * width,
    );
  }
  return table;
}

const silence = (channels: number, frames: number): Float32Array[] => Array.from({ length: channels }, () => new Float32Array(frames));

function join(head: Float32Array, tail: Float32Array): Float32Array {
  const joined = new Float32Array(head.length + tail.length);
  joined.set(head);
  joined.set(tail, head.length);
  return joined;
}
