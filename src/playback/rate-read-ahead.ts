import type { LaneFeed } from './lane.ts';

/** Most that is read before it is heard, seconds: two windows of the slowest stretching, and one to compare. */
const LENGTH_SECONDS = 0.75;

/**
 * The frames of an epoch around the playhead, taken out of a lane: one way of playing them leaves them for another that takes its place.
 * They are numbered from the beginning of the epoch.
 */
export class ReadAhead {
  readonly planes: readonly Float32Array[];
  readonly #feed: LaneFeed;
  readonly #length: number;
  #keepFrom = 0;
  /** Number of the frame at index 0 of the planes. */
  start = 0;
  /** Number of the frame after the last. */
  end = 0;

  constructor(feed: LaneFeed, sampleRate: number, channels: number) {
    this.#feed = feed;
    this.#length = Math.ceil(LENGTH_SECONDS * sampleRate);
    this.planes = Array.from({ length: channels }, () => new Float32Array(this.#length));
  }

  /** No frames come behind those that were read. */
  get isComplete(): boolean {
    return this.#feed.isComplete && this.#feed.queued === 0;
  }

  /** Reads on to frame `end`, so far as there is sound; gives the frame after the last. */
  reach(end: number): number {
    const wanted = end - this.end;
    if (wanted <= 0) return this.end;
    if (end - this.start > this.#length) this.#compact();
    const at = this.end - this.start;
    this.end += this.#feed.read(this.planes.map((plane) => plane.subarray(at, at + wanted)));
    return this.end;
  }

  /** Frames before `frame` are not needed any more. */
  forget(frame: number): void {
    this.#keepFrom = Math.max(this.#keepFrom, frame);
  }

  #compact(): void {
    const gone = Math.min(this.#keepFrom, this.end) - this.start;
    for (const plane of this.planes) plane.copyWithin(0, gone, this.end - this.start);
    this.start += gone;
  }
}
