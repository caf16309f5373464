import { childController } from '../base/child-controller.ts';
import type { Clock } from '../base/clock.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import type { RangeRequest, RangeResponse } from '../net/client.ts';
import { sameVersion } from '../net/validators.ts';
import type { Asset, AssetFacts } from '../store/store.ts';
import { OVERLAP_BYTES } from './answer.ts';
import type { Fetching } from './fetching.ts';
import type { Resource } from './resource.ts';

/** A listener waits for the answer, so it may not be long in coming. */
const PATIENCE_MS = 5_000;

/** What came of asking. */
export interface Finding {
  readonly result: 'same' | 'changed' | 'unknown';
  /** Why it is unknown. */
  readonly error?: AulosError;
}

/**
 * Asks the origin, once, whether what is held is still its version, and records the answer: another version begins with it. Never rejects for
 * an answer: an abort leaves it unknown.
 */
export async function revalidate(resource: Resource, fetching: Fetching, signal: AbortSignal): Promise<Finding> {
  const known = { validator: resource.validator, mayRefresh: true };
  const asker = { urgency: () => 'demand' as const, giveWay: () => {} };
  const ask: Ask = (wanted, signal) => fetching.origin.get(wanted, known, asker, signal);
  const { other, ...finding } = await find(resource.asset, ask, fetching.clock, signal);
  if (signal.aborted) return finding;
  if (finding.result === 'same') await resource.asset.describe({ confirmedAt: Date.now() });
  if (other) {
    fetching.stop();
    await resource.replace(other, fetching.origin.url);
  }
  return finding;
}

type Ask = (wanted: Pick<RangeRequest, 'range' | 'ifChanged'>, signal: AbortSignal) => Promise<RangeResponse>;

/** `other` is the answer of another version, whose body is left already. */
async function find(asset: Asset, ask: Ask, clock: Clock, signal: AbortSignal): Promise<Finding & { readonly other?: RangeResponse }> {
  const { controller, release } = childController(signal);
  const timer = clock.setTimeout(() => controller.abort(lateError(asset)), PATIENCE_MS);
  try {
    const { facts } = asset;
    if (!facts) return { result: 'unknown' };
    const sample = sampleOf(asset);
    const response = await ask({ range: sample, ifChanged: true }, controller.signal);
    try {
      const verdict = verdictOn(response, facts);
      const isSame = verdict === 'doubt' ? await hasSameBytes(response, sample, asset, controller.signal) : verdict === 'same';
      return isSame ? { result: 'same' } : { result: 'changed', other: response };
    } finally {
      await response.body.return?.();
    }
  } catch (error) {
    return { result: 'unknown', error: isAulosError(error) ? error : undefined };
  } finally {
    clock.clearTimeout(timer);
    release();
  }
}

/** What the head of an answer says of what is held; `doubt`: the bytes must tell. */
export function verdictOn(response: Pick<RangeResponse, 'status' | 'total' | 'validator'>, facts: AssetFacts): 'same' | 'other' | 'doubt' {
  if (response.status === 304) return 'same';
  if (facts.length !== undefined && response.total !== undefined && facts.length !== response.total) return 'other';
  const isSame = facts.unverified ? undefined : sameVersion(facts.validator, response.validator);
  return isSame === undefined ? 'doubt' : isSame ? 'same' : 'other';
}

/** What to ask for, so that the bytes can tell where the validators do not: the start of what is held. Empty if nothing is. */
function sampleOf({ held }: Asset): ByteRange {
  const [{ start, end } = { start: 0, end: 0 }] = held;
  return { start, end: Math.min(end, start + OVERLAP_BYTES) };
}

/** Whether the body of an answer is what is held of `sample`. A run that turns out to be damaged tells nothing. @throws AulosError of the body */
async function hasSameBytes({ range, body }: RangeResponse, sample: ByteRange, asset: Asset, signal: AbortSignal): Promise<boolean> {
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

function lateError({ facts }: Asset): AulosError {
  const url = redactUrl(facts?.url ?? '');
  return new AulosError('net.stall', { url, afterMs: PATIENCE_MS }, `${url} does not say in time whether it has changed`);
}
