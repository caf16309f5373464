import { Scope } from '../base/scope.ts';
import { AulosError, isAulosError } from '../errors.ts';
import type { MediaInfo, PcmBlock } from '../media.ts';
import type { FileSource } from '../source/source.ts';
import { type ArtworkRequest, answerArtwork } from './artwork-answer.ts';
import { HeadStart } from './head-start.ts';
import type { TrackOptions } from './library.ts';
import type { FromSession, Loading } from './messages.ts';
import { answerPeaks, type PeaksRequest } from './peaks-answer.ts';
import type { PortableOptions } from './questions.ts';
import type { Track } from './track.ts';

/** What a deck is made of; the composition root gives it. */
export interface DeckParts {
  openSource(url: string, options?: PortableOptions): Promise<FileSource>;
  openTrack(source: FileSource, options: TrackOptions): Promise<Track>;
  tell(message: FromSession): void;
  /** Calls back when more of it is known or held. */
  onProgress(): void;
}

/** Sound that is decoded of a track before its turn, seconds. */
const CUE_SECONDS = 2;

/** One resource that the player was given: opens it, tells the page of it, and gives its sound. */
export class Deck {
  readonly id: number;
  /** Where it begins when it follows another, seconds. */
  readonly start: number;
  /** Where it ends, if before its own end, seconds. */
  end: number | undefined;
  readonly #loading: Loading;
  readonly #parts: DeckParts;
  readonly #scope = new Scope();
  #opening: Promise<Track> | undefined;
  #source: FileSource | undefined;
  #track: Track | undefined;
  #head: HeadStart | undefined;
  #cueing: Promise<void> | undefined;
  /** What the page knows of the track. */
  #told: MediaInfo | undefined;
  #hasFailed = false;
  /** What sounds after it. */
  next: Deck | undefined;

  constructor(loading: Loading, parts: DeckParts) {
    this.id = loading.load;
    this.start = loading.start ?? 0;
    this.end = loading.end;
    this.#loading = loading;
    this.#parts = parts;
  }

  /** What is known of the track; undefined until it is open. */
  get info(): MediaInfo | undefined {
    return this.#track?.info;
  }

  /** True if nothing of it has to be fetched any more. */
  get isComplete(): boolean {
    return this.#source?.phase === 'complete';
  }

  /** True once its first block is decoded: it can begin at once. */
  isCued = false;

  /** Opens it, once. @throws AulosError of the source, `media.*`. */
  open(): Promise<Track> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  /** Opens it and decodes its beginning, because its turn will come. Resolves when it can begin, or failed, of which its turn will tell. */
  cue(): Promise<void> {
    this.#cueing ??= this.#cue().catch(() => {});
    return this.#cueing;
  }

  /** Its sound from `start` on, as `Track.blocks`; at once if it is cued to there. */
  async *blocks(start: number, signal: AbortSignal): AsyncGenerator<PcmBlock> {
    const track = await this.open();
    signal.throwIfAborted();
    const head = start === this.start ? this.#head : undefined;
    if (head) this.#forgetCue();
    yield* head?.take(signal) ?? track.blocks({ start, end: this.end, signal });
  }

  /** Tells of its waveform. */
  peaks(request: PeaksRequest): void {
    void answerPeaks(request, () => this.open(), this.#scope.signal);
  }

  /** Tells of its picture. */
  artwork(request: ArtworkRequest): void {
    void answerArtwork(request, () => this.open(), this.#scope.signal);
  }

  /** Tells that it failed, once; an end that was asked for is no failure. */
  fail(error: unknown): void {
    if (this.#scope.signal.aborted || this.#hasFailed) return;
    this.#hasFailed = true;
    const known = isAulosError(error) ? error : new AulosError('decode.failed', { what: String(error) }, String(error), { cause: error });
    this.#parts.tell({ type: 'failed', load: this.id, error: known.toJSON() });
  }

  /** Leaves a failure. */
  retry(): void {
    this.#hasFailed = false;
    this.#source?.retry();
  }

  close(): Promise<void> {
    this.#head?.close();
    return this.#scope.close();
  }

  async #open(): Promise<Track> {
    const { url, options } = this.#loading;
    const { signal } = this.#scope;
    const source = await this.#parts.openSource(url, options);
    this.#scope.defer(() => source.close());
    signal.throwIfAborted();
    this.#source = source;
    this.#relay(source);
    const track = await this.#parts.openTrack(source, { signal, decoder: options?.decoder });
    this.#scope.defer(() => track.close());
    signal.throwIfAborted();
    this.#track = track;
    this.#told = track.info;
    this.#parts.tell({ type: 'head', load: this.id, info: track.info });
    return track;
  }

  async #cue(): Promise<void> {
    const track = await this.open();
    const { start, end } = this;
    const head = new HeadStart((signal) => track.blocks({ start, end, signal }), CUE_SECONDS, this.#scope.signal);
    this.#head = head;
    await head.first;
    if (this.#head === head) this.isCued = true;
  }

  /** What others that have the download open find is on a timeline of their own, if it is a station's: so the track is asked. */
  #tellNews(): void {
    const info = this.#track?.info;
    if (info && info !== this.#told) this.#parts.tell({ type: 'info', load: this.id, info });
    this.#told = info;
  }

  #forgetCue(): void {
    this.#head = undefined;
    this.#cueing = undefined;
    this.isCued = false;
  }

  /** Tells the page how the download goes. */
  #relay(source: FileSource): void {
    const { signal } = this.#scope;
    const { tell, onProgress } = this.#parts;
    const load = this.id;
    const progress = () => {
      const { phase, held, length, traffic } = source;
      const { network: networkBytes, store: storeBytes, requests } = traffic;
      tell({ type: 'progress', load, progress: { phase, held: held.toArray(), length, networkBytes, storeBytes, requests } });
      this.#tellNews();
      onProgress();
    };
    progress();
    for (const name of ['source.phase', 'source.length', 'source.progress', 'source.mediaInfo'] as const) {
      source.events.on(name, progress, { signal });
    }
    source.events.on(
      'source.retry',
      ({ payload: { attempt, delayMs, error } }) => tell({ type: 'retry', load, attempt, delayMs, error: error.toJSON() }),
      { signal },
    );
  }
}
