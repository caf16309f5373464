import { childController } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import type { RangeRequest, RangeResponse } from '../net/client.ts';
import type { Asset } from '../store/store.ts';
import { hasSameBytes, sampleOf, verdictOn } from './freshness.ts';

/** A listener waits for the answer, so it may not be long in coming. */
const PATIENCE_MS = 5_000;

/** What came of asking: the answer of another version, whose body is left already. */
export type Finding =
  | { readonly result: 'same' }
  | { readonly result: 'changed'; readonly response: RangeResponse }
  | { readonly result: 'unknown'; readonly error?: AulosError };

/** Asks the origin, once, whether what is held of `asset` is still its version. Never rejects: an abort leaves it unknown. */
export async function revalidate(
  asset: Asset,
  ask: (wanted: Pick<RangeRequest, 'range' | 'ifChanged'>, signal: AbortSignal) => Promise<RangeResponse>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Finding> {
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
      return isSame ? { result: 'same' } : { result: 'changed', response };
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
