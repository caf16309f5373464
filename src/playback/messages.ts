/**
 * What the page's {@link Player} and its session in the worker say to each other, over a port of their own.
 *
 * `load` numbers the resources that a player was given, `run` its starts of decoding (the first play, every seek, every jump to another track);
 * both count up. A run goes on from one track to the next. What is said of a run that is over is out of date.
 */
import type { ByteRange } from '../base/ranges.ts';
import type { SerializedError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';
import type { Phase } from '../source/source.ts';
import type { ArtworkRequest } from './artwork-answer.ts';
import type { OutputLane } from './lane.ts';
import type { Levels } from './levels.ts';
import type { MediaLane } from './media-lane.ts';
import type { PeaksRequest } from './peaks-answer.ts';
import type { Answer, PortableOptions, Question } from './questions.ts';
import type { ReplayGainMode } from './replay-gain.ts';

/** From the page to the worker itself: a new player, or who looks after what is stored, and its port. */
export interface WorkerGreeting {
  readonly type: 'player' | 'cache';
  readonly port: MessagePort;
}

/** A resource, and which part of it sounds when it follows another: by default all of it. Seconds. */
export interface Loading {
  readonly load: number;
  readonly url: string;
  readonly options?: PortableOptions;
  readonly start?: number;
  readonly end?: number;
}

/** From the player to its session. */
export type ToSession =
  /** Where the sound goes from now on. */
  | { readonly type: 'output'; readonly output: OutputLane }
  /** What it accepts goes there as it is, and not decoded to the output; undefined: nothing any more. */
  | { readonly type: 'media'; readonly lane: MediaLane | undefined }
  /** Open this URL, and understand its head. */
  | ({ readonly type: 'load' } & Loading)
  /** Decode from `seconds` on, up to `end`, in place of what is being decoded. Before the head is known, it is remembered. */
  | { readonly type: 'decode'; readonly load: number; readonly run: number; readonly seconds: number; readonly end?: number }
  /** What follows load `after` when it ends, in place of what was to follow; it is fetched in time. */
  | { readonly type: 'follow'; readonly after: number; readonly next: Loading | undefined }
  /** Tracks overlap by so many seconds. */
  | { readonly type: 'fade'; readonly seconds: number }
  /** Decode so far ahead, where memory allows. */
  | { readonly type: 'ahead'; readonly seconds: number }
  /** Store what has arrived: the page may be about to end. */
  | { readonly type: 'keep' }
  /** What is decoded from now on is as loud as that asks for. */
  | { readonly type: 'replayGain'; readonly mode: ReplayGainMode }
  /** Be silent, and decode nothing. */
  | { readonly type: 'halt' }
  /** Leave a failure: try the network again. */
  | { readonly type: 'retry'; readonly load: number }
  /** It is not needed any more, nor is what was to follow it. */
  | { readonly type: 'unload'; readonly load: number }
  | PeaksRequest
  | ArtworkRequest
  | Answer
  | { readonly type: 'close' };

/** From the session to its player. */
export type FromSession =
  | Question
  | { readonly type: 'head'; readonly load: number; readonly info: MediaInfo }
  /** What the head could only estimate is known exactly. */
  | { readonly type: 'info'; readonly load: number; readonly info: MediaInfo }
  /** The first block of `run` is there: it begins at `seconds`, and the worklet will report it as `epoch`. */
  | { readonly type: 'landed'; readonly run: number; readonly epoch: number; readonly seconds: number }
  /** Sound is decoded up to time `until` of the run; `isEnd`: there is no more. */
  | { readonly type: 'decoded'; readonly run: number; readonly until: number; readonly isEnd: boolean }
  /** At time `at` of the run, which goes on counting, `load` begins after load `after`; in place of what was told before of `after`. */
  | { readonly type: 'junction'; readonly run: number; readonly after: number; readonly load: number; readonly at: number }
  /** What followed `load` before its `follow` is heard already. */
  | { readonly type: 'late'; readonly load: number }
  | { readonly type: 'levels'; readonly run: number; readonly levels: readonly Levels[] }
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
