/**
 * The way of encoded sound from the worker to the page's Media Source. What is said belongs to the last `begin`; times are seconds of the run,
 * which go on from one track to the next.
 */

/** A Media Source of the page, as it is offered to the worker. */
export interface MediaLane {
  readonly port: MessagePort;
  /** Media types that it plays, by the codec string of what is in them. */
  readonly types: Readonly<Record<string, string>>;
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

/** From the worker to the page. */
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
  /** Take back what lies behind `at`, and all that comes until `resume`; only if none of it was heard, which the answer says. */
  | { readonly type: 'cut'; readonly at: number }
  | { readonly type: 'resume' };

/** From the page to the worker. */
export type FromMedia =
  /** The listener is at `at`. */
  { readonly type: 'played'; readonly epoch: number; readonly at: number } | { readonly type: 'cut'; readonly done: boolean };
