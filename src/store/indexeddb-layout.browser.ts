import { promisifyRequest } from './indexeddb-transaction.browser.ts';
import type { Stored, StoredAsset } from './medium.ts';
import { type Run, rangeOf } from './record.ts';
import { RunTable } from './run-table.ts';

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

/**
 * The bytes of a run; undefined if they are missing. Another tab may have let the run grow, or may have stored a longer one in its place: then
 * they are a part of that.
 */
export async function readRun(store: IDBObjectStore, key: string, generation: number, run: Run): Promise<Uint8Array | undefined> {
  const bytes: unknown = await promisifyRequest(store.get(runKeyOf(key, generation, run)));
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes);
  const keys = (await promisifyRequest(store.getAllKeys(keysUnder('run', key, generation, run.chunk)))) as RunKey[];
  const longer = keys.map(runOfKey).find((other) => holds(other, run));
  const whole: unknown = longer && (await promisifyRequest(store.get(runKeyOf(key, generation, longer))));
  return whole instanceof ArrayBuffer ? new Uint8Array(whole).slice(run.start - longer!.start).subarray(0, run.length) : undefined;
}

/** Deletes runs that others cover: two tabs may have stored the same bytes in different runs. Gives the bytes of those that are left. */
export async function deleteCoveredRuns(store: IDBObjectStore, key: string, generation: number): Promise<number> {
  const keys = (await promisifyRequest(store.getAllKeys(keysUnder('run', key, generation)))) as RunKey[];
  const all = keys.map(runOfKey);
  const runs = new RunTable(all);
  for (const [i, run] of all.entries()) {
    const covering = runs.covering(rangeOf(run).start);
    if (covering && covering !== run && holds(covering, run)) store.delete(keys[i]);
  }
  return runs.bytes;
}

/** True if `part` lies in `run`. */
const holds = (run: Run, part: Run): boolean =>
  run.chunk === part.chunk && run.start <= part.start && part.start + part.length <= run.start + run.length;
