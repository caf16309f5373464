import type { ByteRange } from '../base/ranges.ts';
import { AulosError, isAulosError, reviveError } from '../errors.ts';
import type { MediaInfo, Tags } from '../media.ts';
import type { Phase } from '../source/source.ts';
import { Load, type Run, type Settle } from './load.ts';
import type { FromSession, SourceProgress, ToSession } from './messages.ts';
import { linkWorker, type WorkerLink } from './pipeline-worker.browser.ts';
import { type MediaEventName, PlayerEventTarget, type PlayerStats } from './player-events.ts';
import { answer, type DownloadOptions, portable } from './questions.ts';
import { HAVE_FUTURE_DATA, HAVE_NOTHING, type ReadyState } from './readiness.ts';
import { SecondsRanges, secondsOf } from './seconds-ranges.ts';
import { Speaker } from './speaker.browser.ts';
import type { WorkletReport } from './worklet.browser.ts';

/** How a player plays; how its tracks are fetched is in {@link DownloadOptions}. */
export interface PlayerOptions extends DownloadOptions {
  /** The pipeline worker. @default `worker.js` beside the module of aulos */
  readonly workerUrl?: string | URL;
  /** The AudioWorklet module. @default `worklet.js` beside the module of aulos */
  readonly workletUrl?: string | URL;
  /** Play through this context and leave it open; sound of other rates is resampled. @default a context at the track's rate */
  readonly context?: AudioContext;
  /** Rate that the first context is made for, Hz, before the track is known. @default 44100 */
  readonly sampleRate?: number;
}

/** Least time between two `timeupdate`s while it plays, ms (HTML allows 15 to 250). */
const TIMEUPDATE_MS = 200;

/**
 * Plays audio while it downloads. The surface and the events are those of `HTMLMediaElement`; the work is done in a worker, and the
 * sound comes out of an AudioWorklet, so that a busy page does not disturb it. Times are seconds, sizes bytes, the volume 0..1.
 */
export class Player extends PlayerEventTarget {
  readonly #link: WorkerLink;
  readonly #speaker: Speaker;
  readonly #download: DownloadOptions;
  #load: Load | undefined;
  #src = '';
  #preload: 'none' | 'metadata' | 'auto' = 'metadata';
  #loads = 0;
  #runs = 0;
  #paused = true;
  #activity: 'idle' | 'waiting' | 'playing' | 'ended' = 'idle';
  readonly #plays: Settle<void>[] = [];
  #volume = 1;
  #muted = false;
  #underruns = 0;
  #timeToldAt = 0;

