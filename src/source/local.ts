import { raceAbort } from '../base/abort.ts';
import { type ByteRange, RangeSet, type ReadonlyRangeSet } from '../base/ranges.ts';
import { type AulosError, redactUrl } from '../errors.ts';
import { EventScope } from '../events/bus.ts';
import type { MediaInfo } from '../media.ts';
import { type Indexer, IndexKeeper } from './index-keeper.ts';
import { isNews } from './media-news.ts';
import { PhaseMachine, phaseAt } from './phase.ts';
import { closedError } from './reader.ts';
import type { SegmentIndex } from './segment-index.ts';
import type { FileSource, Phase, Readiness, SourceReader } from './source.ts';

/** Bytes that are all at hand. */
export interface LocalBytes {
  /** Names them in events and messages. */
  readonly url: string;
  readonly length: number;
  readonly mediaType: string;
  /** Bytes of a range inside `[0, length)`; the receiver's. @throws AulosError `store.io`, `asset.changed` */
  read(range: ByteRange): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** What comes with a local source. */
export interface LocalOptions {
  /** Parent of its event scope `source`. */
  readonly events?: EventScope;
  readonly indexer?: Indexer;
}

/** Opens a Blob or File. Nothing is copied to a store. */
export function openBlobSource(blob: Blob, options: LocalOptions = {}): FileSource {
  const name = 'name' in blob && typeof blob.name === 'string' ? blob.name : 'blob';
  const bytes: LocalBytes = {
    url: `blob:${encodeURIComponent(name)}`,
    length: blob.size,
    mediaType: blob.type.split(';', 1)[0],
    read: async ({ start, end }) => new Uint8Array(await blob.slice(start, end).arrayBuffer()),
    close: async () => {},
  };
  return new LocalSource(bytes, options);
}

/** A source that was Complete from the start, and owns `bytes`. */
export class LocalSource implements FileSource {
  readonly url: string;
  readonly key = undefined;
  readonly sidecars = undefined;
  readonly phaseCell: Int32Array;
  readonly generation = 1;
  readonly held: ReadonlyRangeSet;
  readonly length: number;
  readonly isLive = false;
  readonly mediaType: string;
  readonly error: AulosError | undefined = undefined;
  readonly traffic = { network: 0, store: 0, requests: 0 };
  readonly events: EventScope;
  readonly #bytes: LocalBytes;
  readonly #phase = new PhaseMachine('complete', () => {});
  readonly #readers = new Set<LocalReader>();
  readonly #index: IndexKeeper;
  #announced: MediaInfo | undefined;
  #closed: Promise<void> | undefined;

  constructor(bytes: LocalBytes, { events, indexer }: LocalOptions) {
    this.url = bytes.url;
    this.length = bytes.length;
    this.mediaType = bytes.mediaType;
    this.held = new RangeSet([{ start: 0, end: bytes.length }]);
    this.events = new EventScope('source', events);
    this.phaseCell = this.#phase.cell;
    this.#bytes = bytes;
    this.#index = new IndexKeeper(indexer, () => this.reader(), undefined, this.events);
    this.events.publish('source.opened', { url: redactUrl(this.url) });
    this.events.publish('source.length', { length: this.length });
  }

  get phase(): Phase {
    return this.#phase.current;
  }

  phaseAt(range: ByteRange): Readiness {
    const { held, length } = this;
    return phaseAt(range, { held, length, committed: true, error: undefined, closed: this.#closed !== undefined });
  }

  reader(): SourceReader {
    const reader = new LocalReader(this, (range) => this.#read(range));
    this.#readers.add(reader);
    return reader;
  }

  async completed(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#closed) throw closedError(this.url);
  }

  async segmentIndex(signal: AbortSignal): Promise<SegmentIndex | undefined> {
    await this.completed(signal);
    return this.#index.get(signal);
  }

  announce(info: MediaInfo): void {
    if (!isNews(info, this.#announced)) return;
    this.#announced = info;
    this.events.publish('source.mediaInfo', { info });
  }

  retry(): void {}

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #read(range: ByteRange): Promise<Uint8Array> {
    const bytes = await this.#bytes.read(range);
    this.traffic.store += bytes.length;
    return bytes;
  }

  async #close(): Promise<void> {
    this.#index.reset();
    for (const reader of this.#readers) reader.close();
    await this.#bytes.close();
    this.events.publish('source.closed', { url: redactUrl(this.url) });
  }
}

class LocalReader implements SourceReader {
  readonly length: number;
  readonly mediaType: string;
  readonly #url: string;
  readonly #read: (range: ByteRange) => Promise<Uint8Array>;
  readonly #controller = new AbortController();

  constructor({ url, length, mediaType }: LocalSource, read: (range: ByteRange) => Promise<Uint8Array>) {
    this.#url = url;
    this.length = length;
    this.mediaType = mediaType;
    this.#read = read;
  }

  async read({ start, end }: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.#controller.signal.throwIfAborted();
    const clipped = { start, end: Math.min(end, this.length) };
    if (clipped.start >= clipped.end) return new Uint8Array(0);
    return raceAbort(raceAbort(this.#read(clipped), this.#controller.signal), signal);
  }

  async tryRead(range: ByteRange): Promise<Uint8Array | undefined> {
    return this.#controller.signal.aborted ? undefined : this.read(range, this.#controller.signal);
  }

  playFrom(): void {}

  close(): void {
    this.#controller.abort(closedError(this.#url));
  }
}
