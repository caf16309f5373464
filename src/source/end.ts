import type { RangeResponse } from '../net/client.ts';

/** Where a resource ends, as far as an answer to {@link rangeBehind} tells. */
export interface End {
  readonly length: number;
  /** True if that too is only what a range claims whose Content-Range cannot be read. */
  readonly isClaimed: boolean;
}

/**
 * What to ask for to learn whether there is more than a range claimed whose Content-Range cannot be read: a server may send less than it is
 * asked for, and Content-Length says no more than what it sends. At the end of the resource the answer is a 416.
 */
export const rangeBehind = (length: number) => ({ start: length, end: Number.POSITIVE_INFINITY });

/** Reads an answer to {@link rangeBehind} that has bytes: more of the resource, or all of it from a server without ranges. */
export function endOf({ total = 0, unverifiedRange }: Pick<RangeResponse, 'total' | 'unverifiedRange'>, length: number): End {
  return { length: total || length, isClaimed: unverifiedRange };
}
