import type { ByteRange } from '../base/ranges.ts';
import { Wake } from '../base/wake.ts';

interface Waiting {
  /** What the reader cannot do without. */
  readonly need: ByteRange;
  /** What it would take. */
  readonly wish: ByteRange;
  readonly wake: Wake;
}

/** Who waits for which bytes. Arriving bytes wake only those whose need they end. */
export class Demand {
  readonly #waiting = new Set<Waiting>();

  /** What is waited for, oldest first. */
  get ranges(): ByteRange[] {
    return [...this.#waiting].map(({ wish }) => wish);
  }

  /**
   * Waits until something changed for the readiness of `need`. It takes its place synchronously: who looks and then waits in the same turn
   * loses no wake-up. @throws `signal.reason`
   */
  async wait(need: ByteRange, wish: ByteRange, signal: AbortSignal): Promise<void> {
    const waiting = { need, wish, wake: new Wake() };
    this.#waiting.add(waiting);
    try {
      await waiting.wake.after(waiting.wake.count, signal);
    } finally {
      this.#waiting.delete(waiting);
    }
  }

  /** Bytes of `range` are held: wakes those that touch it and for whom `isOver` holds. */
  arrived({ start, end }: ByteRange, isOver: (need: ByteRange) => boolean): void {
    for (const { need, wake } of this.#waiting) {
      if (start < need.end && need.start < end && isOver(need)) wake.signal();
    }
  }

  /** Wakes everybody: the source itself changed. */
  changed(): void {
    for (const { wake } of this.#waiting) wake.signal();
  }
}
