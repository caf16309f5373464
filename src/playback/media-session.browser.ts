import type { MediaInfo, Tags } from '../media.ts';
import { type SessionFacts, sessionPosition, sessionText } from './media-session-state.ts';
import type { QueueItem } from './queue-json.ts';

/** What a media session shows and works: a player. */
export interface SessionPlayer extends EventTarget {
  readonly queue: { readonly current: QueueItem | undefined; readonly next: QueueItem | undefined };
  readonly info: MediaInfo | undefined;
  readonly tags: Tags;
  readonly paused: boolean;
  readonly duration: number;
  readonly playbackRate: number;
  currentTime: number;
  play(): Promise<void>;
  pause(): void;
  next(): boolean;
  previous(): boolean;
  artwork(): Promise<Blob | undefined>;
}

/** What browsers of Apple have besides (W3C Audio Session): whether the sound obeys the mute switch, for example. */
interface AudioSession {
  type: string;
}

/** Seconds that a skip goes where the system does not say. */
const SKIP_SECONDS = 10;

/** The page has one media session: of the player that was told to play last. */
let owner: PlayerSessionControls | undefined;

/** Shows `player` in the media controls of the system, and has them work it, from now on while it is the last one to play; until `signal` aborts. */
export function controlFromSystem(player: SessionPlayer, signal: AbortSignal): void {
  if (!('mediaSession' in navigator) || signal.aborted) return;
  const controls = new PlayerSessionControls(player, navigator.mediaSession);
  const take = () => controls.take();
  player.addEventListener('play', take, { signal });
  signal.addEventListener('abort', () => controls.leave(), { once: true });
  if (!player.paused || !owner) take();
}

class PlayerSessionControls {
  readonly #player: SessionPlayer;
  readonly #session: MediaSession;
  /** Aborts when another player plays, or this one is closed. */
  #turn: AbortController | undefined;
  #picture: string | undefined;
  /** What is shown, as text: showing the same again would make it blink. */
  #shown = '';
  #audioTypeBefore: string | undefined;

  constructor(player: SessionPlayer, session: MediaSession) {
    this.#player = player;
    this.#session = session;
  }

  /** Is the one that the system shows. */
  take(): void {
    if (owner === this) return;
    owner?.leave();
    owner = this;
    this.#turn = new AbortController();
    const { signal } = this.#turn;
    const on = (names: readonly string[], listener: () => void) => {
      for (const name of names) this.#player.addEventListener(name, listener, { signal });
    };
    on(['trackchange', 'loadedmetadata', 'tags'], () => this.#show());
    on(['trackchange', 'loadedmetadata'], () => void this.#showPicture(signal));
    on(['durationchange', 'seeked', 'ratechange', 'playing', 'waiting', 'pause', 'emptied', 'trackchange'], () => this.#tellPosition());
    this.#setAudioType('playback');
    this.#work();
    this.#show();
    this.#tellPosition();
    void this.#showPicture(signal);
  }

  /** Leaves nothing behind. */
  leave(): void {
    if (owner !== this) return;
    owner = undefined;
    this.#turn?.abort();
    for (const action of Object.keys(this.#actions) as MediaSessionAction[]) this.#handle(action, null);
    this.#session.metadata = null;
    this.#session.playbackState = 'none';
    this.#session.setPositionState();
    this.#shown = '';
    this.#forgetPicture();
    this.#setAudioType(this.#audioTypeBefore);
  }

  readonly #actions: Partial<Record<MediaSessionAction, MediaSessionActionHandler>> = {
    play: () => void this.#player.play().catch(() => {}), // the events tell
    pause: () => this.#player.pause(),
    stop: () => {
      this.#player.pause();
      this.#player.currentTime = 0;
    },
    seekto: ({ seekTime }) => {
      if (seekTime !== undefined) this.#player.currentTime = seekTime;
    },
    seekforward: ({ seekOffset }) => this.#skip(seekOffset || SKIP_SECONDS),
    seekbackward: ({ seekOffset }) => this.#skip(-(seekOffset || SKIP_SECONDS)),
    previoustrack: () => void this.#player.previous(),
    nexttrack: () => void this.#player.next(),
  };

  #skip(seconds: number): void {
    this.#player.currentTime = Math.max(0, this.#player.currentTime + seconds);
  }

  #work(): void {
    for (const [action, handler] of Object.entries(this.#actions)) this.#handle(action as MediaSessionAction, handler);
  }

  #handle(action: MediaSessionAction, handler: MediaSessionActionHandler | null): void {
    try {
      this.#session.setActionHandler(action, handler);
    } catch {
      // A browser that does not know the action.
    }
  }

  #show(): void {
    const { queue, info, tags, duration } = this.#player;
    const { chapters = [] } = info ?? {};
    const facts: SessionFacts = { item: queue.current, tags, chapters, isLive: duration === Number.POSITIVE_INFINITY };
    const { current } = queue;
    const src = this.#picture ?? (current?.artwork && new URL(current.artwork, location.href).href);
    const metadata = { ...sessionText(facts), artwork: src ? [{ src }] : [] };
    const shown = JSON.stringify(metadata);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#session.metadata = new MediaMetadata(metadata as MediaMetadataInit);
  }

  /** The file's own picture, where the queue tells of none. */
  async #showPicture(signal: AbortSignal): Promise<void> {
    const { current } = this.#player.queue;
    this.#forgetPicture();
    if (current?.artwork || !this.#player.info) return;
    const picture = await this.#player.artwork().catch(() => undefined); // a picture that cannot be had is not worth a word
    if (signal.aborted || !picture || current !== this.#player.queue.current) return;
    this.#forgetPicture();
    this.#picture = URL.createObjectURL(picture);
    this.#show();
  }

  #forgetPicture(): void {
    if (this.#picture) URL.revokeObjectURL(this.#picture);
    this.#picture = undefined;
  }

  #tellPosition(): void {
    const { duration, currentTime, playbackRate, paused, queue } = this.#player;
    this.#session.playbackState = queue.current ? (paused ? 'paused' : 'playing') : 'none';
    this.#session.setPositionState(sessionPosition(duration, currentTime, playbackRate));
  }

  #setAudioType(type: string | undefined): void {
    const { audioSession } = navigator as { audioSession?: AudioSession };
    if (!audioSession || type === undefined) return;
    this.#audioTypeBefore = audioSession.type;
    audioSession.type = type;
  }
}