  /** Loads the worker and the worklet, so that the first sound does not wait for them. */
  constructor({
    workerUrl,
    workletUrl = new URL('./worklet.js', import.meta.url),
    context,
    sampleRate = 44_100,
    ...download
  }: PlayerOptions = {}) {
    super();
    this.#download = download;
    this.#link = linkWorker(workerUrl);
    this.#link.port.onmessage = ({ data }: MessageEvent<FromSession>) => this.#hear(data);
    this.#link.onFailure = (reason) => this.#fail(new AulosError('output.device', { reason: 'worker' }, reason));
    this.#speaker = new Speaker(
      { sampleRate, channels: 2, workletUrl, context },
      {
        onOutput: ({ lane, transfer }) => this.#tell({ type: 'output', output: lane }, transfer),
        onReport: (report) => this.#onReport(report),
        onRefusal: (error) => this.#onRefusal(error),
      },
    );
  }

  /** The URL to play, resolved against the page; setting it loads it. The empty string unloads. */
  get src(): string {
    return this.#src;
  }

  set src(url: string) {
    const base = globalThis.location?.href;
    this.#src = url && URL.canParse(url, base) ? new URL(url, base).href : url;
    this.load();
  }

  get currentSrc(): string {
    return this.#load?.url ?? '';
  }

  /** What is fetched before `play()` is called: nothing, the head, or as much as is decoded ahead. */
  get preload(): 'none' | 'metadata' | 'auto' {
    return this.#preload;
  }

  set preload(preload: 'none' | 'metadata' | 'auto') {
    this.#preload = preload;
    if (this.#load) this.#preloadAs(this.#load, preload);
  }

  /** Where the listener is; setting it seeks. */
  get currentTime(): number {
    return this.#load?.positionAt(this.#speaker.heardTime) ?? 0;
  }

  set currentTime(seconds: number) {
    this.seek(seconds).catch(() => {}); // the events tell
  }

  /** NaN before the head is known, Infinity when live; see `durationIsExact`. */
  get duration(): number {
    return this.#load?.duration ?? Number.NaN;
  }

  /** False while `duration` is estimated from the bit rate. */
  get durationIsExact(): boolean {
    return this.#load?.durationIsExact ?? false;
  }

  get paused(): boolean {
    return this.#paused;
  }

  get ended(): boolean {
    return this.#activity === 'ended';
  }

  get seeking(): boolean {
    return this.#load?.run?.seek !== undefined;
  }

  get readyState(): ReadyState {
    return this.#load?.readyState ?? HAVE_NOTHING;
  }

  /** 0 empty, 1 idle, 2 loading, 3 no source, as in HTML. */
  get networkState(): 0 | 1 | 2 | 3 {
    const load = this.#load;
    if (!load) return 0;
    if (load.error && !load.info) return 3;
    return load.isBegun && !load.error && this.phase !== 'complete' ? 2 : 1;
  }

  get error(): AulosError | null {
    return this.#load?.error ?? null;
  }

  /** Where the download is in its life. */
  get phase(): Phase {
    return this.#load?.progress?.phase ?? 'init';
  }

  /** What can be played without the network, estimated by the share of the bytes. */
  get buffered(): SecondsRanges {
    return secondsOf(this.cached, this.#load?.progress?.length, this.duration);
  }

  /** Byte ranges that are held. */
  get cached(): readonly ByteRange[] {
    return this.#load?.progress?.held ?? [];
  }

  get seekable(): SecondsRanges {
    return new SecondsRanges(Number.isFinite(this.duration) ? [[0, this.duration]] : []);
  }

  /** What was heard of this track. */
  get played(): SecondsRanges {
    return this.#load?.played ?? new SecondsRanges([]);
  }

  /** Everything that the head says, once it is known. */
  get info(): MediaInfo | undefined {
    return this.#load?.info;
  }

  /** Tags of the file; none before the head is known. */
  get tags(): Tags {
    return this.#load?.info?.tags ?? {};
  }

  /** 0..1. @throws RangeError outside of it. */
  get volume(): number {
    return this.#volume;
  }

  set volume(volume: number) {
    if (!(volume >= 0 && volume <= 1)) throw new RangeError(`the volume goes from 0 to 1, not to ${volume}`);
    this.#volume = volume;
    this.#applyVolume();
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    this.#muted = muted;
    this.#applyVolume();
  }

  /** The context in use; another one after `outputchange`, which comes before `loadedmetadata`. */
  get context(): AudioContext {
    return this.#speaker.context;
  }

  /** The last node before the destination: connect or reroute it for effects and meters. */
  get node(): AudioNode {
    return this.#speaker.node;
  }

  get stats(): PlayerStats {
    const { progress, firstSoundMs } = this.#load ?? {};
    return {
      underruns: this.#underruns,
      networkBytes: progress?.networkBytes ?? 0,
      storeBytes: progress?.storeBytes ?? 0,
      requests: progress?.requests ?? 0,
      firstSoundMs,
      aheadSeconds: this.#load?.aheadOf(this.currentTime) ?? 0,
      outputLatencySeconds: this.context.outputLatency || 0,
    };
  }

  /** Starts `src` anew, from its beginning and without its error. */
  load(): void {
    if (this.#load) this.#unload(this.#load);
    if (!this.#src) return;
    const load = new Load(++this.#loads, this.#src);
    this.#load = load;
    this.fire('loadstart');
    this.#preloadAs(load, this.#paused ? this.#preload : 'auto');
  }

  /**
   * Plays as soon as there is sound; before a `src` is set, the wish is remembered. Resolves when it sounds.
   * @throws AulosError `output.notAllowed` when the browser wants a gesture first; the error of the track; an AbortError when
   * `pause()` or a load comes in between.
   */
  play(): Promise<void> {
    const load = this.#load;
    if (load?.error) return Promise.reject(load.error);
    if (this.ended) this.currentTime = 0;
    if (this.#paused) {
      this.#paused = false;
      this.#activity = 'waiting';
      this.fire('play');
      if (this.readyState < HAVE_FUTURE_DATA) this.fire('waiting');
    }
    if (this.#activity === 'playing') return Promise.resolve();
    const sounding = new Promise<void>((resolve, reject) => this.#plays.push({ resolve, reject }));
    this.#speaker.start();
    if (load) this.#preloadAs(load, 'auto');
    return sounding;
  }

  pause(): void {
    if (this.#paused) return;
    this.#stop(new DOMException('paused before it sounded', 'AbortError'));
    this.fire('timeupdate');
    this.fire('pause');
  }

  /**
   * Goes to `seconds`, clamped to the track; gives where it landed, which is exact where the file allows. Works before the head is known.
   * @throws an AbortError when a later seek or load takes its place; the error of the track.
   */
  seek(seconds: number): Promise<number> {
    const load = this.#load;
    if (!load) return Promise.reject(new DOMException('there is nothing to seek in', 'InvalidStateError'));
    if (load.error) return Promise.reject(load.error);
    const { duration } = load;
    const target = Math.max(0, duration >= 0 ? Math.min(seconds, duration) : seconds);
    return new Promise((resolve, reject) => {
      this.#preloadAs(load, 'metadata');
      this.#decodeFrom(load, target, { resolve, reject });
      if (this.ended) this.#activity = this.#paused ? 'idle' : 'waiting';
      this.fire('seeking');
      this.#evaluate();
    });
  }

  /** After an error of the network: tries again with what is held, from where it was. */
  retry(): void {
    const load = this.#load;
    if (!load?.error) return;
    if (load.info) {
      load.error = undefined;
      this.#tell({ type: 'retry', load: load.id });
      this.#decodeFrom(load, this.currentTime);
    } else this.load();
  }

  /** Ends the player; it plays nothing any more. The download of its track stops unless another player wants it. */
  async close(): Promise<void> {
    this.#src = '';
    this.load();
    this.#stop(new DOMException('the player was closed', 'AbortError'));
    this.#tell({ type: 'close' });
    this.#link.close();
    await this.#speaker.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #unload(load: Load): void {
    this.#tell({ type: 'unload', load: load.id });
    const aborted = new DOMException('another load took its place', 'AbortError');
    load.run?.seek?.reject(aborted);
    if (this.networkState === 2) this.fire('abort');
    this.#load = undefined;
    this.fire('emptied');
    if (!this.#paused) this.#stop(aborted);
    this.#activity = 'idle';
    this.fire('timeupdate');
  }

  /** Has the worker open the resource, and decode it from the start unless a seek came first. */
  #preloadAs(load: Load, preload: 'none' | 'metadata' | 'auto'): void {
    if (!this.#paused && load.firstSoundMs === undefined) load.playRequestedAt ??= performance.now();
    if (preload === 'none') return;
    if (!load.isBegun) this.#tell({ type: 'load', load: load.id, url: load.url, options: portable(this.#download, load.url) });
    load.isBegun = true;
    if (preload === 'auto' && !load.run) this.#decodeFrom(load, 0);
  }

  #decodeFrom(load: Load, target: number, seek?: Settle<number>): void {
    const run: Run = { id: ++this.#runs, target, until: target, isEnd: false, levels: [], seek };
    load.start(run);
    this.#tell({ type: 'decode', load: load.id, run: run.id, seconds: target });
  }

  #stop(reason: unknown): void {
    this.#paused = true;
    if (!this.ended) this.#activity = 'idle';
    this.#speaker.stop();
    for (const { reject } of this.#plays.splice(0)) reject(reason);
  }

  #applyVolume(): void {
    this.#speaker.gain = this.#muted ? 0 : this.#volume;
    this.fire('volumechange');
  }

  #hear(message: FromSession): void {
    if (message.type === 'question') {
      void answer(message, this.#download, globalThis.location?.href).then((given) => this.#tell(given));
      return;
    }
    const load = this.#load;
    if (message.load !== load?.id) return;
    if ('run' in message) {
      if (message.run === load.run?.id) this.#hearOfRun(load.run, message);
    } else if (message.type === 'head') this.#onHead(load, message.info);
    else if (message.type === 'info') this.#onExactInfo(load, message.info);
    else if (message.type === 'progress') this.#onProgress(load, message.progress);
    else if (message.type === 'failed') this.#fail(reviveError(message.error));
    else this.fireOwn('retry', { attempt: message.attempt, delayMs: message.delayMs, error: reviveError(message.error) });
  }

  #hearOfRun(run: Run, message: Extract<FromSession, { run: number }>): void {
    if (message.type === 'levels') run.levels.push(...message.levels);
    else if (message.type === 'landed') this.#onLanded(run, message.epoch, message.seconds);
    else {
      run.until = message.until;
      run.isEnd = message.isEnd;
      this.#evaluate();
    }
  }

  /** The context goes at the rate of the track, so that its samples come out as they are. */
  #onHead(load: Load, info: MediaInfo): void {
    load.info = info;
    load.learnDuration(info);
    if (this.#speaker.suit(info.config.sampleRate, info.config.channels)) this.fireOwn('outputchange', undefined);
    this.#evaluate();
  }

  #onExactInfo(load: Load, info: MediaInfo): void {
    load.info = info;
    if (load.learnDuration(info)) this.fire('durationchange');
  }

  #onLanded(run: Run, epoch: number, seconds: number): void {
    run.landed = { epoch, seconds };
    const { seek } = run;
    run.seek = undefined;
    if (seek) {
      this.fire('timeupdate');
      this.fire('seeked');
      seek.resolve(seconds);
    }
    this.#evaluate();
  }

  #onProgress(load: Load, progress: SourceProgress): void {
    const { phase } = this;
    load.progress = progress;
    this.fire('progress');
    this.fireOwn('cached', progress);
    if (progress.phase !== phase) this.fireOwn('phase', progress);
    this.#evaluate();
  }

  #onReport(report: WorkletReport): void {
    if (this.#load) this.#load.report = report;
    this.#evaluate();
    const { underruns } = this.#speaker;
    if (underruns === this.#underruns) return;
    this.#underruns = underruns;
    this.fireOwn('underrun', { underruns });
  }

  #onRefusal(error: AulosError): void {
    if (!isAulosError(error, 'output.notAllowed')) this.#fail(error);
    else if (!this.#paused) {
      this.#stop(error);
      this.fire('pause');
    }
  }

  /** Brings ready state and activity up to the facts, and tells what changed. */
  #evaluate(): void {
    const load = this.#load;
    if (!load) return;
    for (const name of load.updateReadyState(this.currentTime)) this.fire(name);
    const { report } = load;
    if (load.error && load.info) this.#playOut(load);
    else if (report?.state === 'ended') this.#finish(load);
    else if (report?.state === 'playing' && !this.#paused) this.#advance(load);
    else if (this.#activity === 'playing') this.#wait();
  }

  /** What was decoded before the failure is heard to its end, and then it pauses. */
  #playOut(load: Load): void {
    if (this.#paused) return;
    if (load.report?.state === 'playing') this.#advance(load);
    else if (load.isSilent) this.pause();
  }

  /** It sounds. */
  #advance(load: Load): void {
    if (this.#activity !== 'playing') {
      this.#activity = 'playing';
      if (load.playRequestedAt !== undefined) load.firstSoundMs ??= performance.now() - load.playRequestedAt;
      this.fire('playing');
      for (const { resolve } of this.#plays.splice(0)) resolve();
    }
    const { currentTime } = this;
    load.heard(currentTime);
    const levels = load.takeLevels(currentTime);
    if (levels) this.fireOwn('levels', levels);
    if (performance.now() - this.#timeToldAt >= TIMEUPDATE_MS) this.fire('timeupdate');
  }

  /** It should sound, and does not. */
  #wait(): void {
    this.#activity = 'waiting';
    this.fire('timeupdate');
    this.fire('waiting');
  }

  #finish(load: Load): void {
    if (this.ended) return;
    const { currentTime } = this;
    load.heard(currentTime);
    this.#activity = 'ended';
    if (load.endedAt(currentTime)) this.fire('durationchange');
    this.fire('timeupdate');
    if (!this.#paused) {
      this.#stop(new DOMException('the track has ended', 'AbortError'));
      this.fire('pause');
    }
    this.fire('ended');
  }

  #fail(error: AulosError): void {
    const load = this.#load;
    if (!load || load.error) return;
    load.error = error;
    load.run?.seek?.reject(error);
    if (load.run) load.run.seek = undefined;
    for (const { reject } of this.#plays.splice(0)) reject(error);
    this.fire('error');
    this.#evaluate();
  }

  #tell(message: ToSession, transfer: Transferable[] = []): void {
    this.#link.port.postMessage(message, transfer);
  }

  protected override fire(name: MediaEventName): void {
    if (name === 'timeupdate') this.#timeToldAt = performance.now();
    super.fire(name);
  }
}
