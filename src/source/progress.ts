import type { Clock } from '../base/clock.ts';

/** Progress is told at most so often. */
const INTERVAL_MS = 100;
/** The rate is an average over about this long, so that it is steady and yet follows the network. */
const SMOOTHING_MS = 2_000;

/** Counts arriving bytes, estimates their rate, and says when it is time to tell. */
export class ProgressMeter {
  readonly #clock: Clock;
  readonly #tell: () => void;
  #lastMs: number;
  #bytes = 0;
  #rate = 0;
  /** Bytes came since the last flush. They count as held a little later, so that what was told at their coming is not the last word. */
  #isUnsettled = false;

  constructor(clock: Clock, tell: () => void) {
    this.#clock = clock;
    this.#tell = tell;
    this.#lastMs = clock.now();
  }

  get bytesPerSecond(): number {
    return this.#rate;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    this.#isUnsettled = true;
    const elapsedMs = this.#clock.now() - this.#lastMs;
    if (elapsedMs >= INTERVAL_MS) this.#tick(elapsedMs);
  }

  /** Tells how it stands, at the end or at a pause, unless nothing came since the last time. */
  flush(): void {
    if (!this.#isUnsettled) return;
    this.#isUnsettled = false;
    if (this.#bytes > 0) this.#tick(Math.max(1, this.#clock.now() - this.#lastMs));
    else this.#tell();
  }

  #tick(elapsedMs: number): void {
    const rate = (this.#bytes * 1_000) / elapsedMs;
    const weight = this.#rate === 0 ? 1 : 1 - Math.exp(-elapsedMs / SMOOTHING_MS);
    this.#rate += (rate - this.#rate) * weight;
    this.#lastMs += elapsedMs;
    this.#bytes = 0;
    this.#tell();
  }
}
