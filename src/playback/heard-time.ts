/**
 * How much was heard of what was handed on to something that plays by itself and tells nothing. It plays what it has in real time, once
 * it has begun: so when it lacked sound in between, or takes its usual time to begin, this is right to some tens of milliseconds. Where it
 * is slower to begin, this is early by the difference.
 */
export class HeardTime {
  #written = 0;
  /** Negative while it begins. */
  #heard: number;
  /** When it was looked at last, seconds. */
  #at: number | undefined;

  /** `startSeconds`: what it usually takes from the first sound that it is given until that is heard. */
  constructor(startSeconds: number) {
    this.#heard = -startSeconds;
  }

  /** `seconds` more were handed on at time `now`, seconds of a monotonic clock. */
  wrote(seconds: number, now: number): void {
    this.#advance(now);
    this.#written += seconds;
  }

  /** Seconds of sound heard until time `now`. */
  secondsAt(now: number): number {
    this.#advance(now);
    return Math.max(0, this.#heard);
  }

  #advance(now: number): void {
    if (this.#written > 0) this.#heard = Math.min(this.#written, this.#heard + now - (this.#at ?? now));
    this.#at = now;
  }
}
