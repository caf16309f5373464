import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { Tags } from '../media.ts';
import type { Phase } from '../source/source.ts';
import type { Levels } from './levels.ts';
import type { QueueItem } from './queue-json.ts';

/** The events of `HTMLMediaElement` that a player fires, as plain `Event`s. */
export type MediaEventName =
  | 'abort'
  | 'canplay'
  | 'canplaythrough'
  | 'durationchange'
  | 'emptied'
  | 'ended'
  | 'error'
  | 'loadeddata'
  | 'loadedmetadata'
  | 'loadstart'
  | 'pause'
  | 'play'
  | 'playing'
  | 'progress'
  | 'ratechange'
  | 'seeked'
  | 'seeking'
  | 'timeupdate'
  | 'volumechange'
  | 'waiting';

/** Why another track is current: the one before has ended, `next()` or `previous()` was called, or it was picked in the queue (or `src`). */
export type TrackChangeReason = 'ended' | 'next' | 'previous' | 'picked';

/** What the player's own events carry in `detail`. */
export interface PlayerEventDetails {
  /** More bytes are held. */
  cached: { readonly held: readonly ByteRange[]; readonly length: number | undefined };
  /** The network failed, and is tried again. */
  retry: { readonly attempt: number; readonly delayMs: number; readonly error: AulosError };
  /** How loud it is at the playhead, some 20 times a second while it plays. */
  levels: Levels;
  /** The sound had a hole; how many render quanta so far. */
  underrun: { readonly underruns: number };
  phase: { readonly phase: Phase };
  /** Another track is current: `item`, after `previous`. Comes as soon as it is heard, or is gone to. */
  trackchange: {
    readonly item: QueueItem | undefined;
    readonly previous: QueueItem | undefined;
    readonly reason: TrackChangeReason;
  };
  /** `context` and `node` were replaced, for a track of another rate or because the device was lost. */
  outputchange: undefined;
  /** More is known of what the track says of itself: tags, chapters or pictures that stand behind the sound, or the next song of a station. */
  tags: { readonly tags: Tags };
  /** The system has taken the sound away, for a call, say; `playing` comes when it gives it back. */
  interrupted: undefined;
  /** The browser refused to play without a gesture, and allows it now. */
  unlocked: undefined;
}

/** Every event of a player, by name. */
export type PlayerEventMap = { [N in MediaEventName]: Event } & { [N in keyof PlayerEventDetails]: CustomEvent<PlayerEventDetails[N]> };

/** An `EventTarget` that knows the events of a player. */
export class PlayerEventTarget extends EventTarget {
  override addEventListener<N extends keyof PlayerEventMap>(
    type: N,
    listener: ((this: this, event: PlayerEventMap[N]) => void) | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(type: string, listener: unknown, options?: boolean | AddEventListenerOptions): void {
    super.addEventListener(type, listener as EventListener, options);
  }

  /** Fires a plain event. */
  protected fire(name: MediaEventName): void {
    this.dispatchEvent(new Event(name));
  }

  /** Fires one of the player's own events. */
  protected fireOwn<N extends keyof PlayerEventDetails>(name: N, detail: PlayerEventDetails[N]): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** Counters of a player. */
export interface PlayerStats {
  /** Render quanta (128 frames) that stayed silent in mid-track for want of sound. */
  readonly underruns: number;
  readonly networkBytes: number;
  readonly storeBytes: number;
  readonly requests: number;
  /** From the `play()` to the first sound of this track, ms. */
  readonly firstSoundMs: number | undefined;
  /** Decoded sound after the playhead, seconds. */
  readonly aheadSeconds: number;
  /** Delay from the AudioContext to the ear, seconds, as the browser says. */
  readonly outputLatencySeconds: number;
}
