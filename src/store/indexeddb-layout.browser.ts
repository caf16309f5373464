import { promisifyRequest } from './indexeddb-transaction.browser.ts';
import type { Stored, StoredAsset } from './medium.ts';
import type { Run } from './record.ts';

/**
 * Keys of the one object store; IndexedDB orders them element by element, so each kind and each asset is a range:
 *
 *     ['asset', key]                                             → StoredRecord
 *     ['run', key, generation, chunk, start, length, checksum]   → ArrayBuffer of `length` bytes
 *     ['side', key, generation, name]                            → Sidecar
 *
 * A run's key is its record: bytes and record cannot come apart, and what is held is known without reading any bytes.
 */
export type RunKey = ['run', string, number, number, number, number, number];

/** The record of an asset in the database. */
export interface StoredRecord extends StoredAsset {
  /** Counts the writers there have been. Each notes its own; one that finds a later one has lost the asset to it. */
  readonly epoch: number;
  /** Counts the changes, so that a tab knows whether it has heard of all of them. */
  readonly revision: number;
}

/** A sidecar in the database. */
export interface Sidecar {
  readonly checksum: number;
  readonly bytes: ArrayBuffer;
}

/** What lies in the database of one asset. */
export interface Found extends Stored {
  readonly record: StoredRecord | undefined;
}

export const assetKeyOf = (key: string): IDBValidKey => ['asset', key];

export const runKeyOf = (key: string, generation: number, { chunk, start, length, checksum }: Run): RunKey => [
  'run',
  key,
  generation,
  chunk,
  start,
  length,
  checksum,
];

export const runOfKey = ([, , , chunk, start, length, checksum]: RunKey): Run => ({ chunk, start, length, checksum });

export const sidecarKeyOf = (key: string, generation: number, name: string): IDBValidKey => ['side', key, generation, name];

/** All keys that begin with `prefix`: an array sorts after every number and text. */
export const keysUnder = (...prefix: (string | number)[]): IDBKeyRange => IDBKeyRange.bound(prefix, [...prefix, []]);

/** The record of an asset, if there is one. */
export const readRecord = (store: IDBObjectStore, key: string): Promise<StoredRecord | undefined> =>
  promisifyRequest(store.get(assetKeyOf(key)));

/** The records of all assets. */
export const readRecords = (store: IDBObjectStore): Promise<StoredRecord[]> => promisifyRequest(store.getAll(keysUnder('asset')));

/** Reads what is stored of an asset: its record, and the runs of its generation. */
export async function readAsset(store: IDBObjectStore, key: string): Promise<Found> {
  const [record, keys] = await Promise.all([
    readRecord(store, key),
    promisifyRequest(store.getAllKeys(keysUnder('run', key))) as Promise<RunKey[]>,
  ]);
  return { record, runs: keys.filter(([, , generation]) => generation === record?.generation).map(runOfKey) };
}

/** Deletes an asset with all its parts. */
export function deleteAsset(store: IDBObjectStore, key: string): void {
  store.delete(assetKeyOf(key));
  store.delete(keysUnder('run', key));
  store.delete(keysUnder('side', key));
}
