import type { CrossOrigin } from '../net/client.ts';
import { canPlayType } from './can-play-type.ts';
import { LONGEST_FADE_SECONDS } from './crossfade.ts';
import type { Load, Part } from './load.ts';
import type { PlayerOptions } from './player-options.ts';
import { PlayerSound } from './player-sound.browser.ts';
import { Programme } from './programme.ts';
import type { Queue } from './queue.ts';
import { HAVE_ENOUGH_DATA } from './readiness.ts';
import { Transport } from './transport.browser.ts';

export type { PlayerOptions } from './player-options.ts';

/** Within so many seconds of its beginning, going back means the track before; later, the beginning. */
const RESTART_SECONDS = 3;

/**
 * Plays audio while it downloads. The surface and the events are those of `HTMLMediaElement`; the work is done in a worker, and the
 * sound comes out of an AudioWorklet, so that a busy page does not disturb it. Times are seconds, sizes bytes, the volume 0..1.
 *
 * It plays its {@link queue}, one track after the other, without a gap between them; `src` is a queue of one.
 */
export class Player extends PlayerSound {
  protected readonly transport: Transport;
  readonly #programme: Programme;
  /** The next track is loaded and not played, as when a `src` is set. */
  #comesPaused = false;
  #autoplay = false;
  /** Neither play() nor pause() was called since it was loaded. */
  #canAutoplay = false;
  #crossfade = 0;

  constructor(options: PlayerOptions = {}) {
    super();
    this.transport = new Transport(options, {
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
      onJump: (item, reason) => this.transport.jump(item, reason, this.#comesPaused),
      onFollowing: () => this.transport.followOn(),
    });
    if (options.muted) this.defaultMuted = this.muted = true;
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
    this.transport.tell({ type: 'fade', seconds });
  }

  /** Plays the track, or the part of it between two seconds, again and again, without a gap. @throws RangeError when the part is empty. */
  get loop(): boolean | Required<Part> {
    return this.#programme.loop;
  }

  set loop(loop: boolean | Required<Part>) {
    if (typeof loop === 'object' && !(loop.start >= 0 && loop.end > loop.start)) throw new RangeError('a loop ends after it starts');
    this.#programme.loop = loop;
    this.transport.confine(typeof loop === 'object' ? loop : {});
  }

  /** The URL that is played, resolved against the page; setting it puts it into the queue alone, and loads it. The empty string unloads. */
  get src(): string {
    return this.#load?.url ?? '';
  }

  set src(url: string) {
    this.#comesPaused = true;
    this.playbackRate = this.defaultPlaybackRate;
    if (url) this.queue.replace(url);
    else this.queue.clear();
    this.#comesPaused = false;
    if (this.#autoplay) this.transport.preloadAs('auto');
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
    this.transport.preloadAs('auto');
    if (this.readyState === HAVE_ENOUGH_DATA) this.#playByItself();
  }

  /** As the static one. */
  canPlayType(mediaType: string): CanPlayTypeResult {
    return canPlayType(mediaType);
  }

  /** Whether aulos plays a media type, as `HTMLMediaElement.canPlayType` tells of the browser: 'probably', 'maybe' or ''. */
  static canPlayType(mediaType: string): CanPlayTypeResult {
    return canPlayType(mediaType);
  }

  /**
   * Whether cookies and the like go to other origins, too, with the requests for what is loaded from now on: only as 'use-credentials', to which
   * the origin has to agree by `Access-Control-Allow-Credentials`. Every request is one of CORS, whatever is said here.
   */
  get crossOrigin(): CrossOrigin | null {
    return this.transport.crossOrigin ?? null;
  }

  set crossOrigin(crossOrigin: string | null) {
    const known = crossOrigin === 'use-credentials' ? crossOrigin : 'anonymous'; // as HTML says of words that it does not know
    this.transport.crossOrigin = crossOrigin === null ? undefined : known;
  }

  get currentSrc(): string {
    return this.#load?.url ?? '';
  }

  /** What is fetched before `play()` is called: nothing, the head, or as much as is decoded ahead. */
  get preload(): 'none' | 'metadata' | 'auto' {
    return this.transport.preload;
  }

  set preload(preload: 'none' | 'metadata' | 'auto') {
    this.transport.preload = preload;
    this.transport.preloadAs(preload);
  }

  /** Where the listener is; setting it seeks. */
  get currentTime(): number {
    return this.transport.currentTime;
  }

  set currentTime(seconds: number) {
    this.seek(seconds).catch(() => {}); // the events tell
  }

  /** Starts the current track anew, from its beginning and without its error. */
  load(): void {
    this.playbackRate = this.defaultPlaybackRate;
    this.transport.jump(this.queue.current, 'picked', true);
    if (this.#autoplay) this.transport.preloadAs('auto');
  }

  /** As setting `currentTime`: going to the very place takes no longer. */
  fastSeek(seconds: number): void {
    this.currentTime = seconds;
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
    return this.transport.play();
  }

  /**
   * Has sound allowed; to be called in a gesture, so that later ones need none. Plays what the browser had refused to. Fires `unlocked`.
   * @throws AulosError `output.notAllowed`.
   */
  unlock(): Promise<void> {
    return this.transport.unlock();
  }

  pause(): void {
    this.#canAutoplay = false;
    this.transport.pause();
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
    return this.transport.seek(load, Math.max(0, duration >= 0 ? Math.min(seconds, duration) : seconds));
  }

  /** After an error of the network: tries again with what is held, from where it was. */
  retry(): void {
    const load = this.#load;
    if (!load?.error) return;
    if (load.info) this.transport.retry(load);
    else this.load();
  }

  /** Ends the player; it plays nothing any more. The download of its track stops unless another player wants it. */
  async close(): Promise<void> {
    this.src = '';
    await this.transport.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #playByItself(): void {
    if (this.#autoplay && this.#canAutoplay && this.paused) this.play().catch(() => {}); // the events tell
  }

  /** A part of its own, which nothing waits for. */
  #controlFromSystem(): void {
    import('./media-session.browser.ts').then(({ controlFromSystem }) => controlFromSystem(this, this.transport.signal)).catch(() => {});
  }

  get #load(): Load | undefined {
    return this.transport.load;
  }
}
