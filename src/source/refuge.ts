import type { Clock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import { type AulosError, isAulosError } from '../errors.ts';
import type { Asset, AssetStore } from '../store/store.ts';

/** An asset, and why it is only in memory if its store refused it. */
export interface Opened {
  readonly asset: Asset;
  readonly refusal: AulosError | undefined;
}

/** Opens assets in a store, or in memory when that refuses: nobody stops hearing because nothing can be kept. */
export class Refuge {
  readonly #store: AssetStore;
  readonly #clock: Clock | undefined;
  #memory: AssetStore | undefined;

  constructor(store: AssetStore, clock: Clock | undefined) {
    this.#store = store;
    this.#clock = clock;
  }

  /** @throws AulosError `store.unavailable` when the store was closed, `input.invalid` */
  async open(key: string): Promise<Opened> {
    try {
      return { asset: await this.#store.open(key), refusal: undefined };
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { createMemoryStore } = await loadPart('a cache in memory', () => import('../store/memory.ts'));
      this.#memory ??= createMemoryStore({ clock: this.#clock });
      return { asset: await this.#memory.open(key), refusal: error };
    }
  }

  /** Lets go of what is in memory; the store is its owner's. */
  async close(): Promise<void> {
    await this.#memory?.close();
  }
}

function isRefusal(error: unknown): error is AulosError {
  if (isAulosError(error, 'store.unavailable')) return error.details.reason !== 'closed';
  return isAulosError(error) && error.code.startsWith('store.');
}
