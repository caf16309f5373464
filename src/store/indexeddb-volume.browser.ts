import type { Clock } from '../base/clock.ts';
import { AulosError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import type { Connection } from './indexeddb-connection.browser.ts';
import {
  assetKeyOf,
  deleteAsset,
  deleteCoveredRuns,
  type Found,
  readAsset,
  readRecord,
  readRun,
  runKeyOf,
  type Sidecar,
  type StoredRecord,
  sidecarKeyOf,
} from './indexeddb-layout.browser.ts';
import { type Hint, News } from './indexeddb-news.browser.ts';
import { promisifyRequest } from './indexeddb-transaction.browser.ts';
import type { AssetRecord, Marks, Piece, Stored, Volume } from './medium.ts';
import type { Run } from './record.ts';
import { TabLease } from './tab-lease.browser.ts';
import { enter, type TabPresence, whileAbsent } from './tab-presence.browser.ts';

const nameOf = (place: string, key: string): string => `aulos/1/${place}/${key}`; // of what the tabs tell each other, this is version 1
const presenceOf = (place: string, key: string): string => `${nameOf(place, key)}/open`;

/**
 * Reads what is stored of an asset, to fetch what is missing: one tab or worker at a time does, the others follow it. `place` is the name
 * of the database.
 */
export async function openIndexedDbVolume(place: string, key: string, { use }: Connection, clock: Clock): Promise<IndexedDbVolume> {
  let volume: IndexedDbVolume | undefined;
  const host = { onChange: (hint?: Hint) => volume?.heed(hint), hasGrown: async () => (await volume?.hasGrown()) ?? true };
  // Both at once, and before it is read: each asks the browser, and no request is made before.
  const [presence, lease] = await Promise.all([enter(presenceOf(place, key), clock), TabLease.take<Hint>(nameOf(place, key), host, clock)]);
  try {
    const found = await use('readonly', (store) => readAsset(store, key));
    const isWhole = found.record?.committed === true;
    if (isWhole) lease.close(); // nothing is left to fetch
    volume = new IndexedDbVolume(key, found, use, presence, isWhole ? undefined : lease);
    return volume;
  } catch (error) {
    lease.close();
    presence.leave();
    throw error;
  }
}

/** Deletes an asset. @throws AulosError `store.locked` if it is open somewhere, or `unlessPinned` is true and it is. */
export async function deleteIndexedDbAsset(place: string, key: string, unlessPinned: boolean, { use }: Connection): Promise<void> {
  const remove = async (store: IDBObjectStore): Promise<void> => {
    const isPinned = unlessPinned && (await readRecord(store, key))?.pinned;
    if (isPinned) throw new AulosError('store.locked', { key }, 'another tab has pinned the asset');
    deleteAsset(store, key);
  };
  const isDeleted = await whileAbsent(presenceOf(place, key), () => use('readwrite', remove));
  if (!isDeleted) throw new AulosError('store.locked', { key }, 'another tab has the asset open');
}

type Change = (store: IDBObjectStore, stored: StoredRecord) => StoredRecord | Promise<StoredRecord>;

/**
 * One asset in IndexedDB. Every change is one transaction, which first checks what other tabs have done: bytes of two generations are never
 * joined, and only the tab with the last epoch replaces what is recorded. All may add runs to the generation that they know, because the
 * bytes of one are the same whoever fetched them.
 */
export class IndexedDbVolume implements Volume {
  readonly volatile = false;
  onChanged: (() => void) | undefined;
  readonly record: AssetRecord | undefined;
  readonly runs: readonly Run[];
  sidecarBytes: number;
  readonly #key: string;
  readonly #use: Connection['use'];
  readonly #presence: TabPresence;
  readonly #lease: TabLease<Hint> | undefined;
  #generation: number;
  /** 0 while this is not the writer. */
  #epoch = 0;
  /** True while the change is made by which this becomes the writer. */
  #isClaiming = false;
  readonly #news: News;

  constructor(key: string, found: Found, use: Connection['use'], presence: TabPresence, lease: TabLease<Hint> | undefined) {
    const { record, runs } = found;
    this.record = record;
    this.runs = runs;
    this.sidecarBytes = record ? sidecarBytesOf(record) : 0;
    this.#key = key;
    this.#use = use;
    this.#presence = presence;
    this.#lease = lease;
    this.#generation = record?.generation ?? 0;
    this.#news = new News(found);
  }

  get follows(): boolean {
    return this.#lease?.isHeld === false;
  }

  isOpenElsewhere(): Promise<boolean> {
    return this.#presence.isShared();
  }

  /** Takes in what another tab has told, or that this one leads now. */
  heed(hint: Hint | undefined): void {
    if (hint) this.#learn(hint);
    else this.#news.miss();
    if (hint?.leads && !this.follows && this.#isBehind(hint.record)) this.#leave();
    else this.onChanged?.();
  }

  /** True if more is stored than was heard of. */
  async hasGrown(): Promise<boolean> {
    const record = await this.#use('readonly', (store) => readRecord(store, this.#key));
    return record !== undefined && this.#news.isOldTo(record);
  }

  async reread(): Promise<Stored> {
    const { stored } = this.#news;
    if (stored) return stored;
    const found = await this.#use('readonly', (store) => readAsset(store, this.#key));
    const { record } = found;
    if (record) {
      if (record.generation > this.#generation) this.#epoch = 0;
      this.#generation = Math.max(this.#generation, record.generation);
      this.#news.read(found);
      this.sidecarBytes = sidecarBytesOf(record);
    }
    return found;
  }

  async begin(record: AssetRecord): Promise<number> {
    const stored = await this.#use('readwrite', async (store) => {
      const before = await readRecord(store, this.#key);
      if (before && (before.generation > this.#generation || !this.#mayLead(before))) throw this.#locked();
      const generation = Math.max(before?.generation ?? 0, record.generation) + 1;
      const epoch = (before?.epoch ?? 0) + 1;
      const pinned = (before ?? record).pinned;
      const next = { ...record, pinned, generation, heldBytes: 0, storedBytes: 0, epoch, revision: (before?.revision ?? 0) + 1 };
      deleteAsset(store, this.#key);
      store.put(next, assetKeyOf(this.#key));
      return next;
    });
    this.#epoch = stored.epoch;
    this.#generation = stored.generation;
    this.#told(stored, undefined);
    return stored.generation;
  }

  async describe({ facts, committed }: AssetRecord): Promise<void> {
    await this.#changeAsWriter([], async (store, stored, leads) => {
      const described = { ...stored, facts, committed: committed || (!leads && stored.committed) };
      if (!committed) return described;
      const heldBytes = await deleteCoveredRuns(store, this.#key, this.#generation);
      return { ...described, heldBytes, storedBytes: heldBytes + sidecarBytesOf(described) };
    });
  }

  async mark(record: AssetRecord, marks: Partial<Marks>): Promise<AssetRecord | undefined> {
    return await this.#use('readwrite', async (store) => {
      const none = { ...record, heldBytes: 0, storedBytes: 0, epoch: 0, revision: 0 };
      const stored = (await readRecord(store, this.#key)) ?? (record.generation === 0 ? none : undefined);
      const marked = stored && { ...stored, ...marks };
      if (marked) store.put(marked, assetKeyOf(this.#key));
      return marked;
    });
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    const added = pieces.map(({ run }) => run);
    const bytesAdded = pieces.reduce((sum, { run, grownFrom }) => sum + run.length - (grownFrom?.length ?? 0), 0);
    const put = (store: IDBObjectStore): void => {
      for (const { run, grownFrom, bytes } of pieces) {
        if (grownFrom) store.delete(runKeyOf(this.#key, this.#generation, grownFrom));
        store.put(ownBufferOf(bytes), runKeyOf(this.#key, this.#generation, run));
      }
    };
    const count = (_: IDBObjectStore, stored: StoredRecord): StoredRecord => ({
      ...stored,
      heldBytes: stored.heldBytes + bytesAdded,
      storedBytes: stored.storedBytes + bytesAdded,
    });
    await this.#changeAsWriter(added, count, put);
  }

  /**
   * Nothing to do: what a complete transaction has stored is with the operating system, and outlives the browser. A `strict` one in the end
   * would not make it outlive a power cut: Chromium keeps chunks in files of their own, and syncs those of that transaction only.
   */
  async sync(): Promise<void> {}

  async load(run: Run): Promise<Uint8Array | undefined> {
    return await this.#use('readonly', (store) => readRun(store, this.#key, this.#generation, run));
  }

  async drop(run: Run): Promise<void> {
    await this.#change(undefined, (store, stored) => {
      store.delete(runKeyOf(this.#key, this.#generation, run));
      const { heldBytes, storedBytes } = stored;
      return { ...stored, committed: false, heldBytes: heldBytes - run.length, storedBytes: storedBytes - run.length };
    });
  }

  async erase(): Promise<void> {
    await this.#use('readwrite', (store) => deleteAsset(store, this.#key));
    this.#epoch = 0;
    this.#generation = 0;
    this.#news.miss();
    this.sidecarBytes = 0;
  }

  /** Where there is none, as in an asset that has just begun, the first sound does not wait for the database to say so. */
  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    if (this.sidecarBytes === 0 && !this.follows) return undefined;
    const found: Sidecar | undefined = await this.#use('readonly', (store) =>
      promisifyRequest(store.get(sidecarKeyOf(this.#key, this.#generation, name))),
    );
    const bytes = found && new Uint8Array(found.bytes);
    return bytes && crc32(bytes) === found.checksum ? bytes : undefined;
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    const key = sidecarKeyOf(this.#key, this.#generation, name);
    await this.#change([], async (store, before) => {
      const old: Sidecar | undefined = await promisifyRequest(store.get(key));
      store.put({ checksum: crc32(bytes), bytes: bytes.slice().buffer } satisfies Sidecar, key);
      return { ...before, storedBytes: before.storedBytes + bytes.length - (old?.bytes.byteLength ?? 0) };
    });
  }

  async close(): Promise<void> {
    this.#lease?.close();
    this.#presence.leave();
  }

  /**
   * A change by the writer; with the first one the leader becomes it. A tab that was frozen, or whose lock was stolen, while another took
   * over finds a later epoch: it leaves the lead to that one, whatever its lock says, and `change` is made as by a follower.
   */
  async #changeAsWriter(
    added: readonly Run[],
    change: (store: IDBObjectStore, stored: StoredRecord, leads: boolean) => StoredRecord | Promise<StoredRecord>,
    ahead?: (store: IDBObjectStore) => void,
  ): Promise<void> {
    let leads = true;
    this.#isClaiming = this.#epoch === 0 && !this.follows;
    const asWriter: Change = async (store, stored) => {
      leads = !this.follows && this.#mayLead(stored);
      const epoch = leads ? this.#epoch || stored.epoch + 1 : stored.epoch;
      return { ...(await change(store, stored, leads)), epoch };
    };
    const changing = this.#change(added, asWriter, ahead);
    const changed = await changing.finally(() => {
      this.#isClaiming = false;
    });
    if (leads) this.#epoch = changed.epoch;
    else this.#leave();
  }

  /**
   * One transaction on the generation that this knows. `added` as in {@link Hint}. What is done `ahead` need not wait for the record: it is
   * undone with all the rest if that turns out to be another one.
   */
  async #change(added: readonly Run[] | undefined, change: Change, ahead?: (store: IDBObjectStore) => void): Promise<StoredRecord> {
    const record = await this.#use('readwrite', async (store) => {
      const reading = readRecord(store, this.#key);
      reading.catch(() => {}); // what goes wrong ahead is what is told
      ahead?.(store);
      const stored = await reading;
      if (stored?.generation !== this.#generation) throw this.#locked();
      const next = { ...(await change(store, stored)), revision: stored.revision + 1 };
      store.put(next, assetKeyOf(this.#key));
      return next;
    });
    this.#told(record, added);
    return record;
  }

  #told(record: StoredRecord, added: readonly Run[] | undefined): void {
    const hint = { record, added, leads: !this.follows && this.#mayLead(record) };
    this.#learn(hint);
    this.#lease?.tell(hint);
  }

  #learn(hint: Hint): void {
    if (hint.record.generation === this.#generation) this.sidecarBytes = sidecarBytesOf(hint.record);
    this.#news.hear(hint);
  }

  /** True if another tab writes since this one did, or while this one was about to and has no lock that says that it may. */
  #isBehind({ epoch }: StoredRecord): boolean {
    return epoch > this.#epoch && !this.#isClaiming && (this.#epoch > 0 || this.#lease?.hasLock === false);
  }

  #leave(): void {
    this.#epoch = 0;
    this.#lease?.yield();
  }

  #mayLead(stored: StoredRecord): boolean {
    return this.#epoch === 0 || this.#epoch === stored.epoch;
  }

  #locked(): AulosError {
    return new AulosError('store.locked', { key: this.#key }, 'another tab has taken over this asset');
  }
}

/** A buffer of just these bytes, to be cloned at once: a view would be stored with its whole buffer. */
const ownBufferOf = (bytes: Uint8Array): ArrayBufferLike =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;

const sidecarBytesOf = ({ storedBytes, heldBytes }: StoredRecord): number => storedBytes - heldBytes;
