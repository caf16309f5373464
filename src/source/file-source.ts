import { type Clock, systemClock } from '../base/clock.ts';
import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import { Wake } from '../base/wake.ts';
import { AulosError, redactUrl } from '../errors.ts';
import { EventScope } from '../events/bus.ts';
import type { MediaInfo } from '../media.ts';
import type { RangeClient } from '../net/client.ts';
import type { RetryPolicy } from '../net/retry.ts';
import { assetKey } from '../store/key.ts';
import type { Asset, AssetStore } from '../store/store.ts';
import { type ConnectionLimits, Connections } from './connections.ts';
import { Driver } from './driver.ts';
import { isDue, type Revalidate } from './freshness.ts';
import { type Indexer, IndexKeeper } from './index-keeper.ts';
import { ENDLESS_BYTES } from './live.ts';
import type { Origin } from './origin.ts';
import { PhaseMachine } from './phase.ts';
import { AssetReader, closedError } from './reader.ts';
import type { SegmentIndex } from './segment-index.ts';
import type { FileSource, Phase, Readiness, SidecarShelf, SourceReader } from './source.ts';
import { clientOfStream } from './stream-client.ts';

/** What all sources of one {@link Sources} share. They own neither the client nor the store. */
export interface SourcesOptions {
  readonly client: RangeClient;
  readonly store: AssetStore;
  /** Parent of each source's event scope `source`. */
  readonly events?: EventScope;
  readonly retry?: Partial<RetryPolicy>;
  /** Connections of all sources together. */
  readonly connections?: Partial<ConnectionLimits>;
  readonly indexer?: Indexer;
  readonly clock?: Clock;
}

/** What is opened. */
export interface OpenOptions extends Origin {
  /** Names the asset in the store; see `assetKey`. Openers of one key share one download. */
  readonly key: string;
  /** Fetch every byte, or only what is read and played. @default true */
  readonly whole?: boolean;
  /** What becomes of the download when this opener is the last one to leave. @default 'pause' */
  readonly onIdle?: 'continue' | 'pause';
  /** When the server is asked whether what is held is still its version. @default 'never' */
  readonly revalidate?: Revalidate;
}

/** What becomes of the bytes. */
interface Keeping {
  readonly endlessAfter: number;
  /** Nothing of them outlives the source. */
  readonly isTemporary: boolean;
}

