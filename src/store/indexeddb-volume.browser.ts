import { AulosError } from '../errors.ts';
import { crc32 } from './crc32.ts';
import { type Connection, promisifyRequest } from './indexeddb-connection.browser.ts';
import type { AssetRecord, Piece, Stored, StoredAsset, Volume } from './medium.ts';
import type { Run } from './record.ts';

/**
 * Keys of the one object store; IndexedDB orders them element by element, so each kind and each asset is a range:
 *
 *     ['asset', key]                                             → StoredRecord
 *     ['run', key, generation, chunk, start, length, checksum]   → ArrayBuffer of `length` bytes
 *     ['side', key, generation, name]                            → { checksum, bytes: ArrayBuffer }
 *
 * A run's key is its record: bytes and record cannot come apart, and what is held is known without reading any bytes.
 */
type RunKey = ['run', string, number, number, number, number, number];

/** The record of an asset in the database. */
export interface StoredRecord extends StoredAsset {
  /** Counts the writers there have been. Each notes its own; one that finds a later one has lost the asset to it. */
  readonly epoch: number;
}

interface Sidecar {
  readonly checksum: number;
  readonly bytes: ArrayBuffer;
}

export const assetKeyOf = (key: string): IDBValidKey => ['asset', key];

/** All keys that begin with `prefix`: an array sorts after every number and text. */
export const keysUnder = (...prefix: (string | number)[]): IDBKeyRange => IDBKeyRange.bound(prefix, [...prefix, []]);

/** Deletes an asset with all its parts. */
export function deleteAsset(store: IDBObjectStore, key: string): void {
  store.delete(assetKeyOf(key));
  store.delete(keysUnder('run', key));
  store.delete(keysUnder('side', key));
}

/** Reads what is stored of an asset. */
export async function openIndexedDbVolume(key: string, { use }: Connection): Promise<IndexedDbVolume> {
  const { record, runs } = await use('readonly', (store) => readStored(store, key));
  return new IndexedDbVolume(key, record, runs, use);
}

async function readStored(store: IDBObjectStore, key: string): Promise<Stored & { readonly record: StoredRecord | undefined }> {
  const [record, keys] = await Promise.all([
    promisifyRequest<StoredRecord | undefined>(store.get(assetKeyOf(key))),
    promisifyRequest(store.getAllKeys(keysUnder('run', key))),
  ]);
  const runs = (keys as RunKey[]).filter(([, , generation]) => generation === record?.generation).map(runOfKey);
  return { record, runs };
}

type Change = (store: IDBObjectStore, stored: StoredRecord) => StoredRecord | Promise<StoredRecord>;

/** One asset in IndexedDB. Every change is one transaction, which first checks what other tabs have done. */
export class IndexedDbVolume implements Volume {
  readonly volatile = false;
  readonly follows = false;
  onChanged: (() => void) | undefined;
  readonly record: AssetRecord | undefined;
  readonly runs: readonly Run[];
  sidecarBytes: number;
  readonly #key: string;
  readonly #use: Connection['use'];
  #generation: number;
  /** 0 until this became the writer. */
  #epoch = 0;

  constructor(key: string, stored: StoredRecord | undefined, runs: readonly Run[], use: Connection['use']) {
    this.record = stored && recordOf(stored);
    this.runs = runs;
    this.sidecarBytes = stored ? stored.storedBytes - stored.heldBytes : 0;
    this.#key = key;
    this.#use = use;
    this.#generation = stored?.generation ?? 0;
  }

  async reread(): Promise<Stored> {
    return await this.#use('readonly', (store) => readStored(store, this.#key));
  }

