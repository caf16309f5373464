import { type AulosError, type ErrorCode, isAulosError } from '../errors.ts';

/** How stubbornly a download is tried again. */
export interface RetryPolicy {
  /** Attempts in a row that may fail without {@link VERIFIED_PROGRESS} between them; the last failure is final. @default 8 */
  readonly attempts: number;
  /** Delay before the second attempt; it doubles with each further one. @default 500 */
  readonly baseMs: number;
  /** Longest delay, jitter included; only a Retry-After may be longer. @default 30000 */
  readonly maxDelayMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { attempts: 8, baseMs: 500, maxDelayMs: 30_000 };

/** Verified bytes after which earlier failures are forgotten. */
export const VERIFIED_PROGRESS = 64 * 1024;

/** Longest Retry-After that is waited for; a longer one is cut to this. */
export const MAX_RETRY_AFTER_MS = 60_000;

const INVALID: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['http.range', 'http.encoding', 'http.length']);

/** What decides about the next attempt. */
export interface Failure {
  readonly error: unknown;
  /** The error of the attempt before, if that failed without progress too. */
  readonly previous?: unknown;
  /** Failures in a row, this one included: 1 or more. */
  readonly attempt: number;
  readonly policy: RetryPolicy;
  /** In [0, 1): 0 halves the delay, 1 would make it half as long again. */
  readonly random: number;
}

/** Milliseconds to wait before the next attempt; undefined if there should be none. */
export function retryDelay({ error, previous, attempt, policy, random }: Failure): number | undefined {
  if (!isAulosError(error) || !error.retryable || attempt >= policy.attempts) return undefined;
  if (isInvalid(error) && isInvalid(previous)) return undefined; // the server means it
  if (attempt === 1 && hasBroken(error)) return 0; // an idle connection that the server had closed looks like this
  const backoffMs = Math.min(policy.baseMs * 2 ** (attempt - 1) * (0.5 + random), policy.maxDelayMs);
  return Math.max(backoffMs, Math.min(retryAfterOf(error), MAX_RETRY_AFTER_MS));
}

/** Counts the failures of one download: says how long to wait after each, and forgets them when bytes arrive. */
export class RetryBudget {
  readonly #policy: RetryPolicy;
  readonly #random: () => number;
  #failures = 0;
  #progress = 0;
  #previous: unknown;

  constructor(policy: Partial<RetryPolicy> = {}, random: () => number = Math.random) {
    this.#policy = { ...defaultRetryPolicy, ...policy };
    this.#random = random;
  }

  /** Failures in a row so far. */
  get failures(): number {
    return this.#failures;
  }

  /** Notes that an attempt failed with `error`. Gives the milliseconds to wait before the next one; undefined: give up. */
  next(error: unknown): number | undefined {
    const previous = this.#previous;
    this.#previous = error;
    return retryDelay({ error, previous, attempt: ++this.#failures, policy: this.#policy, random: this.#random() });
  }

  /** Notes verified bytes. They add up over attempts; {@link VERIFIED_PROGRESS} of them restore the whole budget. */
  progress(bytes: number): void {
    this.#progress += bytes;
    if (this.#progress >= VERIFIED_PROGRESS) this.reset();
  }

  /** Forgets all failures. */
  reset(): void {
    this.#failures = 0;
    this.#progress = 0;
    this.#previous = undefined;
  }
}

/** True for an answer that breaks the rules of HTTP: the next backend may do better, or the server does it always. */
function isInvalid(error: unknown): boolean {
  return isAulosError(error) && INVALID.has(error.code);
}

/** True for a connection that ended before it had brought all that it was to bring. */
export function hasBroken(error: unknown): boolean {
  return isAulosError(error) && (error.code === 'net.reset' || error.code === 'net.truncated');
}

function retryAfterOf(error: AulosError): number {
  return isAulosError(error, 'http.status') ? (error.details.retryAfterMs ?? 0) : 0;
}
