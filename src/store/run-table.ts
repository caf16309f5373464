import { CHUNK_BYTES, chunkOf, type Run, rangeOf } from './record.ts';

/**
 * The runs of one generation, by place. No two overlap. The bytes of a generation are the same whoever wrote them, so of two runs the
 * longer one says more: one process may have recorded what another one holds part of.
 */
export class RunTable {
  readonly #byChunk = new Map<number, Run[]>();
  #bytes = 0;

  constructor(runs: Iterable<Run> = []) {
    for (const run of runs) this.add(run);
  }

  /** Bytes in all runs. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds `run`, which replaces every run that it overlaps (a longer run the shorter ones it grew from), unless it is part of one. */
  add(run: Run): void {
    const end = run.start + run.length;
    if (this.#at(run.chunk).some(({ start, length }) => start <= run.start && end <= start + length && length > run.length)) return;
    for (const other of this.#at(run.chunk)) {
      if (other.start < end && run.start < other.start + other.length) this.delete(other);
    }
    this.#byChunk.set(run.chunk, [...this.#at(run.chunk), run]);
    this.#bytes += run.length;
  }

  delete(run: Run): void {
    const before = this.#at(run.chunk);
    const after = before.filter((other) => other !== run);
    if (after.length === before.length) return;
    this.#bytes -= run.length;
    if (after.length > 0) this.#byChunk.set(run.chunk, after);
    else this.#byChunk.delete(run.chunk);
  }

  clear(): void {
    this.#byChunk.clear();
    this.#bytes = 0;
  }

  /** The run that holds byte `offset`. */
  covering(offset: number): Run | undefined {
    const within = offset % CHUNK_BYTES;
    return this.#at(chunkOf(offset)).find(({ start, length }) => start <= within && within < start + length);
  }

  /** The run that ends just before byte `offset`, in the chunk of that byte. */
  endingAt(offset: number): Run | undefined {
    return this.#at(chunkOf(offset)).find((run) => rangeOf(run).end === offset);
  }

  *[Symbol.iterator](): Iterator<Run> {
    for (const runs of this.#byChunk.values()) yield* runs;
  }

  #at(chunk: number): readonly Run[] {
    return this.#byChunk.get(chunk) ?? [];
  }
}
