import { crc32 } from 'node:zlib';
import { createBreather } from '../base/breathe.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { AulosError, isAulosError } from '../errors.ts';
import { defaultCacheDir } from './cache-dir.node.ts';
import { findAsset } from './disk-asset.node.ts';
import { typed } from './disk-error.node.ts';
import { DiskLayout } from './disk-layout.node.ts';
import { readHere } from './disk-reading.node.ts';
import { openDiskVolume } from './disk-volume.node.ts';
import { whileFree } from './lease.node.ts';
import type { Medium, StoredAsset, Volume } from './medium.ts';
import { MemoryMedium } from './memory.ts';
import { OpenFiles } from './open-files.node.ts';
import { RunTable } from './run-table.ts';
import { createStoreOn } from './shelf.ts';
import type { AssetStore, StoreLimits } from './store.ts';

/**
 * What survives a power cut: `none` nothing in particular (a killed process loses at most a second of bytes), `batched` all but the
 * last second or MiB, `strict` every write that resolved.
 */
export type Durability = 'none' | 'batched' | 'strict';

/** Options of {@link createDiskStore}. */
export interface DiskStoreOptions {
  /** Folder of the store, made if need be. Default: {@link defaultCacheDir}. */
  readonly root?: string;
  /** Default: 10 GiB and 100,000 assets. */
  readonly limits?: Partial<StoreLimits>;
  /** Default: `batched`. */
  readonly durability?: Durability;
  readonly clock?: Clock;
}

const MAX_OPEN_FILES = 64;

/**
 * A store in a folder, see {@link DiskLayout}. Opening an asset rejects with `store.denied` when the root may not be used, or is a
 * symbolic link or another user's.
 */
export function createDiskStore({
  root = defaultCacheDir(),
  limits,
  durability = 'batched',
  clock = systemClock,
}: DiskStoreOptions = {}): AssetStore {
  return createStoreOn(new DiskMedium(root, durability), { maxBytes: 10 * 1024 ** 3, maxAssets: 100_000, ...limits }, clock);
}

/** The file system as a medium. */
class DiskMedium implements Medium {
  readonly checksum = crc32;
  readonly growsInPlace = true;
  readonly batchBytes = 1024 * 1024;
  readonly takesBatchesAhead = false;
  readonly residentBytes = 1024 * 1024;
  readonly syncsEachWrite: boolean;
  readonly #layout: DiskLayout;
  readonly #files = new OpenFiles(MAX_OPEN_FILES);
  /** Holds the assets whose folder a later version of aulos wrote, or cannot be read now: what lies there is left as it is. */
  readonly #memory = new MemoryMedium();
  #prepared: Promise<void> | undefined;

  constructor(root: string, durability: Durability) {
    this.#layout = new DiskLayout(root, durability !== 'none');
    this.syncsEachWrite = durability === 'strict';
  }

  async open(key: string): Promise<Volume> {
    await this.#prepare();
    try {
      return (await openDiskVolume(key, this.#layout, this.#files)) ?? (await this.#memory.open(key, writtenLater(key)));
    } catch (error) {
      if (!isAulosError(error)) throw error;
      return await this.#memory.open(key, error);
    }
  }

  async list(): Promise<StoredAsset[]> {
    await this.#prepare();
    const breathe = createBreather();
    const found: StoredAsset[] = [];
    for (const key of await typed(() => this.#layout.keys())) {
      found.push(...(await this.#find(key)));
      await breathe();
    }
    return found;
  }

  async delete(key: string, unlessPinned = false): Promise<void> {
    await this.#prepare();
    const remove = async (): Promise<void> => {
      const isPinned = unlessPinned && (await findAsset(this.#layout.folder(key)))?.record?.pinned;
      if (isPinned) throw new AulosError('store.locked', { key }, 'another process has pinned the asset');
      await typed(() => this.#layout.remove(key));
    };
    const isDeleted = await whileFree(this.#layout.root, key, remove);
    if (!isDeleted) throw new AulosError('store.locked', { key }, 'another process has the asset open');
  }

  /** Nobody but the user takes files away. */
  async persist(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {
    await typed(() => this.#files.end());
    await this.#layout.tidy();
  }

  async #find(key: string): Promise<StoredAsset[]> {
    const found = await findAsset(this.#layout.folder(key), undefined, readHere).catch(unlessTyped); // one bad folder must not hide the rest
    if (!found?.record) return [];
    const heldBytes = new RunTable(found.runs).bytes;
    return [{ ...found.record, heldBytes, storedBytes: heldBytes + found.sidecars.bytes }];
  }

  #prepare(): Promise<void> {
    this.#prepared ??= typed(() => this.#layout.prepare()).catch((error) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }
}

function writtenLater(key: string): AulosError {
  return new AulosError('store.unavailable', { reason: 'version' }, `a later version of aulos has written ${key}`);
}

function unlessTyped(error: unknown): undefined {
  if (!isAulosError(error)) throw error;
}
