import { childController } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import type { RangeRequest, RangeResponse } from '../net/client.ts';
import type { Asset } from '../store/store.ts';
import type { Fetching } from './fetching.ts';
import { hasSameBytes, sampleOf, verdictOn } from './freshness.ts';
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

function lateError({ facts }: Asset): AulosError {
  const url = redactUrl(facts?.url ?? '');
  return new AulosError('net.stall', { url, afterMs: PATIENCE_MS }, `${url} does not say in time whether it has changed`);
}
