import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { Phase, Readiness } from './source.ts';

/** Phases by the number that stands for them in a phase cell. */
export const PHASES = ['init', 'downloading', 'complete', 'failed'] as const satisfies readonly Phase[];

/** The legal moves. Complete is left when a stored run was lost, Failed by `retry()`; Failed is never Complete. */
const MOVES: Readonly<Record<Phase, readonly Phase[]>> = {
  init: ['downloading', 'failed'],
  downloading: ['complete', 'failed'],
  complete: ['downloading'],
  failed: ['downloading'],
};

/**
 * Where a source is in its life, in one cell that a worker or a worklet can read without a message (`Atomics.load`) or wait on
 * (`Atomics.wait`, `Atomics.waitAsync`).
 */
export class PhaseMachine {
  /** Index into {@link PHASES}; on a SharedArrayBuffer where there is one. */
  readonly cell: Int32Array;
  readonly #onMove: (from: Phase, to: Phase) => void;

  /** `onMove` is called once for each transition, after it was stored. */
  constructor(start: 'init' | 'complete', onMove: (from: Phase, to: Phase) => void) {
    const Buffer = globalThis.SharedArrayBuffer ?? ArrayBuffer; // pages that are not cross-origin isolated have none to share
    this.cell = new Int32Array(new Buffer(Int32Array.BYTES_PER_ELEMENT));
    this.#onMove = onMove;
    Atomics.store(this.cell, 0, PHASES.indexOf(start));
  }

  get current(): Phase {
    return PHASES[Atomics.load(this.cell, 0)];
  }

  /** Moves on, if the table allows it from where we are; says whether it did. */
  move(to: Phase): boolean {
    const from = this.current;
    if (!MOVES[from].includes(to)) return false;
    const before = PHASES.indexOf(from);
    if (Atomics.compareExchange(this.cell, 0, before, PHASES.indexOf(to)) !== before) return false;
    Atomics.notify(this.cell, 0);
    this.#onMove(from, to);
    return true;
  }
}

/** What readiness depends on. */
export interface SourceFacts {
  readonly held: ReadonlyRangeSet;
  readonly length: number | undefined;
  /** True once `length` is certain: every byte of it was held and made durable. */
  readonly committed: boolean;
  readonly error: AulosError | undefined;
  readonly closed: boolean;
}

/** What a read of a range would meet. First match wins; the order is the contract: held bytes stay readable after a failure. */
export function phaseAt({ start, end }: ByteRange, { held, length, committed, error, closed }: SourceFacts): Readiness {
  if (closed) return { name: 'closed' };
  if (committed && length !== undefined && start >= length) return { name: 'ended' };
  const missing = held.firstGap({ start, end: Math.min(end, length ?? end) });
  if (!missing) return { name: 'ready' };
  return error ? { name: 'failed', error } : { name: 'waiting', missing };
}
