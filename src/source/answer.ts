import type { RangeResponse } from '../net/client.ts';
import { isStrong, sameVersion } from '../net/validators.ts';
import type { AssetFacts } from '../store/store.ts';
import type { Purpose } from './plan.ts';

/** Bytes before a gap that are fetched again, to see that they are still what is held. */
export const OVERLAP_BYTES = 64 << 10;

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
  /** First missing byte that was asked for; the request may have begun before it (see {@link overlapStart}). */
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

/** True if the validators of an answer say that it is another version, which only the bytes can prove: every backend may have its own. */
export function claimsOther({ validator }: Pick<RangeResponse, 'validator'>, facts: AssetFacts | undefined): boolean {
  return facts !== undefined && !facts.unverified && sameVersion(facts.validator, validator) === false;
}

/**
 * Where a request for a gap that begins at `start` begins. If-Range proves the version where there is a strong validator and the server
 * told ranges and length; else the bytes before the gap do. `heldFrom` is the start of the run that ends at the gap.
 */
export function overlapStart(start: number, heldFrom: number, facts: AssetFacts | undefined): number {
  return isProven(facts) ? start : Math.max(heldFrom, start - OVERLAP_BYTES);
}

/** Where it ends: the same for the bytes behind the gap, in a run that ends at `heldUntil`. */
export function overlapEnd(end: number, heldUntil: number, facts: AssetFacts | undefined): number {
  return isProven(facts) ? end : Math.min(heldUntil, end + OVERLAP_BYTES);
}

/** True if a validator tells versions apart, or there is none yet. */
export function isProven(facts: AssetFacts | undefined): boolean {
  return !facts || (isStrong(facts.validator) && !facts.unverified);
}

type Described = Pick<RangeResponse, 'mediaType' | 'validator' | 'total' | 'unverifiedRange'>;

/** What a generation follows. */
export interface Before {
  readonly generation: number;
  readonly facts: AssetFacts | undefined;
}

/**
 * Facts of the generation that begins with this answer. Where the second change in a row is one of validators only, they are those of the
 * backends and not of the resource: from then on the bytes decide.
 */
export function factsOf(response: Described, url: string, before: Before): AssetFacts {
  const { mediaType, validator, total, unverifiedRange } = response;
  const isFickle = before.generation > 1 && before.facts?.length === total && claimsOther(response, before.facts);
  return {
    url: url.replace(/#.*$/s, ''),
    mediaType,
    validator,
    length: total,
    lengthClaimed: (unverifiedRange && total !== undefined) || undefined,
    unverified: unverifiedRange || isFickle || undefined,
  };
}

/**
 * Whether the server does ranges, as far as this answer tells. A 200 is legal for one that does (RFC 9110 §14.2), and is what If-Range asks
 * for when the version changed; one to a resume of the same version tells that it does not.
 */
export function tellsRanges({ status, headers }: Pick<RangeResponse, 'status' | 'headers'>, isNewVersion: boolean): boolean {
  return status === 206 || (isNewVersion && headers['accept-ranges']?.toLowerCase() === 'bytes');
}
