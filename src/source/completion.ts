import { loadPart } from '../base/part.ts';
import type { RetryPolicy } from '../net/retry.ts';
import type { Fetching } from './fetching.ts';
import type { PhaseMachine } from './phase.ts';
import type { Resource } from './resource.ts';

/** What is completed, and who is told what comes of it. */
export interface CompletionOptions {
  readonly resource: Resource;
  readonly fetching: Fetching;
  readonly phase: PhaseMachine;
  readonly retry?: Partial<RetryPolicy>;
  /** On each Complete edge. */
  readonly onComplete: () => void;
  /** There may be more to fetch after all. */
  readonly onMore: () => void;
}

/** The way of an asset from its last byte to Complete. */
export class Completion {
  readonly #options: CompletionOptions;
  #isUnderWay = false;

  constructor(options: CompletionOptions) {
    this.#options = options;
  }

  /** True while it is looked at what was had: nothing is fetched meanwhile. */
  get isUnderWay(): boolean {
    return this.#isUnderWay;
  }

  /** Commits what is whole, once it is certain that it is. Settles well. */
  async commit(signal: AbortSignal): Promise<void> {
    const { resource, fetching, phase, retry, onMore } = this.#options;
    const { asset } = resource;
    let isCommitted = false;
    this.#isUnderWay = true;
    phase.move('downloading');
    try {
      const isDoubtful = asset.facts?.lengthClaimed || asset.facts?.digest;
      const { isProven } = isDoubtful ? await loadPart('proofs', () => import('./proof.ts')) : isCertain;
      if (await isProven(resource, fetching, retry, signal)) {
        await asset.commit(resource.length!);
        isCommitted = true;
      }
    } catch (error) {
      if (resource.isWhole) fetching.fail(error); // else a run was lost on the way
    } finally {
      this.#isUnderWay = false;
    }
    if (isCommitted) this.reach();
    else onMore();
  }

  /** All is held and committed, here or by another process. */
  reach(): void {
    const { resource, fetching, phase, onComplete } = this.#options;
    if (phase.current === 'complete') return;
    resource.forgive();
    fetching.meter.flush();
    phase.move('downloading');
    if (phase.move('complete')) onComplete();
  }
}

const isCertain = { isProven: async () => true };
