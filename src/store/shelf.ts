import type { Clock } from '../base/clock.ts';
import { loadPart } from '../base/part.ts';
import type { ByteRange } from '../base/ranges.ts';
import { AulosError, isAulosError } from '../errors.ts';
import { AssetHandle } from './asset-handle.ts';
import type { Evictable, LruRecord } from './eviction.ts';
import { isAssetKey } from './key-text.ts';
import type { Medium, StoredAsset } from './medium.ts';
import { SharedAsset } from './shared-asset.ts';
import type { Asset, AssetStat, AssetStore, StoreLimits, Verification } from './store.ts';

// A part of its own: a page waits for what asks for the first bytes.
const loadEviction = () => loadPart('eviction', () => import('./eviction.ts'));

/** The store on `medium`: sharing of handles, limits and eviction, which are the same everywhere. */
export const createStoreOn = (medium: Medium, limits: StoreLimits, clock: Clock): AssetStore => new Shelf(medium, limits, clock);

/**
 * Holds the open assets, and a catalogue of the closed ones. What this store does is kept up in it; what others have done to the medium is
 * read when somebody asks what there is, or the medium has no room.
 */
class Shelf implements AssetStore {
  readonly #medium: Medium;
  readonly #limits: StoreLimits;
  readonly #clock: Clock;
  readonly #open = new Map<string, SharedAsset>();
  /** The last thing that was started for a key: opening, closing and deleting of one asset do not overlap. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #catalogue: Promise<Map<string, StoredAsset>> | undefined;
  #sequence = 0;
  #closing: Promise<void> | undefined;
  readonly #eviction: Evictable = {
    census: () => this.#census(),
    evict: (key) => this.#deleteUnlessLocked(key, true),
  };

  constructor(medium: Medium, limits: StoreLimits, clock: Clock) {
    this.#medium = medium;
    this.#limits = limits;
    this.#clock = clock;
  }

  async open(key: string): Promise<Asset> {
    if (!isAssetKey(key)) throw new AulosError('input.invalid', { input: key }, 'not an asset key');
    return await this.#inTurn(key, async () => {
      if (this.#closing) throw new AulosError('store.unavailable', { reason: 'closed' }, 'the store was closed');
      const asset = this.#open.get(key) ?? (await this.#openShared(key));
      return new AssetHandle(asset, () => this.#release(asset));
    });
  }

  async list(): Promise<AssetStat[]> {
    this.#catalogue = undefined;
    const stored = await this.#closed();
    const closed = [...stored.values()].filter(({ key }) => !this.#open.has(key));
    const open = [...this.#open.values()].filter(isKept);
    return [...closed.map(statOfStored), ...open.map((asset) => statOfOpen(asset, stored.get(asset.key)))];
  }

  async stat(key: string): Promise<AssetStat | undefined> {
    return (await this.list()).find((stat) => stat.key === key);
  }

  async delete(key: string): Promise<void> {
    if (!isAssetKey(key)) return;
    await this.#inTurn(key, async () => {
      const asset = this.#open.get(key);
      if (await asset?.isOpenElsewhere()) throw new AulosError('store.locked', { key }, 'another process has the asset open');
      if (asset) await asset.evict();
      else await this.#deleteClosed(key, false);
    });
  }

  async clear(): Promise<void> {
    this.#catalogue = undefined;
    for (const key of [...(await this.#closed()).keys()]) await this.#deleteUnlessLocked(key, false);
  }

  async trim(maxBytes: number): Promise<number> {
    this.#catalogue = undefined;
    const { evict, totalBytes } = await loadEviction();
    await evict(this.#eviction, { maxBytes, maxAssets: Number.POSITIVE_INFINITY });
    return totalBytes(await this.#census());
  }

  async verify(signal: AbortSignal = new AbortController().signal): Promise<Verification> {
    const damaged: Verification['damaged'][number][] = [];
    const stats = await this.list();
    for (const { key } of stats) {
      signal.throwIfAborted();
      const ranges = await (this.#open.get(key)?.verify(signal) ?? this.#inTurn(key, () => this.#verifyClosed(key, signal)));
      for (const range of ranges) damaged.push({ key, range });
    }
    return { assets: stats.length, bytes: stats.reduce((sum, { heldBytes }) => sum + heldBytes, 0), damaged };
  }

  persist(): Promise<boolean> {
    return this.#medium.persist();
  }

  async flush(): Promise<void> {
    await Promise.all([...this.#open.values()].map((asset) => asset.flush()));
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    await Promise.all([...this.#turns.values()]);
    for (const asset of [...this.#open.values()]) await Promise.all([...asset.handles].map((handle) => handle.close()));
    await Promise.all([...this.#turns.values()]);
    await this.#medium.close();
  }

  async #openShared(key: string): Promise<SharedAsset> {
    const asset = new SharedAsset(key, await this.#medium.open(key), {
      medium: this.#medium,
      clock: this.#clock,
      makeRoom: (force) => this.#makeRoom(force),
      nextSequence: () => this.#nextSequence(),
    });
    this.#open.set(key, asset);
    return asset;
  }

  async #verifyClosed(key: string, signal: AbortSignal): Promise<ByteRange[]> {
    const asset = this.#open.get(key) ?? (await this.#openShared(key));
    try {
      return await asset.verify(signal);
    } finally {
      if (asset.handles.size === 0) await this.#putBack(asset, false);
    }
  }

  /** A handle was closed; with the last one the asset goes back to the medium. */
  async #release(asset: SharedAsset): Promise<void> {
    await this.#inTurn(asset.key, async () => {
      if (asset.handles.size === 0 && this.#open.get(asset.key) === asset) await this.#putBack(asset, true);
    });
  }

  async #putBack(asset: SharedAsset, isUse: boolean): Promise<void> {
    try {
      await asset.close(isUse);
    } finally {
      this.#open.delete(asset.key);
    }
    const closed = await this.#closed();
    closed.delete(asset.key);
    if (isKept(asset)) closed.set(asset.key, { ...asset.record, heldBytes: asset.storedBytes, storedBytes: asset.footprint });
  }

  async #deleteClosed(key: string, unlessPinned: boolean): Promise<void> {
    if (this.#open.has(key)) return;
    await this.#medium.delete(key, unlessPinned);
    (await this.#closed()).delete(key);
  }

  /** False if it stays, because another process has it open, or has pinned it since the catalogue was read and `unlessPinned` is true. */
  async #deleteUnlessLocked(key: string, unlessPinned: boolean): Promise<boolean> {
    try {
      await this.#inTurn(key, () => this.#deleteClosed(key, unlessPinned));
      return true;
    } catch (error) {
      if (!isAulosError(error, 'store.locked')) throw error;
      return false;
    }
  }

  /** False if nothing more can go; see {@link Evictable}. */
  async #makeRoom(force: boolean): Promise<boolean> {
    try {
      if (force) this.#catalogue = undefined;
      const { makeRoom } = await loadEviction();
      return await makeRoom(this.#eviction, this.#limits, force);
    } catch (error) {
      if (isAulosError(error)) return false;
      throw error;
    }
  }

  async #census(): Promise<LruRecord[]> {
    const closed = [...(await this.#closed()).values()].filter(({ key }) => !this.#open.has(key));
    return [
      ...closed.map(({ key, storedBytes, sequence, pinned }) => ({ key, bytes: storedBytes, sequence, pinned, open: false })),
      ...[...this.#open.values()].map(({ record, footprint }) => ({ ...record, bytes: footprint, open: true })),
    ];
  }

  /** Uses are numbered from the highest number on the medium, which opening an asset need not wait for. */
  async #nextSequence(): Promise<number> {
    try {
      await this.#closed();
    } catch (error) {
      if (!isAulosError(error)) throw error; // the order of use is not worth failing for
    }
    return ++this.#sequence;
  }

  #closed(): Promise<Map<string, StoredAsset>> {
    this.#catalogue ??= this.#readCatalogue();
    return this.#catalogue;
  }

  async #readCatalogue(): Promise<Map<string, StoredAsset>> {
    try {
      const assets = await this.#medium.list();
      for (const { sequence } of assets) this.#sequence = Math.max(this.#sequence, sequence);
      return new Map(assets.map((asset) => [asset.key, asset]));
    } catch (error) {
      this.#catalogue = undefined; // a later call may have more luck
      throw error;
    }
  }

  #inTurn<T>(key: string, action: () => Promise<T>): Promise<T> {
    const result = (this.#turns.get(key) ?? Promise.resolve()).then(action);
    const settled = result
      .catch(() => {})
      .finally(() => {
        if (this.#turns.get(key) === settled) this.#turns.delete(key);
      });
    this.#turns.set(key, settled);
    return result;
  }
}

/** An asset that was opened and never begun leaves no trace, unless it was pinned. */
const isKept = ({ generation, pinned }: SharedAsset): boolean => generation > 0 || pinned;

/** Another process may have pinned an asset that lies on the medium too. */
const statOfOpen = ({ record: { key, facts, committed, pinned }, held, volatile }: SharedAsset, stored?: StoredAsset): AssetStat => ({
  key,
  facts,
  heldBytes: held.size,
  committed,
  pinned: volatile ? pinned : (stored?.pinned ?? pinned),
});

/** A run that was lost later leaves the mark of the commit behind. */
const statOfStored = ({ key, facts, heldBytes, committed, pinned }: StoredAsset): AssetStat => ({
  key,
  facts,
  heldBytes,
  committed: committed && heldBytes === (facts?.length ?? 0),
  pinned,
});
