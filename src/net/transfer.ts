import { raceAbort } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { AulosError } from '../errors.ts';

/** The life of one request: its signal aborts with the caller's, when the client closes, and when a deadline passes. */
export class Transfer {
  readonly #controller = new AbortController();
  readonly #parents: readonly AbortSignal[];
  readonly #clock: Clock;
  readonly #onAbort = () => this.abort(this.#parents.find((parent) => parent.aborted)?.reason);
  #ended = false;
  #deadline: { readonly at: number; expired(): AulosError } | undefined;
  /** One that runs out too early looks again: a body sets a deadline for every chunk, and a timer for each would cost more than the chunk. */
  #timer: { readonly at: number; readonly handle: unknown } | undefined;

  constructor(parents: readonly AbortSignal[], clock: Clock) {
    this.#parents = parents;
    this.#clock = clock;
    for (const parent of parents) parent.addEventListener('abort', this.#onAbort, { once: true });
    if (parents.some((parent) => parent.aborted)) this.#onAbort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Aborts with the error that `expired` makes unless {@link arm} or {@link disarm} is called within `ms`. */
  arm(ms: number, expired: () => AulosError): void {
    if (this.#ended) return;
    const at = this.#clock.now() + ms;
    this.#deadline = { at, expired };
    if (this.#timer && this.#timer.at > at) this.#stopTimer();
    if (!this.#timer) this.#startTimer(at);
  }

  disarm(): void {
    this.#deadline = undefined;
  }

  /** Settles as `promise` does, or rejects with the reason of an abort at once, whether or not the platform notices it. */
  race<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {}); // after an abort nobody asks how it went
    return raceAbort(promise, this.signal);
  }

  /** Stops the transfer, and with it the connection. */
  abort(reason: unknown): void {
    this.end();
    this.#controller.abort(reason);
  }

  /** Lets go of the timer and of the parents. */
  end(): void {
    this.#ended = true;
    this.disarm();
    this.#stopTimer();
    for (const parent of this.#parents) parent.removeEventListener('abort', this.#onAbort);
  }

  #startTimer(at: number): void {
    this.#timer = { at, handle: this.#clock.setTimeout(() => this.#ring(), at - this.#clock.now()) };
  }

  #stopTimer(): void {
    if (this.#timer) this.#clock.clearTimeout(this.#timer.handle);
    this.#timer = undefined;
  }

  #ring(): void {
    this.#timer = undefined;
    if (!this.#deadline) return;
    const { at, expired } = this.#deadline;
    if (this.#clock.now() >= at) this.abort(expired());
    else this.#startTimer(at);
  }
}
