/**
 * What the page's {@link Player} and its session in the worker say to each other, over a port of their own.
 *
 * `load` numbers the resources that a player was given, `run` its starts of decoding (the first play, every seek); both count up, and
 * whatever carries an older number is out of date.
 */
import type { ByteRange } from '../base/ranges.ts';
import type { SerializedError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';
import type { Phase } from '../source/source.ts';
import type { OutputLane } from './lane.ts';
import type { Levels } from './levels.ts';
import type { Answer, PortableOptions, Question } from './questions.ts';

/** From the page to the worker itself: a new player and its port. */
export interface WorkerGreeting {
  readonly type: 'player';
  readonly port: MessagePort;
}

/** From the player to its session. */
export type ToSession =
  /** Where the sound goes from now on. */
  | { readonly type: 'output'; readonly output: OutputLane }
  /** Open this URL, and understand its head. */
  | { readonly type: 'load'; readonly load: number; readonly url: string; readonly options?: PortableOptions }
  /** Decode from `seconds` on, in place of what is being decoded. Before the head is known, it is remembered. */
  | { readonly type: 'decode'; readonly load: number; readonly run: number; readonly seconds: number }
  /** Leave a failure: try the network again. */
  | { readonly type: 'retry'; readonly load: number }
  | { readonly type: 'unload'; readonly load: number }
  | Answer
  | { readonly type: 'close' };

/** From the session to its player. */
export type FromSession =
  | Question
  | { readonly type: 'head'; readonly load: number; readonly info: MediaInfo }
  /** What the head could only estimate is known exactly. */
  | { readonly type: 'info'; readonly load: number; readonly info: MediaInfo }
  /** The first block of `run` is there: it begins at `seconds`, and the worklet will report it as `epoch`. */
  | { readonly type: 'landed'; readonly load: number; readonly run: number; readonly epoch: number; readonly seconds: number }
  /** Sound is decoded up to media time `until`; `isEnd`: there is no more. */
  | { readonly type: 'decoded'; readonly load: number; readonly run: number; readonly until: number; readonly isEnd: boolean }
  | { readonly type: 'levels'; readonly load: number; readonly run: number; readonly levels: readonly Levels[] }
  | { readonly type: 'progress'; readonly load: number; readonly progress: SourceProgress }
  | { readonly type: 'retry'; readonly load: number; readonly attempt: number; readonly delayMs: number; readonly error: SerializedError }
  | { readonly type: 'failed'; readonly load: number; readonly error: SerializedError };

/** How far the resource has come. */
export interface SourceProgress {
  readonly phase: Phase;
  /** Bytes that are held, ascending. */
  readonly held: readonly ByteRange[];
  readonly length: number | undefined;
  readonly networkBytes: number;
  readonly storeBytes: number;
  readonly requests: number;
}
