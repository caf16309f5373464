import { AulosError, isAulosError, reviveError } from '../errors.ts';
import type { CodecConfig, MediaInfo } from '../media.ts';
import type { CrossOrigin } from '../net/client.ts';
import { Activity } from './activity.ts';
import { Announcer, type Audience } from './announcer.browser.ts';
import { Following } from './following.browser.ts';
import { GestureWish } from './gesture-wish.browser.ts';
import type { Load, Part } from './load.ts';
import { Loads } from './loads.browser.ts';
import type { FromSession, SourceProgress, ToSession } from './messages.ts';
import type { OutputChoice, OutputReport, PlayerOutput } from './output.ts';
import { linkWorker, type WorkerLink } from './pipeline-worker.browser.ts';
import type { TrackChangeReason } from './player-events.ts';
import type { PlayerOptions } from './player-options.ts';
import type { Successor } from './programme.ts';
import { answer, type DownloadOptions } from './questions.ts';
import type { QueueItem } from './queue-json.ts';
import { HAVE_FUTURE_DATA, HAVE_NOTHING } from './readiness.ts';
import { Route } from './route.browser.ts';
import type { Speaker } from './speaker.browser.ts';
import type { Settle, Stretch } from './stretch.ts';
import { watchVisibility } from './visibility.browser.ts';

/** What a transport asks, and whom it tells. */
export interface TransportListener extends Audience {
  /** What follows `load` by itself. */
  successorOf(load: Load): Successor | undefined;
  /** The sound went on to another track, or was sent there; `before` was current. */
  onTrack(item: QueueItem | undefined, before: QueueItem | undefined, reason: TrackChangeReason): void;
}

/** A junction nearer than this is waited for by itself: reports come every 40 ms. */
const NEAR_SECONDS = 0.06;
/** The clock of a media element counts in these: it may stop that much before the end of the sound. */
const ELEMENT_GRAIN_SECONDS = 1e-6;

