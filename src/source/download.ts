import { type Clock, systemClock } from '../base/clock.ts';
import { Wake } from '../base/wake.ts';
import { redactUrl } from '../errors.ts';
import { EventScope } from '../events/bus.ts';
import type { MediaInfo } from '../media.ts';
import type { RangeClient } from '../net/client.ts';
import type { RetryPolicy } from '../net/retry.ts';
import type { Asset, AssetStore } from '../store/store.ts';
import type { ConnectionLimits, Connections } from './connections.ts';
import { Driver } from './driver.ts';
import { isDue, type Revalidate } from './freshness.ts';
import { type Indexer, IndexKeeper } from './index-keeper.ts';
import { isNews } from './media-news.ts';
import type { Origin } from './origin.ts';
import { PhaseMachine } from './phase.ts';
import { AssetReader } from './reader.ts';
import type { Refuge } from './refuge.ts';
import type { FileSource } from './source.ts';

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
  /** Ends the wait for the store; the source that was opened lives on. */
  readonly signal?: AbortSignal;
}

/** What becomes of the bytes. */
export interface Keeping {
  readonly endlessAfter: number;
  /** Nothing of them outlives the source. */
  readonly isTemporary: boolean;
}

/** One asset being fetched, and who has it open. */
export class Download {
  /** What names its bytes; undefined where nothing of them outlives it. */
  readonly key: string | undefined;
  readonly driver: Driver;
  readonly phase: PhaseMachine;
  readonly events: EventScope;
  readonly index: IndexKeeper;
  /** Signals each transition, and whatever else ends a wait for Complete. */
  readonly phaseChange = new Wake();
  readonly #openers = new Set<FileSource>();
  readonly #onClosed: () => void;
  #closed: Promise<void> | undefined;
  /** What was announced last. */
  #announced: { readonly generation: number; readonly info: MediaInfo } | undefined;

  static async open(
    options: OpenOptions,
    keeping: Keeping,
    shared: SourcesOptions,
    refuge: Refuge,
    connections: Connections,
    onClosed: () => void,
  ): Promise<Download> {
    const { asset, refusal } = await refuge.open(options.key);
    const length = asset.facts?.length;
    // Killed between the last byte and the commit: nothing is missing but the mark, or a look at its end or its digest.
    if (!asset.committed && length && !asset.facts?.digest && !asset.facts?.lengthClaimed && asset.held.contains({ start: 0, end: length }))
      await asset.commit(length).catch(() => {});
    const download = new Download(asset, options, keeping, shared, connections, onClosed);
    const error = refusal ?? asset.failure;
    if (error) download.events.publish('store.unavailable', { key: asset.key, error });
    return download;
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
    const { length } = this.driver.standing;
    if (length !== undefined) this.events.publish('source.length', { length });
  }

  /** A new opener: its URL is the freshest, and its coming is a wish to try again. */
  join(opener: FileSource, options: OpenOptions): void {
    this.driver.moveTo(options);
    this.driver.retry();
    if (isDue(options.revalidate ?? 'never', this.driver.asset.facts?.confirmedAt, Date.now())) this.driver.revalidate();
    this.#openers.add(opener);
    this.phaseChange.signal();
  }

  /** Tells what was found in this generation, and plans the look-ahead by it. */
  announce(info: MediaInfo): void {
    const { generation } = this.driver.asset;
    if (this.#announced?.generation === generation && !isNews(info, this.#announced.info)) return;
    this.#announced = { generation, info };
    this.driver.bitRate = info.bitRate;
    this.events.publish('source.mediaInfo', { info });
  }

  /** The last one to leave ends the download, now or when it has ended by itself. */
  async leave(opener: FileSource, onIdle: 'continue' | 'pause', stopWanting: () => void): Promise<void> {
    this.#openers.delete(opener);
    if (this.#openers.size > 0) return stopWanting();
    if (onIdle === 'pause') return this.close();
    void this.#continue(stopWanting).catch(() => {}); // nobody is left to tell
  }

  async #continue(stopWanting: () => void): Promise<void> {
    while (this.#openers.size === 0 && !this.driver.standing.isClosed) {
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
