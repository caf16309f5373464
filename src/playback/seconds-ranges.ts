import type { ByteRange } from '../base/ranges.ts';

/** A stretch of time. */
export type Span = readonly [start: number, end: number];

/** Stretches of time, seconds, in the shape of the platform's `TimeRanges`. */
export class SecondsRanges {
  readonly #spans: readonly Span[];

  constructor(spans: readonly Span[]) {
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

  #at(index: number): Span {
    const span = this.#spans[index];
    if (!span) throw new RangeError(`there are ${this.#spans.length} ranges, not one at ${index}`);
    return span;
  }
}

/** `spans`, ascending and apart from each other, with `added`, which takes in those that it touches. */
export function withSpan(spans: readonly Span[], added: Span): readonly Span[] {
  let [start, end] = added;
  if (start >= end) return spans;
  const apart = spans.filter((span) => {
    const isApart = span[1] < start || span[0] > end;
    if (!isApart) [start, end] = [Math.min(start, span[0]), Math.max(end, span[1])];
    return isApart;
  });
  return [...apart, [start, end] as const].sort((a, b) => a[0] - b[0]);
}

/** The time that `held` bytes of `length` stand for, by proportion: right for constant bit rates, near for others. */
export function secondsOf(held: readonly ByteRange[], length: number | undefined, duration: number): SecondsRanges {
  if (!length || !(duration > 0) || duration === Number.POSITIVE_INFINITY) return new SecondsRanges([]);
  const seconds = (offset: number) => (Math.min(offset, length) / length) * duration;
  return new SecondsRanges(held.map(({ start, end }) => [seconds(start), seconds(end)]));
}
