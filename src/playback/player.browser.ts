import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { MediaInfo, Tags } from '../media.ts';
import type { Phase } from '../source/source.ts';
import { canPlayType } from './can-play-type.ts';
import { LONGEST_FADE_SECONDS } from './crossfade.ts';
import type { Effect } from './effects/effect.ts';
import type { Load, Part } from './load.ts';
import type { OutputChoice, OutputKind } from './output.ts';
import type { Peaks } from './peak-table.ts';
import type { PlayerPeaksOptions } from './peaks-request.ts';
import { PlayerEventTarget, type PlayerStats } from './player-events.ts';
import { Programme } from './programme.ts';
import type { Queue } from './queue.ts';
import { RATES } from './rate.ts';
import { HAVE_ENOUGH_DATA, HAVE_NOTHING, type ReadyState } from './readiness.ts';
import type { ReplayGainMode } from './replay-gain.ts';
import { SecondsRanges, secondsOf } from './seconds-ranges.ts';
import type { Sound } from './sound.browser.ts';
import { type PlayerOptions, Transport } from './transport.browser.ts';

export type { PlayerOptions } from './transport.browser.ts';

/** Within so many seconds of its beginning, going back means the track before; later, the beginning. */
const RESTART_SECONDS = 3;

/**
 * Plays audio while it downloads. The surface and the events are those of `HTMLMediaElement`; the work is done in a worker, and the
 * sound comes out of an AudioWorklet, so that a busy page does not disturb it. Times are seconds, sizes bytes, the volume 0..1.
 *
 * It plays its {@link queue}, one track after the other, without a gap between them; `src` is a queue of one.
 */
export class Player extends PlayerEventTarget {
  readonly #transport: Transport;
  readonly #programme: Programme;
  /** The next track is loaded and not played, as when a `src` is set. */
  #comesPaused = false;
  #autoplay = false;
  /** Neither play() nor pause() was called since it was loaded. */
  #canAutoplay = false;
  #crossfade = 0;
  #volume = 1;
  #muted = false;
  #defaultPlaybackRate = 1;
  #replayGain: ReplayGainMode = 'off';

