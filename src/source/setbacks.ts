import { sleep } from '../base/abort.ts';
import { childController } from '../base/child-controller.ts';
import type { Clock } from '../base/clock.ts';
import { AulosError, isAulosError } from '../errors.ts';
import { hasBroken, RetryBudget, type RetryPolicy } from '../net/retry.ts';
import { isOutOfRange, isOverload } from './status.ts';
import type { Transfer, TransferHost } from './transfer.ts';

/** What a request asks for at least, however often connections break. */
const MIN_REACH = 64 << 10;
/** The first request that asks for less asks for a quarter of this. */
const MAX_REACH = 1 << 20;

/** What goes wrong with a transfer, and what it does about it: few have need of it, so it comes with the rest of the worker. */
export class Setbacks {
  readonly #transfer: Transfer;
  readonly #host: TransferHost;
  readonly #budget: RetryBudget;
  #reach = Infinity;
  #hasFailed = false;

  constructor(transfer: Transfer, host: TransferHost, retry: Partial<RetryPolicy> | undefined) {
    this.#transfer = transfer;
    this.#host = host;
    this.#budget = new RetryBudget(retry);
  }

  /** So many bytes came since. */
  progress(bytes: number): void {
    this.#budget.progress(bytes);
  }

  /**
   * The bytes that the next request may ask for. When a connection breaks, a browser throws away what it had not handed on: so after two breaks
   * with hardly anything stored in between it is a quarter of a megabyte, after each further one a quarter of the last, and twice the last after each
   * request that ends well.
   */
  nextReach(): number {
    if (!this.#hasFailed) this.#reach *= 2;
    this.#hasFailed = false;
    return this.#reach;
  }

  /** Resolves when it may be tried again. @throws AulosError when it is of no use. */
  async pauseAfter(error: unknown): Promise<void> {
    const failure = this.#understand(error);
    if (isAulosError(failure, 'asset.integrity') && (await this.#host.disproved(failure))) return;
    if (isAulosError(failure, 'http.length')) await this.#host.distrust(); // what came before the excess may be as wrong
    const isOneTooMany = isOverload(failure) && !this.#host.isAlone(this.#transfer);
    const delayMs = isOneTooMany ? undefined : (this.#budget.next(failure) ?? this.#lastResort(failure));
    if (delayMs === undefined) throw failure;
    this.#hasFailed = true;
    const asksTooMuch = hasBroken(failure) && (this.#budget.failures > 1 || this.#reach < Infinity);
    if (asksTooMuch) this.#reach = Math.max(MIN_REACH, Math.min(this.#reach, MAX_REACH) / 4);
    this.#host.retrying(this.#budget.failures, delayMs, failure as AulosError);
    await pause(delayMs, this.#transfer.signal, this.#host.clock);
  }

  /**
   * A server that answers ranges wrongly may still give the whole, which is compared with what is held. Only for who must go on: others leave
   * their bytes to the fill.
   */
  #lastResort(failure: unknown): number | undefined {
    const transfer = this.#transfer;
    const isNeeded = transfer.purpose === 'fill' || this.#host.isAlone(transfer);
    if (!isAulosError(failure, 'http.range') || transfer.isPlain || !isNeeded) return undefined;
    transfer.isPlain = true;
    transfer.doubtsLength = false;
    this.#budget.reset();
    return 0;
  }

  /** A 416 where bytes are missing means that the length is not what we think, or that the server errs: the start of the resource tells. */
  #understand(error: unknown): unknown {
    if (!isOutOfRange(error)) return error;
    const { start, end } = this.#transfer;
    this.#transfer.doubtsLength = this.#host.asset.held.size > 0;
    const details = { url: error.details.url, asked: { start, end }, answered: '416' };
    return new AulosError('http.range', details, `${details.url}: nothing at byte ${start}, says the server`, { cause: error });
  }
}

/** Waits, but not on when the network comes back; an abort ends it too. */
export async function pause(ms: number, signal: AbortSignal, clock: Clock): Promise<void> {
  const { controller, release } = childController(signal);
  const wake = () => controller.abort();
  globalThis.addEventListener?.('online', wake);
  await sleep(ms, controller.signal, clock).catch(() => {});
  globalThis.removeEventListener?.('online', wake);
  release();
}
