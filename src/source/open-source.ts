import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { MediaInfo } from '../media.ts';
import type { Download, OpenOptions } from './download.ts';
import { AssetReader, closedError } from './reader.ts';
import type { SegmentIndex } from './segment-index.ts';
import type { FileSource, Phase, Readiness, SidecarShelf, SourceReader } from './source.ts';

/** One opener's view of a shared download. */
export class OpenSource implements FileSource {
  readonly url: string;
  readonly key: string | undefined;
  readonly #download: Download;
  readonly #onIdle: 'continue' | 'pause';
  readonly #readers = new Set<SourceReader>();
  readonly #stopWanting: () => void;
  #closed: Promise<void> | undefined;

  /** Joins `download`, which must not have ended. */
  constructor(download: Download, options: OpenOptions) {
    const { url, whole = true, onIdle = 'pause' } = options;
    this.url = url;
    this.key = download.key;
    this.#download = download;
    this.#onIdle = onIdle;
    download.join(this, options);
    this.#stopWanting = whole ? download.driver.wantWhole() : () => {};
  }

  get phase(): Phase {
    return this.#download.phase.current;
  }

  get phaseCell(): Int32Array {
    return this.#download.phase.cell;
  }

  get generation(): number {
    return this.#download.driver.standing.bytes.generation;
  }

  get held(): ReadonlyRangeSet {
    return this.#download.driver.standing.bytes.held;
  }

  get length(): number | undefined {
    return this.#download.driver.standing.length;
  }

  get isLive(): boolean {
    return this.#download.driver.standing.isLive;
  }

  get mediaType(): string {
    return this.#download.driver.standing.bytes.facts?.mediaType ?? '';
  }

  get error(): AulosError | undefined {
    return this.#download.driver.standing.error;
  }

  get traffic(): FileSource['traffic'] {
    return this.#download.driver.traffic;
  }

  get events(): EventScope {
    return this.#download.events;
  }

  phaseAt(range: ByteRange): Readiness {
    return this.#closed ? { name: 'closed' } : this.#download.driver.standing.readinessOf(range);
  }

  reader(): SourceReader {
    const reader = new AssetReader(this.#download.driver, this.url, () => this.#readers.delete(reader));
    this.#readers.add(reader);
    if (this.#closed) reader.close();
    return reader;
  }

  async completed(signal: AbortSignal): Promise<void> {
    const { standing } = this.#download.driver;
    const stopWanting = this.#download.driver.wantWhole();
    try {
      for (;;) {
        if (this.#closed || standing.isClosed) throw closedError(this.url);
        if (this.phase === 'complete' && !standing.isHeldBack) return;
        if (standing.error) throw standing.error;
        if (standing.isLive) throw liveError(this.url);
        if (standing.fullCause) throw standing.fullCause;
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