  async begin(record: AssetRecord): Promise<number> {
    const stored = await this.#use('readwrite', async (store) => {
      const before = await this.#get(store);
      const generation = Math.max(before?.generation ?? 0, record.generation) + 1;
      const next = { ...record, generation, heldBytes: 0, storedBytes: 0, epoch: (before?.epoch ?? 0) + 1 };
      deleteAsset(store, this.#key);
      store.put(next, assetKeyOf(this.#key));
      return next;
    });
    this.#epoch = stored.epoch;
    this.#generation = stored.generation;
    this.sidecarBytes = 0;
    return stored.generation;
  }

  async describe(record: AssetRecord): Promise<void> {
    await this.#changeAsWriter((_, stored) => ({ ...stored, ...record }));
  }

  async mark({ key, pinned, sequence, ...rest }: AssetRecord): Promise<void> {
    await this.#use('readwrite', async (store) => {
      const none = { key, ...rest, heldBytes: 0, storedBytes: 0, epoch: 0 };
      const stored = (await this.#get(store)) ?? (rest.generation === 0 ? none : undefined);
      if (stored) store.put({ ...stored, pinned, sequence }, assetKeyOf(this.#key)); // else another tab has deleted it
    });
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    await this.#changeAsWriter((store, stored) => {
      let added = 0;
      for (const { run, grownFrom, bytes } of pieces) {
        if (grownFrom) store.delete(this.#keyOf(grownFrom));
        // A copy of just these bytes: a view would be stored with its whole buffer.
        store.put(bytes.slice().buffer, this.#keyOf(run));
        added += run.length - (grownFrom?.length ?? 0);
      }
      return { ...stored, heldBytes: stored.heldBytes + added, storedBytes: stored.storedBytes + added };
    });
  }

  /** Nothing to do: a transaction that is complete is as durable as it gets. */
  async sync(): Promise<void> {}

  async load(run: Run): Promise<Uint8Array | undefined> {
    const bytes: unknown = await this.#use('readonly', (store) => promisifyRequest(store.get(this.#keyOf(run))));
    return bytes instanceof ArrayBuffer ? new Uint8Array(bytes) : undefined;
  }

  async drop(run: Run): Promise<void> {
    await this.#change((store, stored) => {
      store.delete(this.#keyOf(run));
      const { heldBytes, storedBytes } = stored;
      return { ...stored, committed: false, heldBytes: heldBytes - run.length, storedBytes: storedBytes - run.length };
    });
  }

  async erase(): Promise<void> {
    await this.#use('readwrite', (store) => deleteAsset(store, this.#key));
    this.#epoch = 0;
    this.#generation = 0;
    this.sidecarBytes = 0;
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    const found: Sidecar | undefined = await this.#use('readonly', (store) => promisifyRequest(store.get(this.#sidecarKey(name))));
    const bytes = found && new Uint8Array(found.bytes);
    return bytes && crc32(bytes) === found.checksum ? bytes : undefined;
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    const key = this.#sidecarKey(name);
    const stored = await this.#change(async (store, before) => {
      const old: Sidecar | undefined = await promisifyRequest(store.get(key));
      store.put({ checksum: crc32(bytes), bytes: bytes.slice().buffer } satisfies Sidecar, key);
      return { ...before, storedBytes: before.storedBytes + bytes.length - (old?.bytes.byteLength ?? 0) };
    });
    this.sidecarBytes = stored.storedBytes - stored.heldBytes;
  }

  async close(): Promise<void> {}

  /**
   * A change that only the writer makes; with the first one this becomes it. A tab that was frozen while another took over finds a later
   * epoch and stays out, whatever its lock says.
   */
  async #changeAsWriter(change: Change): Promise<void> {
    const changed = await this.#change(async (store, stored) => {
      if (this.#epoch !== 0 && stored.epoch !== this.#epoch) throw this.#locked();
      return { ...(await change(store, stored)), epoch: this.#epoch || stored.epoch + 1 };
    });
    this.#epoch = changed.epoch;
  }

  /** One transaction on the generation that this knows; bytes of two are never joined. */
  async #change(change: Change): Promise<StoredRecord> {
    return await this.#use('readwrite', async (store) => {
      const stored = await this.#get(store);
      if (stored?.generation !== this.#generation) throw this.#locked();
      const next = await change(store, stored);
      store.put(next, assetKeyOf(this.#key));
      return next;
    });
  }

  #locked(): AulosError {
    return new AulosError('store.locked', { key: this.#key }, 'another tab has taken over this asset');
  }

  #get(store: IDBObjectStore): Promise<StoredRecord | undefined> {
    return promisifyRequest(store.get(assetKeyOf(this.#key)));
  }

  #keyOf({ chunk, start, length, checksum }: Run): RunKey {
    return ['run', this.#key, this.#generation, chunk, start, length, checksum];
  }

  #sidecarKey(name: string): IDBValidKey {
    return ['side', this.#key, this.#generation, name];
  }
}

const runOfKey = ([, , , chunk, start, length, checksum]: RunKey): Run => ({ chunk, start, length, checksum });

const recordOf = ({ key, generation, facts, committed, pinned, sequence }: StoredRecord): AssetRecord => ({
  key,
  generation,
  facts,
  committed,
  pinned,
  sequence,
});
