/** A clock that has not moved for so long, ms, has stopped. */
const FROZEN_MS = 1_000;

/**
 * Tells from looks at it, at least a few a second, whether a clock that should run stands still. A busy page looks late, and may then see
 * an old time: one look proves nothing.
 */
export class FrozenClock {
  #time = Number.NaN;
  /** When it was first seen at that time, ms, and how often since. */
  #since = 0;
  #looks = 0;

  /** A look at `nowMs`, when the clock says `time`; true once it stands still. */
  look(time: number, nowMs: number): boolean {
    if (time !== this.#time) {
      this.#time = time;
      this.#since = nowMs;
      this.#looks = 0;
    }
    return ++this.#looks > 2 && nowMs - this.#since >= FROZEN_MS;
  }

  /** It was not to run for a while, or is another one. */
  reset(): void {
    this.#time = Number.NaN;
  }
}
