import type { Clock } from '../base/clock.ts';
import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { RangeResponse } from '../net/client.ts';
import type { RetryBudget } from '../net/retry.ts';
import { pause } from './setbacks.ts';
import { isOutOfRange } from './status.ts';

/** Where a resource ends, as far as its server tells. */
export interface End {
  readonly length: number;
  /** True if that too is only what a range claims whose Content-Range cannot be read. */
  readonly isClaimed: boolean;
}

/** What asking for the end takes. */
export interface EndQuestion {
  ask(range: ByteRange): Promise<RangeResponse>;
  readonly budget: RetryBudget;
  retrying(attempt: number, delayMs: number, error: AulosError): void;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Learns whether there is more than the `length` that a range claimed whose Content-Range cannot be read: a server may send less than it is
 * asked for, and Content-Length says no more than what it sends. What is asked for lies behind: the answer is a 416 at the end of the resource,
 * or else more of it, or all of it from a server without ranges. @throws AulosError `net.*`, `http.*`
 */
export async function findEnd(length: number, { ask, budget, retrying, clock, signal }: EndQuestion): Promise<End> {
  for (;;) {
    try {
      const { body, total = 0, unverifiedRange } = await ask({ start: length, end: Number.POSITIVE_INFINITY });
      await body.return?.();
      return { length: total || length, isClaimed: unverifiedRange };
    } catch (error) {
      if (isOutOfRange(error)) return { length, isClaimed: false };
      const delayMs = budget.next(error);
      if (delayMs === undefined) throw error;
      retrying(budget.failures, delayMs, error as AulosError);
      await pause(delayMs, signal, clock);
    }
  }
}
