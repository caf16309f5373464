import type { AulosError } from '../errors.ts';
import type { CodecConfig } from '../media.ts';
import type { PumpReport } from './pump.ts';

/** What the sound comes out of: an AudioWorklet, or an audio element that a Media Source feeds, for which the browser keeps battery and lock screen. */
export type OutputKind = 'worklet' | 'media';

/** Which output a player is to have; `auto`: the worklet, or the media element for the background and where there is no worklet. */
export type OutputChoice = 'auto' | OutputKind;

/** What an output tells while it sounds; times are those of the run that it reports as `epoch`. */
export type OutputReport = Omit<PumpReport, 'renderedFrames'>;

/** What an output tells besides. */
export interface OutputListener {
  onReport(report: OutputReport): void;
  /** It cannot sound: `output.notAllowed` without a gesture, `output.device`. */
  onRefusal(error: AulosError): void;
  /** It may sound, from now on. */
  onRunning(): void;
}

/** A way of the page to make sound. */
export interface Output {
  /** Where it is, seconds on its own clock: that of {@link OutputReport.contextTime}. */
  readonly heardTime: number;
  /** Holes in mid-track so far. */
  readonly underruns: number;
  /** Whether anything can be heard. */
  readonly isRunning: boolean;
  /** Plays what comes. To be called in a gesture where the browser wants one. */
  start(): void;
  stop(): void;
  /** Has sound allowed before anything plays; to be called in a gesture. @throws AulosError `output.notAllowed`. */
  wake(): Promise<void>;
  close(): Promise<void>;
}

/** The output of a player, which may be now of this kind, now of that. */
export interface PlayerOutput extends Output {
  /** Of the one in use. */
  readonly kind: OutputKind;
  /** Goes to the output for sound of this kind, as the worker does; true if it is another one than before. */
  suit(config: CodecConfig): boolean;
  /** True if a track of this kind may follow another in the output in use. */
  goesOnWith(config: CodecConfig): boolean;
  /** Goes to another output of the same format, after `onLost`. */
  replace(): void;
}
