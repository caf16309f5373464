import type { OutputChoice } from './output.ts';
import type { DownloadOptions } from './questions.ts';

/** How a player plays; how its tracks are fetched is in {@link DownloadOptions}. */
export interface PlayerOptions extends DownloadOptions {
  /** Silent at first, as `defaultMuted` and `muted` tell. @default false */
  readonly muted?: boolean;
  /** Whether the media controls of the system, such as keys and the lock screen, show and work the player that played last. @default true */
  readonly mediaSession?: boolean;
  /** The pipeline worker. @default `worker.js` beside the module of aulos */
  readonly workerUrl?: string | URL;
  /** The AudioWorklet module. @default `worklet.js` beside the module of aulos */
  readonly workletUrl?: string | URL;
  /** The AudioWorklet's module for other rates than 1, loaded when one is first set. @default `rate.js` beside the module of aulos */
  readonly rateUrl?: string | URL;
  /** Play through this context and leave it open; sound of other rates is resampled. @default a context at the track's rate */
  readonly context?: AudioContext;
  /**
   * What the sound comes out of: an AudioWorklet, or an audio element that a Media Source feeds, for which the browser saves battery, plays in the
   * background and works the lock screen; `auto` is the worklet, or the element where there is no worklet (pages without https). What the browser
   * does not play by Media Source comes out of the worklet all the same. @default 'auto'
   */
  readonly output?: OutputChoice;
  /** The page is mostly listened to in the background: `auto` is the element. @default false */
  readonly background?: boolean;
  /** Rate that the first context is made for, Hz, before the track is known. @default 44100 */
  readonly sampleRate?: number;
}