/** Opens sources over one client and one store, so that all openers of one key share one download. */
export class Sources {
  readonly #options: SourcesOptions;
  readonly #connections: Connections;
  readonly #downloads = new Map<string, Promise<Download>>();
  #isClosed = false;

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.#connections = new Connections(options.connections);
  }

  /** Resolves as soon as the store has told what is held; the network is not waited for. @throws AulosError `store.*`, `source.closed`. */
  open(options: OpenOptions): Promise<FileSource> {
    const keeping = { endlessAfter: ENDLESS_BYTES, isTemporary: false };
    return this.#open(options, () => Download.open(options, keeping, this.#options, this.#connections, () => this.#leave(options)));
  }

  /**
   * Opens a stream of bytes, which it owns: it is read once, in order, and cancelled when the source is closed; so long the store holds it.
   * @throws AulosError `input.invalid` if somebody else reads the stream; `store.*`.
   */
  async openStream(stream: ReadableStream<Uint8Array>, options: Omit<OpenOptions, 'url' | 'key'> = {}): Promise<FileSource> {
    const client = clientOfStream(stream);
    const url = `stream:${crypto.getRandomValues(new Uint32Array(4)).join('-')}`;
    const origin = { ...options, url, key: assetKey(url) };
    const keeping = { endlessAfter: Infinity, isTemporary: true };
    const shared = { ...this.#options, client };
    const onClosed = () => {
      this.#leave(origin);
      void client.close();
    };
    return this.#open(origin, () => Download.open(origin, keeping, shared, new Connections(), onClosed));
  }

  async #open(options: OpenOptions, begin: () => Promise<Download>): Promise<FileSource> {
    for (;;) {
      if (this.#isClosed) throw closedError(options.url);
      const download = await this.#downloadOf(options, begin);
      const source = download.join(options);
      if (source) return source;
      await download.close(); // it was leaving: the next one begins where it ends
    }
  }

  /** Closes every download, those that go on without an opener too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const downloads = await Promise.allSettled(this.#downloads.values());
    this.#downloads.clear();
    await Promise.all(downloads.map((result) => result.status === 'fulfilled' && result.value.close()));
  }

  #leave({ key }: OpenOptions): void {
    this.#downloads.delete(key);
  }

  #downloadOf({ key }: OpenOptions, begin: () => Promise<Download>): Promise<Download> {
    let download = this.#downloads.get(key);
    if (!download) {
      download = begin();
      this.#downloads.set(key, download);
      download.catch(() => this.#downloads.delete(key));
    }
    return download;
  }
}

/** Opens one source that shares its download with nobody. */
export function openFileSource(options: SourcesOptions & OpenOptions): Promise<FileSource> {
  return new Sources(options).open(options);
}

/** One asset being fetched, and who has it open. */
class Download {
  /** What names its bytes; undefined where nothing of them outlives it. */
  readonly key: string | undefined;
  readonly driver: Driver;
  readonly phase: PhaseMachine;
  readonly events: EventScope;
  readonly index: IndexKeeper;
  /** Signals each transition, and whatever else ends a wait for Complete. */
  readonly phaseChange = new Wake();
  readonly #openers = new Set<OpenSource>();
  readonly #onClosed: () => void;
  #closed: Promise<void> | undefined;
  /** What was announced last. */
  #announced: { readonly generation: number; readonly isExact: boolean } | undefined;

  static async open(
    options: OpenOptions,
    keeping: Keeping,
    shared: SourcesOptions,
    connections: Connections,
    onClosed: () => void,
  ): Promise<Download> {
    const asset = await shared.store.open(options.key);
    const length = asset.facts?.length;
    // Killed between the last byte and the commit: nothing is missing but the mark, or a look at its end or its digest.
    if (!asset.committed && length && !asset.facts?.digest && !asset.facts?.lengthClaimed && asset.held.contains({ start: 0, end: length }))
      await asset.commit(length).catch(() => {});
    return new Download(asset, options, keeping, shared, connections, onClosed);
  }

  private constructor(
    asset: Asset,
    options: OpenOptions,
    keeping: Keeping,
    shared: SourcesOptions,
    connections: Connections,
    onClosed: () => void,
  ) {
    this.#onClosed = onClosed;
    this.key = keeping.isTemporary ? undefined : options.key;
    this.events = new EventScope('source', shared.events);
    this.phase = new PhaseMachine(asset.committed ? 'complete' : 'init', (from, to) => {
      this.events.publish('source.phase', { from, to });
      this.phaseChange.signal();
    });
    this.driver = new Driver(options, {
      client: shared.client,
      connections,
      asset,
      phase: this.phase,
      events: this.events,
      clock: shared.clock ?? systemClock,
      retry: shared.retry,
      ...keeping,
      onComplete: () => void this.index.get(new AbortController().signal),
      onGeneration: () => this.index.reset(),
      onChange: () => this.phaseChange.signal(),
    });
    this.index = new IndexKeeper(shared.indexer, () => new AssetReader(this.driver, options.url, () => {}), asset, this.events);
    this.events.publish('source.opened', { url: redactUrl(options.url) });
    const { length } = this.driver;
    if (length !== undefined) this.events.publish('source.length', { length });
  }

  /** A new opener; undefined if the last one has just left. Its URL is the freshest, and its coming is a wish to try again. */
  join(options: OpenOptions): OpenSource | undefined {
    if (this.driver.isClosed) return undefined;
    this.driver.moveTo(options);
    this.driver.retry();
    if (isDue(options.revalidate ?? 'never', this.driver.asset.facts?.confirmedAt, Date.now())) this.driver.revalidate();
    const source = new OpenSource(this, options);
    this.#openers.add(source);
    this.phaseChange.signal();
    return source;
  }

  /** Tells what was found in this generation, and plans the look-ahead by it. */
  announce(info: MediaInfo): void {
    const { generation } = this.driver.asset;
    const isExact = info.durationIsExact;
    if (this.#announced?.generation === generation && (this.#announced.isExact || !isExact)) return;
    this.#announced = { generation, isExact };
    this.driver.bitRate = info.bitRate;
    this.events.publish('source.mediaInfo', { info });
  }

  /** The last one to leave ends the download, now or when it has ended by itself. */
  async leave(source: OpenSource, onIdle: 'continue' | 'pause', stopWanting: () => void): Promise<void> {
    this.#openers.delete(source);
    if (this.#openers.size > 0) return stopWanting();
    if (onIdle === 'pause') return this.close();
    void this.#continue(stopWanting).catch(() => {}); // nobody is left to tell
  }

  async #continue(stopWanting: () => void): Promise<void> {
    while (this.#openers.size === 0 && !this.driver.isClosed) {
      if (this.phase.current === 'complete' || this.phase.current === 'failed') return this.close();
      await this.phaseChange.after(this.phaseChange.count);
    }
    stopWanting();
  }

  /** Ends the download, whoever has it open. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.index.reset();
    const closing = this.driver.close();
    this.phaseChange.signal();
    await closing;
    this.#onClosed();
  }
}

/** One opener's view of a shared download. */
class OpenSource implements FileSource {
  readonly url: string;
  readonly key: string | undefined;
  readonly #download: Download;
  readonly #onIdle: 'continue' | 'pause';
  readonly #readers = new Set<SourceReader>();
  readonly #stopWanting: () => void;
  #closed: Promise<void> | undefined;

  constructor(download: Download, { url, whole = true, onIdle = 'pause' }: OpenOptions) {
    this.url = url;
    this.key = download.key;
    this.#download = download;
    this.#onIdle = onIdle;
    this.#stopWanting = whole ? download.driver.wantWhole() : () => {};
  }

  get phase(): Phase {
    return this.#download.phase.current;
  }

  get phaseCell(): Int32Array {
    return this.#download.phase.cell;
  }

  get generation(): number {
    return this.#download.driver.bytes.generation;
  }

  get held(): ReadonlyRangeSet {
    return this.#download.driver.bytes.held;
  }

  get length(): number | undefined {
    return this.#download.driver.length;
  }

  get isLive(): boolean {
    return this.#download.driver.isLive;
  }

  get mediaType(): string {
    return this.#download.driver.bytes.facts?.mediaType ?? '';
  }

  get error(): AulosError | undefined {
    return this.#download.driver.error;
  }

  get traffic(): FileSource['traffic'] {
    return this.#download.driver.traffic;
  }

  get events(): EventScope {
    return this.#download.events;
  }

  phaseAt(range: ByteRange): Readiness {
    return this.#closed ? { name: 'closed' } : this.#download.driver.readinessOf(range);
  }

  reader(): SourceReader {
    const reader = new AssetReader(this.#download.driver, this.url, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    if (this.#closed) reader.close();
    return reader;
  }

  async completed(signal: AbortSignal): Promise<void> {
    const stopWanting = this.#download.driver.wantWhole();
    try {
      for (;;) {
        if (this.#closed || this.#download.driver.isClosed) throw closedError(this.url);
        if (this.phase === 'complete' && !this.#download.driver.isHeldBack) return;
        if (this.error) throw this.error;
        if (this.isLive) throw liveError(this.url);
        if (this.#download.driver.fullCause) throw this.#download.driver.fullCause;
        await this.#download.phaseChange.after(this.#download.phaseChange.count, signal);
      }
    } finally {
      stopWanting();
    }
  }

  async segmentIndex(signal: AbortSignal): Promise<SegmentIndex | undefined> {
    await this.completed(signal);
    return this.#download.index.get(signal);
  }

  get sidecars(): SidecarShelf {
    return this.#download.driver.asset;
  }

  announce(info: MediaInfo): void {
    this.#download.announce(info);
  }

  retry(): void {
    if (!this.#closed) this.#download.driver.retry();
  }

  close(): Promise<void> {
    this.#closed ??= this.#leave();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #leave(): Promise<void> {
    for (const reader of this.#readers) reader.close();
    this.#download.phaseChange.signal(); // whoever waits for `completed` here looks again
    await this.#download.leave(this, this.#onIdle, this.#stopWanting);
  }
}

function liveError(from: string): AulosError {
  const url = redactUrl(from);
  return new AulosError('source.live', { url }, `${url} has no end, so it cannot be had whole`);
}