/** Starts, stops and moves the sound, and keeps track of where it is: the player without its surface. */
export class Transport {
  readonly #route: Route;
  readonly #link: WorkerLink;
  readonly #download: DownloadOptions;
  readonly #loads: Loads;
  readonly #listener: TransportListener;
  readonly #announcer: Announcer;
  readonly #activity: Activity;
  readonly #following: Following;
  readonly #wish = new GestureWish({
    wake: () => this.output.wake(),
    onGranted: () => this.play().catch(() => {}), // the events tell
    onUnlocked: () => this.#listener.fireOwn('unlocked', undefined),
  });
  #load: Load | undefined;
  #stretches = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Aborts when it is closed. */
  readonly #life = new AbortController();
  /** What is fetched before anything plays. */
  preload: 'none' | 'metadata' | 'auto' = 'metadata';

  /** Loads the worker and the worklet, so that the first sound does not wait for them. */
  constructor(options: PlayerOptions, listener: TransportListener) {
    this.#download = options;
    const loads = new Loads(options);
    this.#loads = loads;
    this.#listener = listener;
    this.#announcer = new Announcer(listener);
    this.#following = new Following({ loads, successorOf: listener.successorOf, tell: (message) => this.tell(message) });
    this.#activity = new Activity((name) => this.#announcer.fire(name));
    this.#link = linkWorker(options.workerUrl);
    this.#link.port.onmessage = ({ data }: MessageEvent<FromSession>) => this.#hear(data);
    this.#link.onFailure = (reason) => this.#failCurrent(new AulosError('output.device', { reason: 'worker' }, reason));
    this.#route = new Route({ ...options, loadAfter: this.#link.begun }, this.signal, {
      onOutput: ({ lane, transfer }) => this.tell({ type: 'output', output: lane }, transfer),
      onMedia: (lane) => this.tell({ type: 'media', lane }, lane ? [lane.port] : []),
      onMove: (move) => this.#onMove(move),
      onStopped: () => this.pause(),
      onReport: (report) => this.#onReport(report),
      onRefusal: (error) => this.#onRefusal(error),
      onRunning: () => this.#wish.unlocked(),
      onInterrupted: () => this.#onInterrupted(),
    });
    watchVisibility(
      { onAhead: (seconds) => this.tell({ type: 'ahead', seconds }), onLeave: () => this.tell({ type: 'keep' }) },
      this.#life.signal,
    );
  }

  /** Aborts when it is closed. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  get speaker(): Speaker {
    return this.#route.speaker;
  }

  /** What sounds. */
  get output(): PlayerOutput {
    return this.#route.output;
  }

  get load(): Load | undefined {
    return this.#load;
  }

  /** Of what is loaded from now on. */
  get crossOrigin(): CrossOrigin | undefined {
    return this.#loads.crossOrigin;
  }

  set crossOrigin(crossOrigin: CrossOrigin | undefined) {
    this.#loads.crossOrigin = crossOrigin;
  }

  get paused(): boolean {
    return this.#activity.paused;
  }

  /** The end was heard, or is where it stands paused. */
  get ended(): boolean {
    const load = this.#load;
    const standsAtEnd = this.paused && load?.isEnd(this.currentTime) && !this.#listener.successorOf(load);
    return this.#activity.ended || standsAtEnd === true;
  }

  /** Where the listener is in the current track, seconds; never past the junction to the next, before that is told. */
  get currentTime(): number {
    const load = this.#load;
    if (!load) return 0;
    const position = load.positionAt(this.output.heardTime);
    const { at } = this.#following;
    return at === undefined ? position : Math.max(0, Math.min(position, at - load.origin));
  }

  /** Goes to `item`, or to none; `isPaused`: and stops there, as `HTMLMediaElement.load()` does. */
  jump(item: QueueItem | undefined, reason: TrackChangeReason, isPaused: boolean, part: Part = {}): void {
    const before = this.#load;
    const { next } = this.#following;
    const isAtHand = next !== undefined && next.item === item && !next.isAgain && !next.error;
    if (isAtHand) this.#following.shift();
    if (before) this.#leave(before, isPaused);
    this.#load = item && (isAtHand ? next : this.#loads.create(item, part));
    if (before?.item !== item) this.#listener.onTrack(item, before?.item, reason);
    const load = this.#load;
    if (!load) return;
    if (isAtHand) this.#announcer.fire('loadstart');
    else queueMicrotask(() => this.#load === load && this.#announcer.fire('loadstart')); // after the `play` of the same task, as HTML says
    if (!this.paused) this.#announcer.fire('waiting');
    this.preloadAs(this.paused ? this.preload : 'auto');
    if (isAtHand) this.#onHandedOver(load);
    this.#evaluate();
  }

  /** Has the sound come out of another output, from where it is. */
  choose(choice: OutputChoice): Promise<void> {
    return this.#route.choose(choice);
  }

  play(): Promise<void> {
    this.#wish.withdraw();
    const load = this.#load;
    const sounding = this.#activity.play((load?.readyState ?? HAVE_NOTHING) >= HAVE_FUTURE_DATA);
    this.output.start();
    this.preloadAs('auto');
    return sounding;
  }

  pause(reason: unknown = new DOMException('paused before it sounded', 'AbortError')): void {
    this.#wish.withdraw();
    if (this.paused) return;
    this.#stop(reason);
    this.#announcer.fire('timeupdate');
    this.#announcer.fire('pause');
  }

  /** Has sound allowed, in a gesture, and plays if that was wanted before. @throws AulosError `output.notAllowed`. */
  unlock(): Promise<void> {
    return this.#wish.unlock(this.output.isRunning);
  }

  /** Goes to second `target` of the current track; gives where it landed. */
  seek(load: Load, target: number): Promise<number> {
    return new Promise((resolve, reject) => {
      if (this.ended) this.#activity.leave();
      this.preloadAs('metadata');
      this.decodeFrom(load, target, { resolve, reject });
      if (load.readyState > HAVE_NOTHING) this.#announcer.fire('seeking'); // else when it is
      this.#evaluate();
    });
  }

  /** Goes on after a failure, with what is held. */
  retry(load: Load): void {
    const { currentTime } = this;
    load.error = undefined;
    this.tell({ type: 'retry', load: load.id });
    this.decodeFrom(load, currentTime);
  }

  /** Has the worker open the current track, and decode it from the start unless a seek came first. */
  preloadAs(preload: 'none' | 'metadata' | 'auto'): void {
    const load = this.#load;
    if (!load) return;
    if (!this.paused && load.firstSoundMs === undefined) load.playRequestedAt ??= performance.now();
    if (preload === 'none') return;
    if (!load.isBegun) this.tell({ type: 'load', ...this.#loads.tellingOf(load) });
    load.isBegun = true;
    if (preload === 'auto' && !load.stretch) this.decodeFrom(load, load.part.start ?? 0);
  }

  decodeFrom(load: Load, target: number, seek?: Settle<number>): void {
    load.start(++this.#stretches, target, seek);
    this.#following.forgetPlaces();
    this.tell({ type: 'decode', load: load.id, run: this.#stretches, seconds: target, end: load.part.end });
    if (load.info) this.#suit(load.info);
    this.followOn();
  }

  /** Plays only `part` of the current track, or all of it; what follows is told by the listener. */
  confine(part: Part): void {
    const load = this.#load;
    if (load && load.part.end !== part.end) {
      load.part = part;
      const { currentTime } = this;
      if (part.end !== undefined && currentTime >= part.end)
        this.seek(load, part.start ?? 0).catch(() => {}); // the events tell
      else if (load.stretch) this.decodeFrom(load, currentTime);
    }
    this.followOn();
  }

  /** Decodes anew from where the listener is, because what is queued is lost or not what it should be. */
  refill(from = this.currentTime): void {
    const { stretch } = this.#load ?? {};
    if (!stretch || this.ended) return;
    const { seek } = stretch;
    stretch.seek = undefined; // it goes on
    this.decodeFrom(this.#load!, from, seek);
  }

  /** Tells the worker what follows, where that has changed. */
  followOn(): void {
    const load = this.#load;
    if (load?.stretch && !this.#activity.ended) this.#following.update(load);
  }

  /** Ends it; nothing plays any more. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#life.abort();
    this.#wish.withdraw();
    this.#stop(new DOMException('the player was closed', 'AbortError'));
    this.tell({ type: 'close' });
    this.#link.close();
    await this.output.close();
  }

  tell(message: ToSession, transfer: Transferable[] = []): void {
    this.#link.port.postMessage(message, transfer);
  }

  #leave(load: Load, isPaused: boolean): void {
    const aborted = new DOMException('another load took its place', 'AbortError');
    this.tell({ type: 'halt' });
    for (const { id } of [load, ...this.#following.cut(0)]) this.tell({ type: 'unload', load: id });
    load.stretch?.seek?.reject(aborted);
    if (load.info || !load.error) this.#announcer.fire('abort'); // unless it is no source at all
    this.#load = undefined;
    this.#announcer.fire('emptied');
    if (isPaused) this.#wish.withdraw();
    if (isPaused && !this.paused) this.#stop(aborted);
    this.#activity.leave();
    this.#announcer.fire('timeupdate');
  }

  #stop(reason: unknown): void {
    this.#activity.stop(reason);
    this.output.stop();
  }

  #hear(message: FromSession): void {
    if (message.type === 'question') {
      void answer(message, this.#download, globalThis.location?.href).then((given) => this.tell(given));
    } else if ('run' in message) {
      const stretch = this.#load?.stretch;
      if (message.run === stretch?.id) this.#hearOfStretch(stretch, message);
    } else {
      const load = [this.#load, ...this.#following.loads].find((each) => each?.id === message.load);
      if (load) this.#hearOfLoad(load, message);
    }
  }

  #hearOfLoad(load: Load, message: Exclude<FromSession, { type: 'question' } | { run: number }>): void {
    const isCurrent = load === this.#load;
    if (message.type === 'head') this.#onHead(load, message.info);
    else if (message.type === 'info') this.#onExactInfo(load, message.info);
    else if (message.type === 'progress') this.#onProgress(load, message.progress);
    else if (message.type === 'failed') this.#fail(load, reviveError(message.error));
    else if (message.type === 'late') this.#onLate(load);
    else if (isCurrent) {
      const { attempt, delayMs, error } = message;
      this.#listener.fireOwn('retry', { attempt, delayMs, error: reviveError(error) });
    }
  }

  /** What should not follow any more is heard already. */
  #onLate(load: Load): void {
    if (load !== this.#load) return;
    const { next } = this.#following;
    if (next) this.jump(next.item, 'ended', false, next.part);
    else {
      this.#finish(load);
      this.tell({ type: 'halt' });
    }
  }

  #hearOfStretch(stretch: Stretch, message: Extract<FromSession, { run: number }>): void {
    if (message.type === 'levels') stretch.addLevels(message.levels);
    else if (message.type === 'landed') this.#onLanded(stretch, message.epoch, message.seconds);
    else if (message.type === 'junction') {
      stretch.dropLevels(message.at);
      stretch.isEnd = false;
      this.#following.begins(message.load, message.at);
      this.followOn();
    } else {
      stretch.until = message.until;
      stretch.isEnd = message.isEnd;
    }
    if (message.type !== 'levels') this.#evaluate();
  }

  #onHead(load: Load, info: MediaInfo): void {
    load.info = info;
    load.newTagsAt(0); // the head's own are no news
    load.learnDuration(info);
    if (load !== this.#load) return;
    if (load.stretch?.landed === undefined) this.#suit(info);
    else this.#goOnWith(load, info); // its turn had come before
    this.#evaluate();
  }

  /** The context goes at the rate of the track, so that its samples come out as they are. */
  #suit({ config }: MediaInfo): void {
    if (this.output.suit(config)) this.#listener.fireOwn('outputchange', undefined);
  }

  #onExactInfo(load: Load, info: MediaInfo): void {
    const before = load.info;
    load.info = info;
    const isCurrent = load === this.#load;
    if (isCurrent) this.#announcer.info(load, before, this.currentTime);
    if (load.learnDuration(info) && isCurrent) this.#announcer.fire('durationchange');
  }

  #onLanded(stretch: Stretch, epoch: number, seconds: number): void {
    stretch.landed = { epoch, seconds };
    const { seek } = stretch;
    stretch.seek = undefined;
    if (!seek) return;
    this.#announcer.fire('timeupdate');
    this.#announcer.fire('seeked');
    seek.resolve(seconds);
  }

  #onProgress(load: Load, progress: SourceProgress): void {
    const phase = load.progress?.phase ?? 'init';
    load.progress = progress;
    if (load !== this.#load) return;
    this.#announcer.progress(progress, progress.phase !== phase);
    this.#evaluate();
  }

  #onReport(report: OutputReport): void {
    if (this.#load?.stretch) this.#load.stretch.report = report;
    this.#evaluate();
    this.#announcer.holes(this.output.underruns);
  }

  #onRefusal(error: AulosError): void {
    if (isAulosError(error, 'output.notAllowed')) {
      this.#pauseFor(error);
      this.#wish.make();
    } else {
      this.#failCurrent(error);
      this.pause(error);
    }
  }

  #onInterrupted(): void {
    this.#listener.fireOwn('interrupted', undefined);
    this.#evaluate();
  }

  #onMove(move: (config: CodecConfig | undefined) => boolean): void {
    const { currentTime } = this;
    if (!move(this.#load?.info?.config)) return;
    this.#listener.fireOwn('outputchange', undefined);
    this.refill(currentTime);
    this.#evaluate();
  }

  #pauseFor(error: AulosError): void {
    if (this.paused) return;
    this.#stop(error);
    this.#announcer.fire('pause');
  }

  /** Brings ready state and activity up to the facts, and tells what changed. */
  #evaluate(): void {
    this.#passJunctions();
    const load = this.#load;
    if (!load) return;
    const { at } = this.#following;
    for (const name of load.updateReadyState(this.currentTime, at !== undefined)) {
      this.#announcer.fire(name);
      if (name === 'loadedmetadata' && load.stretch?.seek) this.#announcer.fire('seeking');
    }
    const { stretch } = load;
    const state = stretch?.report?.state;
    if (load.error && load.info) this.#playOut(load);
    else if (stretch?.hasEnded && !this.#following.next && !this.paused) this.#finish(load);
    else if (state === 'playing' && !this.paused && this.output.isRunning) this.#advance(load);
    else if (this.#activity.isPlaying) this.#activity.wait();
  }

  /** The next track is the current one from the moment on in which it is heard: who seeks to the very end while paused stays there. */
  #passJunctions(): void {
    clearTimeout(this.#timer);
    for (;;) {
      const { stretch } = this.#load ?? {};
      const { at } = this.#following;
      if (!stretch?.landed || at === undefined || this.paused) return;
      const left = (at - stretch.positionAt(this.output.heardTime)) / this.speaker.sound.pace.rate;
      if (left > ELEMENT_GRAIN_SECONDS) {
        if (left < NEAR_SECONDS && this.#activity.isPlaying) this.#timer = setTimeout(() => this.#evaluate(), Math.ceil(left * 1e3));
        return;
      }
      this.#goOn(this.#load!, at);
    }
  }

  #goOn(before: Load, at: number): void {
    const load = this.#following.shift();
    load.goOn(before, at);
    this.#load = load;
    this.tell({ type: 'unload', load: before.id });
    if (load.isAgain) for (const name of ['seeking', 'timeupdate', 'seeked'] as const) this.#announcer.fire(name);
    else {
      load.playRequestedAt = undefined;
      this.#listener.onTrack(load.item, before.item, 'ended');
    }
    if (load.info) this.#goOnWith(load, load.info);
    this.#onHandedOver(load);
    this.followOn();
  }

  /** What the output in use does not play goes to another, from its beginning. */
  #goOnWith(load: Load, { config }: MediaInfo): void {
    if (!this.output.goesOnWith(config)) this.decodeFrom(load, load.part.start ?? 0);
  }

  /** Tells of a track what is known of it since it was made ready. */
  #onHandedOver(load: Load): void {
    if (load.progress && !load.isAgain) this.#announcer.progress(load.progress, true);
    if (load.error) this.#tellFailure(load, load.error);
    else this.#announcer.fire('timeupdate');
  }

  /** What was decoded before the failure is heard to its end, and then it pauses. */
  #playOut(load: Load): void {
    if (this.paused) return;
    if (load.stretch?.report?.state === 'playing') this.#advance(load);
    else if (!load.stretch || load.stretch.isSilent) this.pause();
  }

  #advance(load: Load): void {
    if (load.playRequestedAt !== undefined) load.firstSoundMs ??= performance.now() - load.playRequestedAt;
    const { currentTime } = this;
    this.#activity.sound();
    this.#announcer.heard(load, currentTime);
  }

  #finish(load: Load): void {
    if (this.#activity.ended) return;
    const { currentTime } = this;
    load.heard(currentTime);
    this.#activity.end();
    if (load.endedAt(currentTime)) this.#announcer.fire('durationchange');
    this.#announcer.fire('timeupdate');
    if (!this.paused) {
      this.#stop(new DOMException('the track has ended', 'AbortError'));
      this.#announcer.fire('pause');
    }
    this.#announcer.fire('ended');
  }

  #failCurrent(error: AulosError): void {
    if (this.#load) this.#fail(this.#load, error);
  }

  #fail(load: Load, error: AulosError): void {
    if (load.error) return;
    load.error = error;
    if (load !== this.#load) return; // its turn will tell
    this.#tellFailure(load, error);
    this.#evaluate();
  }

  #tellFailure({ stretch }: Load, error: AulosError): void {
    stretch?.seek?.reject(error);
    if (stretch) stretch.seek = undefined;
    this.#activity.refuse(error);
    this.#announcer.fire('error');
  }
}
