import { vi } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';

interface Timer {
  readonly id: number;
  readonly at: number;
  readonly callback: () => void;
}

/** A clock that stands still until the test moves it. What a timer sets off is over before the next one runs, so that runs are repeatable. */
export class FakeClock implements Clock {
  readonly #timers = new Map<number, Timer>();
  #now = 0;
  #ids = 0;

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  setTimeout(callback: () => void, ms: number): number {
    const id = ++this.#ids;
    this.#timers.set(id, { id, at: this.#now + ms, callback });
    return id;
  }

  clearTimeout(id: unknown): void {
    this.#timers.delete(id as number);
  }

  /** Runs the timers of the next `ms`, in order. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settled();
    for (let timer = this.#next(until); timer; timer = this.#next(until)) {
      this.#timers.delete(timer.id);
      this.#now = timer.at;
      timer.callback();
      await settled();
    }
    this.#now = until;
  }

  /** Moves on until `isSo`, or until no timer is left, or `maxMs` have passed. Says whether it is so. */
  async until(isSo: () => boolean, maxMs: number): Promise<boolean> {
    const end = this.#now + maxMs;
    await settled();
    while (!isSo()) {
      if (!this.#next(end)) await importsSettled();
      const timer = this.#next(end);
      if (timer) await this.advance(timer.at - this.#now);
      else if (!isSo()) return false;
    }
    return true;
  }

  #next(until: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers.values()) if (timer.at <= until && (!next || timer.at < next.at)) next = timer;
    return next;
  }
}

/** Resolves when the parts that are loaded on demand have come, and what waits for them has gone on. */
async function importsSettled(): Promise<void> {
  await vi.dynamicImportSettled();
  await settled();
}

/** Resolves when every promise that can settle by itself has: the microtasks of this turn run before the next one begins. */
export const settled = (): Promise<void> => new Promise((resolve) => nextTurn(resolve));

/** Browsers have no setImmediate. */
const nextTurn = globalThis.setImmediate ?? globalThis.setTimeout;
