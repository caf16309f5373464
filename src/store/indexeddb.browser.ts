import { type Clock, systemClock } from '../base/clock.ts';
import { watchLeave } from '../base/page-leave.browser.ts';
import { loadPart } from '../base/part.ts';
import { isAulosError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import { type Connection, connectIndexedDb } from './indexeddb-connection.browser.ts';
import { readRecords } from './indexeddb-layout.browser.ts';
import { deleteIndexedDbAsset, openIndexedDbVolume } from './indexeddb-volume.browser.ts';
import type { Medium, StoredAsset, Volume } from './medium.ts';
import type { MemoryMedium } from './memory.ts';
import { askToPersist } from './persist.browser.ts';
import { createStoreOn } from './shelf.ts';
import type { AssetStore, StoreLimits } from './store.ts';

/** Options of {@link createIndexedDbStore}. */
export interface IndexedDbStoreOptions {
  /** Name of the database. Default: `aulos`. */
  readonly name?: string;
  /** Default: 1 GiB and 10,000 assets. */
  readonly limits?: Partial<StoreLimits>;
  readonly clock?: Clock;
  /** Whether the database is opened before anything is asked of it. @default false */
  readonly isEager?: boolean;
}

/**
 * A store in IndexedDB, for pages and workers. Where that is missing or gives no answer (some private windows, sandboxed frames), assets
 * are volatile: they stay in memory, and the database is tried again with an opening at least 30 s later. A page that is hidden or left has
 * what is in memory stored, as far as the browser gives it time.
 */
export function createIndexedDbStore({ name = 'aulos', limits, clock = systemClock, isEager }: IndexedDbStoreOptions = {}): AssetStore {
  const closing = new AbortController();
  const connection = connectIndexedDb(name, clock);
  if (isEager) connection.use('readonly', () => {}).catch(() => {}); // whoever asks for something hears of it
  const medium = new IndexedDbMedium(name, connection, clock, () => closing.abort());
  const store = createStoreOn(medium, { maxBytes: 1024 ** 3, maxAssets: 10_000, ...limits }, clock);
  watchLeave(() => void store.flush(), closing.signal);
  return store;
}

/** IndexedDB as a medium, or memory while it cannot be had. */
class IndexedDbMedium implements Medium {
  readonly checksum = crc32;
  readonly growsInPlace = false;
  readonly batchBytes = 2 * 1024 * 1024;
  readonly takesBatchesAhead = true;
  readonly residentBytes = 8 * 1024 * 1024;
  readonly syncsEachWrite = false;
  readonly #name: string;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #onClose: () => void;
  /** Only where there was no database once. */
  #memory: MemoryMedium | undefined;

  constructor(name: string, connection: Connection, clock: Clock, onClose: () => void) {
    this.#name = name;
    this.#connection = connection;
    this.#clock = clock;
    this.#onClose = onClose;
  }

  async open(key: string): Promise<Volume> {
    try {
      const volume = await openIndexedDbVolume(this.#name, key, this.#connection, this.#clock);
      await this.#memory?.delete(key); // what it kept while there was no database
      return volume;
    } catch (error) {
      if (!isAulosError(error)) throw error;
      const { MemoryMedium } = await loadPart('a cache in memory', () => import('./memory.ts'));
      this.#memory ??= new MemoryMedium();
      return await this.#memory.open(key, error);
    }
  }

  async list(): Promise<StoredAsset[]> {
    const stored = await unlessUnavailable(this.#connection.use('readonly', readRecords));
    return [...((await this.#memory?.list()) ?? []), ...(stored ?? [])];
  }

  async delete(key: string, unlessPinned = false): Promise<void> {
    await this.#memory?.delete(key);
    await unlessUnavailable(deleteIndexedDbAsset(this.#name, key, unlessPinned, this.#connection));
  }

  persist(): Promise<boolean> {
    return askToPersist(this.#clock);
  }

  async close(): Promise<void> {
    this.#onClose();
    await this.#memory?.close();
    await this.#connection.close();
  }
}

/** Undefined if there is no database now. */
async function unlessUnavailable<T>(action: Promise<T>): Promise<T | undefined> {
  try {
    return await action;
  } catch (error) {
    if (isAulosError(error, 'store.unavailable')) return undefined;
    throw error;
  }
}
