import type { AulosError } from '../errors.ts';
import type { Checksum } from './crc32.ts';
import type { Run } from './record.ts';
import type { AssetFacts, AssetStore } from './store.ts';

/** What is recorded of an asset besides its bytes. */
export interface AssetRecord {
  readonly key: string;
  /** 0 while it has no facts yet. */
  readonly generation: number;
  readonly facts: AssetFacts | undefined;
  readonly committed: boolean;
  readonly pinned: boolean;
  /** Order of last use, see {@link LruRecord.sequence}. */
  readonly sequence: number;
}

/** What every process that has an asset open may record of it, not only the one that writes it. */
export type Marks = Pick<AssetRecord, 'pinned' | 'sequence'>;

/** An asset as it lies on a medium while nobody has it open. */
export interface StoredAsset extends AssetRecord {
  readonly heldBytes: number;
  /** Held bytes and sidecars. */
  readonly storedBytes: number;
}

/** What lies on a medium of one asset. */
export interface Stored {
  readonly record: AssetRecord | undefined;
  /** In the order in which they were recorded. */
  readonly runs: readonly Run[];
}

/** Bytes to store. */
export interface Piece {
  /** The run as it shall be recorded. */
  readonly run: Run;
  /** The run it grew from, which it replaces. */
  readonly grownFrom: Run | undefined;
  /** All bytes of the run; on a medium whose runs grow in place only those behind `grownFrom`. Valid until the write settles. */
  readonly bytes: Uint8Array;
}

/**
 * One asset on a medium: thin, without policy. Calls that change it come one at a time, except that `load` may come at any moment, and two
 * writes at once where {@link Medium.takesBatchesAhead}.
 * Every method rejects with an AulosError `store.*`; `store.full` means that making room and trying again is worth it.
 */
export interface Volume {
  /** As found at opening; undefined for a new asset. */
  readonly record: AssetRecord | undefined;
  /** The highest number that a generation of it has had; absent on a medium where `record` is never lost without the rest. */
  readonly highest?: number;
  /** Runs found at opening, in the order in which they were recorded. */
  readonly runs: readonly Run[];
  /** True if nothing here outlives the process. */
  readonly volatile: boolean;
  /** Why this lies in memory and not on its medium, see `Asset.failure`. */
  readonly failure?: AulosError;
  /** Bytes of all sidecars of the current generation. */
  readonly sidecarBytes: number;
  /** True while another process writes this asset, see `Asset.follows`; always false on a medium of one process. */
  readonly follows: boolean;
  /** True if another process has the asset open too; absent on a medium of one process. */
  isOpenElsewhere?(): Promise<boolean>;
  /** Called when another process may have stored more, and when `follows` turned false. */
  onChanged: (() => void) | undefined;
  /** What is stored now, by whomever. Of runs at least those that were not there at opening or the last `reread`. */
  reread(): Promise<Stored>;
  /** Replaces everything but a pin, in one step, by an empty generation above `record.generation`, and gives its number. */
  begin(record: AssetRecord): Promise<number>;
  /** Records changed facts of the current generation. */
  describe(record: AssetRecord): Promise<void>;
  /**
   * Records `marks`, and leaves the others as whoever recorded them left them. `record` is for an asset of which nothing is recorded. Gives
   * what is recorded then; undefined if another process has deleted the asset.
   */
  mark(record: AssetRecord, marks: Partial<Marks>): Promise<AssetRecord | undefined>;
  /** Stores pieces; they can be loaded afterwards. A record is never stored before its bytes. */
  write(pieces: readonly Piece[]): Promise<void>;
  /** Makes durable what was written. */
  sync(): Promise<void>;
  /**
   * The bytes of a run, as they are: the caller verifies them. Undefined if they are missing. They may lie at the start of `spare`, which
   * has room for any run and is the medium's until this settles.
   */
  load(run: Run, spare?: Uint8Array): Promise<Uint8Array | undefined>;
  /** Forgets a run whose bytes are damaged. */
  drop(run: Run): Promise<void>;
  /** Deletes the asset; a later `begin` starts it anew. */
  erase(): Promise<void>;
  readSidecar(name: string): Promise<Uint8Array | undefined>;
  writeSidecar(name: string, bytes: Uint8Array): Promise<void>;
  /** Lets go. `runs` are all that are left, so that records of others can be tidied away. */
  close(runs: readonly Run[]): Promise<void>;
}

/** Where a store's assets lie: one implementation per platform, on which `createStoreOn` builds all that is alike. */
export interface Medium {
  readonly checksum: Checksum;
  /** A run's new bytes are written behind its old ones; else a grown run is one value that is written whole. */
  readonly growsInPlace: boolean;
  /** Bytes that are written in one go. */
  readonly batchBytes: number;
  /** A batch may be handed over while the one before it is under way: they take effect in that order. */
  readonly takesBatchesAhead: boolean;
  /** Bytes of an open asset that are kept in memory after they were stored, so that a reader close behind the writer never waits. */
  readonly residentBytes: number;
  /** A write resolves only when it is durable. */
  readonly syncsEachWrite: boolean;
  open(key: string): Promise<Volume>;
  list(): Promise<StoredAsset[]>;
  /**
   * Deletes an asset that is not open here.
   * @throws AulosError `store.locked` if another process has it open, or `unlessPinned` is true and it is.
   */
  delete(key: string, unlessPinned?: boolean): Promise<void>;
  /** Does what {@link AssetStore.persist} says. */
  persist(): Promise<boolean>;
  close(): Promise<void>;
}
