import { randomFrom } from '../fakes/noise.ts';

/** What mutations draw from; the same draws for the same seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = randomFrom(seed);
  }

  /** An integer in `[0, below)`. */
  below(below: number): number {
    return Math.floor(this.#next() * below);
  }

  /** True with probability `share`. */
  chance(share: number): boolean {
    return this.#next() < share;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)];
  }

  bytes(count: number): Uint8Array {
    const bytes = new Uint8Array(count);
    for (let i = 0; i < count; i++) bytes[i] = this.below(256);
    return bytes;
  }

  /** A number of `bits` (at most 32) such as parsers trip over: the ends of ranges, one off them, powers of two; else any. */
  hostile(bits: number): number {
    const end = 2 ** bits;
    const edges = [0, 1, 2, end - 1, end - 2, end / 2, end / 2 - 1, 2 ** this.below(bits)];
    return this.chance(0.7) ? this.pick(edges) : Math.floor(this.#next() * end);
  }
}
