import type { ByteRange } from '../base/ranges.ts';
import type { RangeResponse } from '../net/client.ts';
import { sameVersion } from '../net/validators.ts';
import type { Asset, AssetFacts } from '../store/store.ts';
import { OVERLAP_BYTES } from './answer.ts';

/**
 * When the server is asked whether what is held is still its version: never, at each opening, or at an opening when it said so longer ago
 * than that many seconds. If it cannot be asked, what is held is played.
 */
export type Revalidate = 'never' | 'open' | number;

/**
 * Whether to ask now. `confirmedAt` and `now` are Unix milliseconds; a confirmation in the future, or none, counts as too old, so that a clock
 * that jumped costs a question and not the freshness.
 */
export function isDue(revalidate: Revalidate, confirmedAt: number | undefined, now: number): boolean {
  if (typeof revalidate !== 'number') return revalidate === 'open';
  const ageMs = confirmedAt === undefined ? Number.NaN : now - confirmedAt;
  return !(ageMs >= 0 && ageMs < revalidate * 1_000);
}

/** What the head of an answer says of what is held; `doubt`: the bytes must tell. */
export function verdictOn(response: Pick<RangeResponse, 'status' | 'total' | 'validator'>, facts: AssetFacts): 'same' | 'other' | 'doubt' {
  if (response.status === 304) return 'same';
  if (facts.length !== undefined && response.total !== undefined && facts.length !== response.total) return 'other';
  const isSame = facts.unverified ? undefined : sameVersion(facts.validator, response.validator);
  return isSame === undefined ? 'doubt' : isSame ? 'same' : 'other';
}

/** What to ask for, so that the bytes can tell where the validators do not: the start of what is held. Empty if nothing is. */
export function sampleOf({ held }: Asset): ByteRange {
  const [{ start, end } = { start: 0, end: 0 }] = held;
  return { start, end: Math.min(end, start + OVERLAP_BYTES) };
}

/** Whether the body of an answer is what is held of `sample`. A run that turns out to be damaged tells nothing. @throws AulosError of the body */
export async function hasSameBytes({ range, body }: RangeResponse, sample: ByteRange, asset: Asset, signal: AbortSignal): Promise<boolean> {
  const held = await asset.read(sample, signal);
  if (!held) return true;
  let at = range.start;
  for await (const bytes of body) {
    for (let i = Math.max(0, sample.start - at); i < bytes.length && at + i < sample.end; i++) {
      if (bytes[i] !== held[at + i - sample.start]) return false;
    }
    at += bytes.length;
    if (at >= sample.end) return true;
  }
  return false; // it ends before what is held does
}
