import type { Clock } from '../base/clock.ts';

/** A leader has reasons to fetch elsewhere for a while: it plays from there, and the network gives no more. */
const PATIENCE_MS = 3000;

/** How long a follower leaves to the leader what that would bring next: while the first gap keeps moving. */
export class Patience {
  readonly #clock: Clock;
  readonly #onEnd: () => void;
  #gap = -1;
  #endMs = 0;
  #timer: unknown;

  /** `onEnd` is called when it has run out. */
  constructor(clock: Clock, onEnd: () => void) {
    this.#clock = clock;
    this.#onEnd = onEnd;
  }

  /** True while it lasts; `gap` is the first byte that is missing. */
  lasts(gap: number): boolean {
    if (gap !== this.#gap) {
      this.#gap = gap;
      this.#endMs = this.#clock.now() + PATIENCE_MS;
      this.end();
      this.#timer = this.#clock.setTimeout(this.#onEnd, PATIENCE_MS);
    }
    return this.#clock.now() < this.#endMs;
  }

  /** Calls nobody any more. */
  end(): void {
    this.#clock.clearTimeout(this.#timer);
  }
}
