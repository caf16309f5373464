import { AulosError, redactUrl } from '../errors.ts';
import { RetryBudget, type RetryPolicy } from '../net/retry.ts';
import { findEnd } from './end.ts';
import type { Fetching } from './fetching.ts';
import { isAsPromised } from './promised.ts';
import type { Resource } from './resource.ts';

/**
 * Whether a resource that is whole ends there, where that was only claimed, and its bytes are those that a digest promised. False if more is
 * to be fetched, all of it once more, or nothing any more. @throws AulosError `net.*`, `http.*`, `store.*`
 */
export async function isProven(
  resource: Resource,
  fetching: Fetching,
  retry: Partial<RetryPolicy> | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  const { asset } = resource;
  if (asset.facts?.lengthClaimed && !(await provesEnd(resource, fetching, new RetryBudget(retry), signal))) return false;
  if (await isAsPromised(asset, resource.length!, signal)) return true;
  const error = brokenPromise(fetching.origin.url);
  if (!(await fetching.disproved(error))) fetching.fail(error);
  return false;
}

/** Asks whether the resource ends where it was claimed to. False if there is more to be had. */
async function provesEnd(resource: Resource, fetching: Fetching, budget: RetryBudget, signal: AbortSignal): Promise<boolean> {
  const claimed = resource.length!;
  const { origin, clock } = fetching;
  const asker = { urgency: () => 'fill' as const, giveWay: () => {} };
  const { length, isClaimed } = await findEnd(claimed, {
    ask: (range) => origin.get({ range }, { validator: undefined, mayRefresh: true }, asker, signal),
    budget,
    retrying: (attempt, delayMs, error) => fetching.retrying(attempt, delayMs, error),
    clock,
    signal,
  });
  await resource.endsAt(length, isClaimed);
  return length === claimed;
}

function brokenPromise(from: string): AulosError {
  const url = redactUrl(from);
  return new AulosError('asset.integrity', { url }, `what was had of ${url} is not what its Repr-Digest promised`);
}
