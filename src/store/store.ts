import type { Digest } from '../base/digest.ts';
import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import type { Validator } from '../base/validator.ts';
import type { AulosError } from '../errors.ts';

/** Facts of one version of a resource, recorded with its bytes. */
export interface AssetFacts {
  /** Where it came from, without fragment. */
  readonly url: string;
  readonly mediaType: string;
  readonly validator: Validator;
  /** Bytes in all, once known. */
  readonly length?: number;
  /** True while `length` is only what an unverified range claims: more may follow, which is asked before the commit. */
  readonly lengthClaimed?: boolean;
  /** Ranges were answered without a readable Content-Range, or the length was never said: every resume probes the overlap. */
  readonly unverified?: boolean;
  /** What all its bytes together hash to, if the server said so. They are held against it before they are committed. */
  readonly digest?: Digest;
  /** When the server last said that this is its version, in Unix milliseconds. The clock that said so may have been wrong by years. */
  readonly confirmedAt?: number;
}

/**
 * Terminology. An *asset* is the stored bytes of one resource under one key. A *generation* is one version of it; generations count up and
 * two are never joined. A range is *held* once `write` resolved: it can be read at once. It is *durable* after `flush`.
 */
export interface Asset {
  readonly key: string;
  /** 0 before the first {@link begin}. */
  readonly generation: number;
  /** Undefined before the first {@link begin}. */
  readonly facts: AssetFacts | undefined;
  /** Held bytes of this generation; live. */
  readonly held: ReadonlyRangeSet;
  /** True once committed: every byte of `[0, length)` was held, and made durable. */
  readonly committed: boolean;
  /** True if nothing of this asset outlives the process (no store, or the store filled up). */
  readonly volatile: boolean;
  /** What the store failed with, if that is why this asset is volatile; a store that is memory by choice has not failed. */
  readonly failure: AulosError | undefined;
  /**
   * True while another process fetches this asset: what that one stores comes into `held` by itself, and fetching it here as well would
   * only cost traffic. It turns false when the other one lets go, dies or falls silent. A follower may write, but not replace a generation.
   */
  readonly follows: boolean;
  /**
   * Bytes of `range`, all of which must be held. The view is immutable and may be kept. A run that fails its checksum on its first read
   * leaves `held` and is told by `onHealed`.
   * @returns undefined when some of the range is not, or no longer, held.
   */
  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /**
   * Starts a new generation: earlier bytes, commit and sidecars are dropped. Gives its number, which the medium may learn a little later, but
   * before anything else of it: a process that is killed until then leaves what there was before.
   */
  begin(facts: AssetFacts): Promise<number>;
  /** Adds to the facts of the current generation (a length learned late, a validator). */
  describe(facts: Partial<AssetFacts>): Promise<void>;
  /**
   * Stores `bytes` at `offset`, in any order; the store copies what it must, the caller keeps its array. Resolves when the range is
   * readable, which may wait for earlier writes to drain (back-pressure, at most 4 MiB are in flight). A stale `generation` is ignored.
   * A store that is full or fails is no error: the asset turns volatile, keeps its last 8 MiB in memory and lets older bytes leave `held`.
   */
  write(generation: number, offset: number, bytes: Uint8Array): Promise<void>;
  /** Makes all that is held durable. */
  flush(): Promise<void>;
  /** Marks the generation whole: flushes, records `length`. @throws AulosError `asset.integrity` unless `held` covers `[0, length)`. */
  commit(length: number): Promise<void>;
  /** Throws the asset's bytes away: what arrived was not the media. */
  evict(): Promise<void>;
  /** A small derived artefact of this generation, if there is a sound one. */
  readSidecar(name: string): Promise<Uint8Array | undefined>;
  /** Replaces a sidecar atomically; at most 16 MiB. `name` is 1–32 characters of `[a-z0-9-]`. */
  writeSidecar(name: string, bytes: Uint8Array): Promise<void>;
  /** Keeps the asset from eviction until unpinned; durable. */
  pin(pinned: boolean): Promise<void>;
  /** Called when a stored run turned out to be damaged and was dropped from `held`. */
  onHealed: ((range: ByteRange) => void) | undefined;
  /** Called once with the {@link failure} when the store took no more (any `store.*`) and the asset went on in memory. */
  onFull: ((cause: AulosError) => void) | undefined;
  /** Called when another process changed `held`, `facts`, `committed` or `generation`, and when `follows` turned false. */
  onChanged: (() => void) | undefined;
  /** Flushes and lets go; the handle is dead afterwards. Idempotent. */
  close(): Promise<void>;
}

/** What `list` and `stat` tell of an asset. */
export interface AssetStat {
  readonly key: string;
  readonly facts: AssetFacts | undefined;
  readonly heldBytes: number;
  readonly committed: boolean;
  readonly pinned: boolean;
}

/** What {@link AssetStore.verify} found. */
export interface Verification {
  /** Assets and bytes that were looked at. */
  readonly assets: number;
  readonly bytes: number;
  /** What was dropped. */
  readonly damaged: readonly { readonly key: string; readonly range: ByteRange }[];
}

/** Holds assets by key. Keys come from {@link assetKey}; nothing else of a URL reaches the medium. */
export interface AssetStore {
  /** Opens an asset, empty if it is new. Handles of one key in one store share their state. @throws AulosError `store.*`. */
  open(key: string): Promise<Asset>;
  list(): Promise<AssetStat[]>;
  stat(key: string): Promise<AssetStat | undefined>;
  /** Deletes an asset; one that is open here is emptied. @throws AulosError `store.locked` while another process has it open. */
  delete(key: string): Promise<void>;
  /** Deletes everything that is not open, here or in another process. */
  clear(): Promise<void>;
  /** Evicts, least recently used first, until at most `maxBytes` are stored. Gives what is stored then: pinned and open assets stay. */
  trim(maxBytes: number): Promise<number>;
  /** Reads all that is stored. What is damaged leaves `held`, for good, and is fetched again when it is wanted. @throws `signal.reason` */
  verify(signal?: AbortSignal): Promise<Verification>;
  /** Asks that what is stored outlives a shortage of space. False if the platform may still take it away, or does not answer. */
  persist(): Promise<boolean>;
  /** Makes all that is held of open assets durable. */
  flush(): Promise<void>;
  /** Flushes and closes all assets and the medium. */
  close(): Promise<void>;
}

/** Limits of a store. */
export interface StoreLimits {
  readonly maxBytes: number;
  readonly maxAssets: number;
}
