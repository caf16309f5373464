/** Half-open byte range `[start, end)`; `0 <= start <= end`, safe integers. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** The part that two ranges share, or undefined when they share no byte. */
export function intersect(a: ByteRange, b: ByteRange): ByteRange | undefined {
  const start = Math.max(a.start, b.start);
  const end = Math.min(a.end, b.end);
  return start < end ? { start, end } : undefined;
}

/** A read-only look at a {@link RangeSet}. */
export interface ReadonlyRangeSet extends Iterable<ByteRange> {
  /** Number of bytes in the set. */
  readonly size: number;
  /** True if every byte of `range` is in the set; an empty range always is. */
  contains(range: ByteRange): boolean;
  /** The first maximal run of `range` that is not in the set. */
  firstGap(range: ByteRange): ByteRange | undefined;
  /** All maximal runs of `range` that are not in the set, ascending. */
  gaps(range: ByteRange): ByteRange[];
  /** End of the run that holds byte `offset`; `offset` itself when it is not held. */
  heldUntil(offset: number): number;
  /** The runs, ascending, disjoint, not touching; a copy. */
  toArray(): ByteRange[];
}

/** A set of bytes as sorted, disjoint, non-touching runs. Look-ups are binary searches; add and delete splice. */
export class RangeSet implements ReadonlyRangeSet {
  // Boundaries s0 e0 s1 e1 …, strictly ascending.
  readonly #bounds: number[] = [];
  #size = 0;

  constructor(ranges: Iterable<ByteRange> = []) {
    for (const range of ranges) this.add(range);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds every byte of `range`, merging what it touches. */
  add({ start, end }: ByteRange): void {
    if (start >= end) return;
    const b = this.#bounds;
    let from = this.#countBelow(start);
    let to = this.#countUpTo(end);
    if (from & 1 && to === from + 1) this.#extend(from, end);
    else {
      if (from & 1) start = b[--from];
      if (to & 1) end = b[to++];
      this.#replace(from, to, start, end);
    }
  }

  /** Removes every byte of `range`. */
  delete({ start, end }: ByteRange): void {
    if (start >= end) return;
    const from = this.#countBelow(start);
    const to = this.#countUpTo(end);
    const rest: number[] = [];
    if (from & 1) rest.push(start);
    if (to & 1) rest.push(end);
    this.#bounds.splice(from, to - from, ...rest);
    this.#recount();
  }

  clear(): void {
    this.#bounds.length = 0;
    this.#size = 0;
  }

  contains({ start, end }: ByteRange): boolean {
    return start >= end || this.heldUntil(start) >= end;
  }

  heldUntil(offset: number): number {
    const below = this.#countUpTo(offset);
    return below & 1 ? this.#bounds[below] : offset;
  }

  firstGap({ start, end }: ByteRange): ByteRange | undefined {
    const from = this.heldUntil(start);
    if (from >= end) return undefined;
    const next = this.#countUpTo(from);
    return { start: from, end: next < this.#bounds.length ? Math.min(end, this.#bounds[next]) : end };
  }

  gaps({ start, end }: ByteRange): ByteRange[] {
    const found: ByteRange[] = [];
    for (let gap = this.firstGap({ start, end }); gap; gap = this.firstGap({ start: gap.end, end })) found.push(gap);
    return found;
  }

  toArray(): ByteRange[] {
    return [...this];
  }

  *[Symbol.iterator](): Iterator<ByteRange> {
    for (let i = 0; i < this.#bounds.length; i += 2) yield { start: this.#bounds[i], end: this.#bounds[i + 1] };
  }

  /** The run that ends at boundary `i` goes on to `end`: what bytes that come in order do. */
  #extend(i: number, end: number): void {
    this.#size += end - this.#bounds[i];
    this.#bounds[i] = end;
  }

  #replace(from: number, to: number, start: number, end: number): void {
    this.#bounds.splice(from, to - from, start, end);
    this.#recount();
  }

  #recount(): void {
    let size = 0;
    for (let i = 0; i < this.#bounds.length; i += 2) size += this.#bounds[i + 1] - this.#bounds[i];
    this.#size = size;
  }

  /** How many boundaries lie below `x`; odd means that the byte before `x` is held (so a range from `x` touches it). */
  #countBelow(x: number): number {
    return this.#search((bound) => bound < x);
  }

  /** How many boundaries are at or below `x`; odd means that byte `x` is held. */
  #countUpTo(x: number): number {
    return this.#search((bound) => bound <= x);
  }

  #search(isBefore: (bound: number) => boolean): number {
    let low = 0;
    let high = this.#bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.#bounds[middle])) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
