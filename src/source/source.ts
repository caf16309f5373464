import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { MediaInfo } from '../media.ts';
import type { SegmentIndex } from './segment-index.ts';

/** Async ranged reads over a resource whose bytes may still be arriving. A {@link SourceReader} is one; tests have others. */
export interface ByteSource {
  /** Total length in bytes; undefined while unknown. */
  readonly length: number | undefined;
  /** Media type that the server announced, without parameters; '' if none. */
  readonly mediaType: string;
  /** True once it is known to have no end. */
  readonly isLive?: boolean;
  /**
   * Gives the bytes from `range.start`: at least `atLeast` (default: the whole range), at most the whole range; fewer only at the end
   * of the resource (so an empty view means that `start` is at or past the end). Waits for missing bytes, which raises demand.
   * The view is immutable and may be kept.
   * @throws AulosError of the source (`net.*`, `http.*`, `asset.changed`, `source.closed`); `signal.reason` when aborted.
   */
  read(range: ByteRange, signal: AbortSignal, atLeast?: number): Promise<Uint8Array>;
}

/** Where small derived things are kept between runs, beside the bytes they are of; an asset is one. */
export interface SidecarShelf {
  readSidecar(name: string): Promise<Uint8Array | undefined>;
  writeSidecar(name: string, bytes: Uint8Array): Promise<void>;
}

/** Where a source is in its life; see `phase.ts` for the legal moves. */
export type Phase = 'init' | 'downloading' | 'complete' | 'failed';

/** What a read of a range would meet right now. */
export type Readiness =
  | { readonly name: 'closed' }
  | { readonly name: 'ended' }
  | { readonly name: 'ready' }
  | { readonly name: 'failed'; readonly error: AulosError }
  | { readonly name: 'waiting'; readonly missing: ByteRange };

/** One consumer's view of a source. It reads, raises demand, and withdraws it when closed. */
export interface SourceReader extends ByteSource {
  /** Bytes of `range` if all of them can be had without the network; undefined otherwise. Raises no demand. */
  tryRead(range: ByteRange): Promise<Uint8Array | undefined>;
  /** Says from which byte on this reader plays, so that the look-ahead is fetched before the rest. */
  playFrom(offset: number): void;
  /** What a station says it plays from the sound at byte `offset` on, which was read; undefined if it says nothing of it. */
  titleAt?(offset: number): string | undefined;
  /** Withdraws demand; pending reads reject with `source.closed`. */
  close(): void;
}

/**
 * A remote (or local) file that can be read and sought while it arrives. Opening returns at once; length and media type follow with
 * the first response. All openers of one cache key in a process share one download.
 */
export interface FileSource extends AsyncDisposable {
  readonly url: string;
  /** Names the asset in the store; undefined for a local file, which has none. */
  readonly key: string | undefined;
  readonly phase: Phase;
  /** The cell behind `phase`: index into {@link PHASES}; a SharedArrayBuffer where there is one. */
  readonly phaseCell: Int32Array;
  /** Increases each time the resource turned out to be another version. */
  readonly generation: number;
  readonly held: ReadonlyRangeSet;
  readonly length: number | undefined;
  /** True once it is known to have no end: nothing of it is kept, and its readers must keep up (`source.behind`). */
  readonly isLive: boolean;
  readonly mediaType: string;
  /** The terminal error while `phase` is `failed`. */
  readonly error: AulosError | undefined;
  /** Bytes taken from response bodies and bytes read from the store by this source, so far. */
  readonly traffic: { readonly network: number; readonly store: number; readonly requests: number };
  /** Events `source.*` of this source. */
  readonly events: EventScope;
  phaseAt(range: ByteRange): Readiness;
  reader(): SourceReader;
  /** Resolves on Complete. @throws the terminal error; `source.live`; `signal.reason`. Keeps the download going while it waits. */
  completed(signal: AbortSignal): Promise<void>;
  /** The one-shot index of a fragmented MP4, built on the first Complete edge; undefined if the file is none or it cannot be had. */
  segmentIndex(signal: AbortSignal): Promise<SegmentIndex | undefined>;
  /** Small things that are kept with these bytes; undefined where nothing is kept. */
  readonly sidecars: SidecarShelf | undefined;
  /** Tells what the prober found, for the `source.mediaInfo` event: once, and again when there is more to tell. */
  announce(info: MediaInfo): void;
  /** Leaves Failed: tries again with a fresh budget, keeping what is held. */
  retry(): void;
  /** Withdraws this opener; the last one leaving follows `onIdle`. Idempotent. */
  close(): Promise<void>;
}
