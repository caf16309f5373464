import { sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import type { Wake } from '../base/wake.ts';
import type { AssetFacts } from './store.ts';

/** So long a follower waits for the other process to begin what it is about to fetch as well. */
const BEGIN_MS = 2000;

/** An asset that another process may be writing. */
export interface Followed {
  readonly generation: number;
  readonly facts: AssetFacts | undefined;
  readonly follows: boolean;
  /** Signalled when the other process may have stored more. */
  readonly changes: Wake;
  /** Takes in what the other process has stored. */
  readOthers(): Promise<void>;
}

/** Waits a while for the process that `asset` follows to begin a generation. True if it has, and that is the version that `facts` tell of. */
export async function joins(asset: Followed, facts: AssetFacts, clock: Clock): Promise<boolean> {
  const { generation } = asset;
  const hasBegun = (): boolean => asset.generation !== generation;
  const waited = new AbortController();
  const isOver = sleep(BEGIN_MS, waited.signal, clock).then(
    () => true,
    () => true,
  );
  for (let isLate = false; asset.follows && !hasBegun() && !isLate; ) {
    const { count } = asset.changes;
    await asset.readOthers();
    if (!hasBegun()) isLate = await Promise.race([isOver, asset.changes.after(count).then(() => false)]);
  }
  waited.abort();
  return hasBegun() && isSameVersion(asset.facts, facts);
}

/** True if the validators prove it (RFC 9110 §8.8.1: a date is strong when it is a second older than the answer). */
function isSameVersion(a: AssetFacts | undefined, b: AssetFacts): boolean {
  if (!a || a.length !== b.length) return false;
  const { etag, lastModified, date } = a.validator;
  if (etag ?? b.validator.etag) return etag === b.validator.etag && !etag?.startsWith('W/');
  return (
    lastModified !== undefined && lastModified === b.validator.lastModified && Date.parse(date ?? '') - Date.parse(lastModified) >= 1000
  );
}
