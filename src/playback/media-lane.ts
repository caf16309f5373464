/**
 * The way of encoded sound: from the sender in the worker to what feeds a Media Source, in the worker too where the browser has it, so that a busy
 * page does not keep the sound from its element; and from there on to the element of the page. What is said belongs to the last `begin`; times are
 * seconds of the run, which go on from one track to the next.
 */

/** A media element of the page, as it is offered to the worker. */
export interface MediaLane {
  /** Leads to the element where the worker makes its Media Source, else to what feeds that of the page. */
  readonly port: MessagePort;
  /** Media types that it plays, by the codec string of what is in them. */
  readonly types: Readonly<Record<string, string>>;
  /** The worker is to make the Media Source. */
  readonly isMadeInWorker: boolean;
}

/** Segments of one stream, and how they lie on the timeline. */
export interface Splice {
  readonly mimeType: string;
  /** The initialisation segment; undefined in a format that has none. */
  readonly init: Uint8Array<ArrayBuffer> | undefined;
  /** Added to the times in the segments; where they carry none: the time of the first one. */
  readonly timestampOffset: number;
  /** What lies outside of these is cut off: pre-roll, encoder delay, padding. */
  readonly start: number;
  readonly end: number;
}

/** From the sender to the feed. */
export type ToMedia =
  /** Drop everything: what follows is `epoch`, heard from `at` on. */
  | { readonly type: 'begin'; readonly epoch: number; readonly at: number }
  /** Drop everything, and be silent. */
  | { readonly type: 'stop' }
  /** The segments that follow are of this stream, whose samples are to be multiplied by `gain`. */
  | ({ readonly type: 'splice'; readonly gain: number } & Splice)
  | { readonly type: 'segment'; readonly bytes: Uint8Array<ArrayBuffer> }
  /** A track ends at `at`, and what follows it is not at hand yet: if it does not come in time, the sound ends there for now. */
  | { readonly type: 'edge'; readonly at: number }
  /** The sound ends at `at`, unless more comes. */
  | { readonly type: 'end'; readonly at: number }
  /** Can what lies behind `at` be taken back? Only if none of it was heard. */
  | { readonly type: 'mayCut'; readonly at: number }
  /** Take it back. */
  | { readonly type: 'cut'; readonly at: number }
  | { readonly type: 'close' };

/** From the feed to the sender. */
export type FromMedia =
  /** The listener is at `at`. */
  { readonly type: 'played'; readonly epoch: number; readonly at: number } | { readonly type: 'mayCut'; readonly answer: boolean };

/** From the feed to the element: what it was told, some of it when it is done. */
export type ToElement =
  /** Of a Media Source in the worker, to be attached. */
  | { readonly type: 'source'; readonly handle: MediaSourceHandle }
  | Exclude<ToMedia, { readonly type: 'splice' | 'segment' | 'close' }>
  /** Go to `at`, and say so: nothing is appended before. */
  | { readonly type: 'seek'; readonly number: number; readonly at: number }
  /** From `at` on, samples are to be multiplied by `gain`. */
  | { readonly type: 'splice'; readonly at: number; readonly gain: number }
  /** There is more to be played. */
  | { readonly type: 'appended' }
  /** The browser does not take it. */
  | { readonly type: 'failed' };

/** From the element to the feed. */
export type FromElement =
  | FromMedia
  /** It is where seek `number` wanted it to be. */
  | { readonly type: 'sought'; readonly number: number }
  /** The edge is near. */
  | { readonly type: 'finish'; readonly at: number };