  constructor(options: PlayerOptions = {}) {
    super();
    this.#transport = new Transport(options, {
      successorOf: ({ item }) => this.#programme.after(item),
      onTrack: (item, previous, reason) => {
        if (item) this.#programme.follow(item);
        this.fireOwn('trackchange', { item, previous, reason });
      },
      fire: (name) => {
        this.fire(name);
        if (name === 'loadstart' && this.paused) this.#canAutoplay = true;
        else if (name === 'canplaythrough') this.#playByItself();
      },
      fireOwn: (name, detail) => this.fireOwn(name, detail),
    });
    this.#programme = new Programme({
      onJump: (item, reason) => this.#transport.jump(item, reason, this.#comesPaused),
      onFollowing: () => this.#transport.followOn(),
    });
    if (options.mediaSession !== false) this.addEventListener('playing', () => this.#controlFromSystem(), { once: true });
  }

  /** What is played. Its current track is loaded; another one, such as {@link Queue.from} gives, takes its place. */
  get queue(): Queue {
    return this.#programme.queue;
  }

  set queue(queue: Queue) {
    this.#programme.queue = queue;
  }

  /** Goes to the next track of the queue; false if there is none. */
  next(): boolean {
    return this.#programme.goTo(this.queue.next, 'next');
  }

  /** In the first three seconds goes to the track before, later to the beginning of this one; false if there is neither. */
  previous(): boolean {
    const isAtBeginning = this.currentTime < RESTART_SECONDS;
    if (isAtBeginning && this.#programme.goTo(this.queue.previous, 'previous')) return true;
    if (!this.#load) return false;
    this.currentTime = 0;
    return true;
  }

  /** Seconds by which one track fades into the next, at equal power; 0, the default, joins them without a gap. @throws RangeError. */
  get crossfade(): number {
    return this.#crossfade;
  }

  set crossfade(seconds: number) {
    if (!(seconds >= 0 && seconds <= LONGEST_FADE_SECONDS)) {
      throw new RangeError(`a crossfade lasts from 0 to ${LONGEST_FADE_SECONDS} seconds, not ${seconds}`);
    }
    this.#crossfade = seconds;
    this.#transport.tell({ type: 'fade', seconds });
  }

  /** Plays the track, or the part of it between two seconds, again and again, without a gap. @throws RangeError when the part is empty. */
  get loop(): boolean | Required<Part> {
    return this.#programme.loop;
  }

  set loop(loop: boolean | Required<Part>) {
    if (typeof loop === 'object' && !(loop.start >= 0 && loop.end > loop.start)) throw new RangeError('a loop ends after it starts');
    this.#programme.loop = loop;
    this.#transport.confine(typeof loop === 'object' ? loop : {});
  }

  /** The URL that is played, resolved against the page; setting it puts it into the queue alone, and loads it. The empty string unloads. */
  get src(): string {
    return this.#load?.url ?? '';
  }

  set src(url: string) {
    this.#comesPaused = true;
    this.playbackRate = this.#defaultPlaybackRate;
    if (url) this.queue.replace(url);
    else this.queue.clear();
    this.#comesPaused = false;
    if (this.#autoplay) this.#transport.preloadAs('auto');
  }

  /**
   * Plays what is loaded as soon as it can be played through, unless `play()` or `pause()` was called before; where the browser wants a gesture,
   * the next one plays it.
   */
  get autoplay(): boolean {
    return this.#autoplay;
  }

  set autoplay(autoplay: boolean) {
    this.#autoplay = autoplay;
    if (!autoplay) return;
    this.#transport.preloadAs('auto');
    if (this.readyState === HAVE_ENOUGH_DATA) this.#playByItself();
  }

  /** Whether aulos plays a media type, as `HTMLMediaElement.canPlayType` tells of the browser: 'probably', 'maybe' or ''. */
  static canPlayType(mediaType: string): CanPlayTypeResult {
    return canPlayType(mediaType);
  }

  get currentSrc(): string {
    return this.#load?.url ?? '';
  }

  /** What is fetched before `play()` is called: nothing, the head, or as much as is decoded ahead. */
  get preload(): 'none' | 'metadata' | 'auto' {
    return this.#transport.preload;
  }

  set preload(preload: 'none' | 'metadata' | 'auto') {
    this.#transport.preload = preload;
    this.#transport.preloadAs(preload);
  }

  /** Where the listener is; setting it seeks. */
  get currentTime(): number {
    return this.#transport.currentTime;
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
    return this.#transport.paused;
  }

  get ended(): boolean {
    return this.#transport.ended;
  }

  get seeking(): boolean {
    return this.#load?.stretch?.seek !== undefined;
  }

  get readyState(): ReadyState {
    return this.#load?.readyState ?? HAVE_NOTHING;
  }

  /** 0 empty, 1 idle, 2 loading, 3 no source, as in HTML. */
  get networkState(): 0 | 1 | 2 | 3 {
    const load = this.#load;
    if (!load) return 0;
    if (load.error && !load.info) return 3;
    return load.isFetching ? 2 : 1;
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
    checkVolume(volume);
    const isNews = volume !== this.#volume;
    this.#volume = volume;
    this.#applyVolume(isNews);
  }

  get muted(): boolean {
    return this.#muted;
  }

  set muted(muted: boolean) {
    const isNews = muted !== this.#muted;
    this.#muted = muted;
    this.#applyVolume(isNews);
  }

  /**
   * Goes to `volume`, 0..1, in so many seconds, linearly in amplitude; `volume` tells it at once. Resolves when it is there, or something else
   * was asked of the volume. @throws RangeError.
   */
  fade(volume: number, seconds: number): Promise<void> {
    checkVolume(volume);
    if (!(seconds >= 0 && seconds < Infinity)) throw new RangeError(`a fade takes some seconds, not ${seconds}`);
    const faded = this.#sound.fade(this.#muted ? 0 : volume, seconds);
    this.#volume = volume;
    this.fire('volumechange');
    return faded;
  }

  /**
   * Seconds of the track in a second, 0.5 to 3. Heard at once (the first time when `rate.js` is loaded); nothing is decoded anew for it.
   * `src` and `load()` set it to `defaultPlaybackRate`. @throws a NotSupportedError outside of it, as HTML says.
   */
  get playbackRate(): number {
    return this.#sound.pace.rate;
  }

  set playbackRate(rate: number) {
    checkRate(rate);
    if (rate === this.playbackRate) return;
    this.#sound.pace = { ...this.#sound.pace, rate };
    this.fire('ratechange');
  }

  /** The rate of what is loaded. @throws a NotSupportedError as `playbackRate`. */
  get defaultPlaybackRate(): number {
    return this.#defaultPlaybackRate;
  }

  set defaultPlaybackRate(rate: number) {
    checkRate(rate);
    if (rate === this.#defaultPlaybackRate) return;
    this.#defaultPlaybackRate = rate;
    this.fire('ratechange');
  }

  /** Whether voices keep their height at other rates than 1 (the default), or rise and fall with them as on a tape. */
  get preservesPitch(): boolean {
    return this.#sound.pace.keepsPitch;
  }

  set preservesPitch(keepsPitch: boolean) {
    if (keepsPitch !== this.preservesPitch) this.#sound.pace = { ...this.#sound.pace, keepsPitch };
  }

  /**
   * What the sound goes through between `node` and the destination, in this order: those of `aulos/effects`, or your own. They are taken along to
   * another context, and are not to be used together with a `node` that you connect elsewhere. One that cannot be had is an `error`, `output.device`.
   */
  get effects(): readonly Effect[] {
    return this.#sound.effects;
  }

  set effects(effects: readonly Effect[]) {
    this.#sound.effects = effects;
  }

  /**
   * Makes tracks, or albums, equally loud by what their tags say, each track by its own factor from its first sample to its last; 'off' by
   * default. A change is heard at once: what is queued is decoded anew, which may take a moment.
   */
  get replayGain(): ReplayGainMode {
    return this.#replayGain;
  }

  set replayGain(mode: ReplayGainMode) {
    if (mode === this.#replayGain) return;
    this.#replayGain = mode;
    this.#transport.tell({ type: 'replayGain', mode });
    this.#transport.refill();
  }

  /** The device that is played on, as in `AudioContext`; empty: that of the system. */
  get sinkId(): string {
    return this.#sound.sinkId;
  }

  /** Plays on another device. @throws AulosError `output.device` when the browser cannot, does not allow it, or knows no such device. */
  setSinkId(id: string): Promise<void> {
    return this.#sound.setSinkId(id);
  }

  /** What the sound of this track comes out of. Setting it changes that, where the browser can, from where the sound is; `outputchange` tells when. */
  get output(): OutputKind {
    return this.#transport.output.kind;
  }

  set output(choice: OutputChoice) {
    void this.#transport.choose(choice);
  }

  /** The context in use; another one after `outputchange`, which comes before `loadedmetadata`. */
  get context(): AudioContext {
    return this.#transport.speaker.context;
  }

  /** The last node before the destination: connect or reroute it for effects and meters. */
  get node(): AudioNode {
    return this.#transport.speaker.node;
  }

  get stats(): PlayerStats {
    const { progress, firstSoundMs } = this.#load ?? {};
    return {
      underruns: this.#transport.underruns,
      networkBytes: progress?.networkBytes ?? 0,
      storeBytes: progress?.storeBytes ?? 0,
      requests: progress?.requests ?? 0,
      firstSoundMs,
      aheadSeconds: this.#load?.aheadOf(this.currentTime) ?? 0,
      outputLatencySeconds: this.output === 'media' ? 0 : this.context.outputLatency || 0,
    };
  }

  /**
   * The waveform of the current track, once all of it is known. It is decoded for it as the bytes arrive and kept with them; none but the
   * head are fetched for it. @throws AulosError `input.invalid` for a number of buckets that cannot be, `source.live`, that of the track;
   * an AbortError when the track is left; `signal.reason`.
   */
  async peaks(options: PlayerPeaksOptions): Promise<Peaks> {
    const load = this.#load;
    const { requestPeaks } = await import('./peaks-request.ts');
    if (!load || load !== this.#load) throw new DOMException('the track was left', 'AbortError');
    this.#transport.preloadAs('metadata');
    return requestPeaks(this, options, (port) =>
      this.#transport.tell({ type: 'peaks', load: load.id, buckets: options.buckets, port }, [port]),
    );
  }

  /**
   * The picture of the current track out of its file, the front cover if it has several; undefined if it has none. Its bytes are fetched for it.
   * @throws AulosError that of the track, `media.*`; an AbortError when the track is left.
   */
  async artwork(): Promise<Blob | undefined> {
    const load = this.#load;
    const { requestArtwork } = await import('./artwork-request.ts');
    if (!load || load !== this.#load) throw new DOMException('the track was left', 'AbortError');
    this.#transport.preloadAs('metadata');
    return requestArtwork(this, (port) => this.#transport.tell({ type: 'artwork', load: load.id, port }, [port]));
  }

  /** Starts the current track anew, from its beginning and without its error. */
  load(): void {
    this.playbackRate = this.#defaultPlaybackRate;
    this.#transport.jump(this.queue.current, 'picked', true);
    if (this.#autoplay) this.#transport.preloadAs('auto');
  }

  /**
   * Plays as soon as there is sound; before there is a track, the wish is remembered. Resolves when it sounds.
   * @throws AulosError `output.notAllowed` when the browser wants a gesture first: the next one plays it all the same, unless something else
   * is asked of the player before; the error of the track; an AbortError when
   * `pause()` or a load comes in between.
   */
  play(): Promise<void> {
    this.#canAutoplay = false;
    if (this.error) return Promise.reject(this.error);
    if (this.ended) this.currentTime = 0;
    return this.#transport.play();
  }

  /**
   * Has sound allowed; to be called in a gesture, so that later ones need none. Plays what the browser had refused to. Fires `unlocked`.
   * @throws AulosError `output.notAllowed`.
   */
  unlock(): Promise<void> {
    return this.#transport.unlock();
  }

  pause(): void {
    this.#canAutoplay = false;
    this.#transport.pause();
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
    return this.#transport.seek(load, Math.max(0, duration >= 0 ? Math.min(seconds, duration) : seconds));
  }

  /** After an error of the network: tries again with what is held, from where it was. */
  retry(): void {
    const load = this.#load;
    if (!load?.error) return;
    if (load.info) this.#transport.retry(load);
    else this.load();
  }

  /** Ends the player; it plays nothing any more. The download of its track stops unless another player wants it. */
  async close(): Promise<void> {
    this.src = '';
    await this.#transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #playByItself(): void {
    if (this.#autoplay && this.#canAutoplay && this.paused) this.play().catch(() => {}); // the events tell
  }

  /** A part of its own, which nothing waits for. */
  #controlFromSystem(): void {
    import('./media-session.browser.ts').then(({ controlFromSystem }) => controlFromSystem(this, this.#transport.signal)).catch(() => {});
  }

  get #load(): Load | undefined {
    return this.#transport.load;
  }

  get #sound(): Sound {
    return this.#transport.speaker.sound;
  }

  #applyVolume(isNews: boolean): void {
    this.#sound.gain = this.#muted ? 0 : this.#volume;
    if (isNews) this.fire('volumechange');
  }
}

function checkVolume(volume: number): void {
  if (!(volume >= 0 && volume <= 1)) throw new RangeError(`the volume goes from 0 to 1, not to ${volume}`);
}

function checkRate(rate: number): void {
  if (rate >= RATES.min && rate <= RATES.max) return;
  throw new DOMException(`rates go from ${RATES.min} to ${RATES.max}, not to ${rate}`, 'NotSupportedError');
}
