import type { RangeResponse } from '../net/client.ts';
import { isStrong, sameVersion } from '../net/validators.ts';
import type { AssetFacts } from '../store/store.ts';

/** Bytes before a gap that are fetched again, to see that they are still what is held. */
export const OVERLAP_BYTES = 64 << 10;

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
