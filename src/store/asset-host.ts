import type { Clock } from '../base/clock.ts';
import type { Medium } from './medium.ts';

/** What an open asset asks of its store. */
export interface AssetHost {
  readonly medium: Medium;
  readonly clock: Clock;
  /** Evicts others as far as the limits ask; false if that is not enough. `force` frees space although the limits are kept. */
  makeRoom(force: boolean): Promise<boolean>;
  /** A number above that of every use of an asset so far. */
  nextSequence(): Promise<number>;
}
