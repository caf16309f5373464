import type { ByteRange } from '../base/ranges.ts';

/** Stretches of time, seconds, in the shape of the platform's `TimeRanges`. */
export class SecondsRanges {
  readonly #spans: readonly (readonly [start: number, end: number])[];

  constructor(spans: readonly (readonly [start: number, end: number])[]) {
    this.#spans = spans;
  }

  get length(): number {
    return this.#spans.length;
  }

  /** @throws RangeError when there is no such span. */
  start(index: number): number {
    return this.#at(index)[0];
  }

  /** @throws RangeError when there is no such span. */
  end(index: number): number {
    return this.#at(index)[1];
  }

  #at(index: number): readonly [number, number] {
    const span = this.#spans[index];
    if (!span) throw new RangeError(`there are ${this.#spans.length} ranges, not one at ${index}`);
    return span;
  }
}

/** The time that `held` bytes of `length` stand for, by proportion: right for constant bit rates, near for others. */
export function secondsOf(held: readonly ByteRange[], length: number | undefined, duration: number): SecondsRanges {
  if (!length || !(duration > 0) || duration === Number.POSITIVE_INFINITY) return new SecondsRanges([]);
  const seconds = (offset: number) => (Math.min(offset, length) / length) * duration;
  return new SecondsRanges(held.map(({ start, end }) => [seconds(start), seconds(end)] as const));
}
