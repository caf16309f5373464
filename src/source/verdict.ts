import type { RangeResponse } from '../net/client.ts';
import { sameVersion } from '../net/validators.ts';
import type { AssetFacts } from '../store/store.ts';
import { isProven } from './answer.ts';
import type { Purpose } from './plan.ts';

/**
 * What an answer means for what is held.
 * - `begin`: the first answer of all.
 * - `renew`: another version; what is held of the old one is dropped.
 * - `append`: its bytes go where they belong.
 * - `compare`: its first bytes are held already and must be equal; a difference is another version.
 * - `invalid`: it contradicts itself.
 * - `doubt`: nothing in it proves its version: the bytes must.
 * - `refuse`: the server does not do ranges; another connection brings the bytes in order.
 */
export type Verdict = 'begin' | 'renew' | 'append' | 'compare' | 'invalid' | 'doubt' | 'refuse';

/** What the verdict depends on. */
export interface Question {
  readonly purpose: Purpose;
  /** First missing byte that was asked for; the request may have begun before it (see `overlapStart`). */
  readonly start: number;
  /** True if it was asked without a range, as the last resort: then it is believed whatever it says. */
  readonly plain: boolean;
  /** True if no other connection of the asset is at work. */
  readonly alone: boolean;
  /** Facts of the generation held; undefined before the first. */
  readonly facts: AssetFacts | undefined;
  readonly heldBytes: number;
}

type Judged = Pick<RangeResponse, 'status' | 'range' | 'total' | 'validator' | 'unverifiedRange'>;

/** Head of an answer, and what is held → what to do with its body. */
export function judge(response: Judged, question: Question): Verdict {
  const { purpose, start, plain, alone, facts, heldBytes } = question;
  if (!facts) return 'begin';
  const isSame = facts.unverified ? undefined : sameVersion(facts.validator, response.validator);
  const isOtherLength = contradictsLength(response, facts);
  if (isOtherLength) return isSame && !plain ? 'invalid' : 'renew';
  if (response.status === 200) {
    if (purpose !== 'fill' && !alone) return 'refuse';
    return heldBytes > 0 ? 'compare' : 'append';
  }
  if (isSame === false) return 'renew';
  if (response.range.start < start) return 'compare';
  return isProven(facts) && !isSame ? 'doubt' : 'append';
}

/**
 * A range whose Content-Range cannot be read claims to be the last one, but the server may only have sent less than was asked for: the
 * resource is as long as it claims, or longer.
 */
function contradictsLength({ total, unverifiedRange }: Judged, { length, lengthClaimed }: AssetFacts): boolean {
  if (length === undefined || total === undefined) return false;
  if (unverifiedRange) return !lengthClaimed && total > length;
  return lengthClaimed ? total < length : total !== length;
}
