import type { ReadAhead } from './rate-read-ahead.ts';

/** A way to make sound of frames at some rate. */
export interface RateWay {
  /** Number of the frame, or the place between two, that is heard next. */
  readonly at: number;
  /** Frames of media in a frame of the next sound. */
  readonly rate: number;
  /** Frames that it must have behind `at` before it gives any, unless they are the last. */
  readonly reserve: number;
  /** Fills `planes` from their start; gives the frames, fewer than their length when there are no more. */
  render(planes: readonly Float32Array[], ahead: ReadAhead): number;
}

/** As it is, to the bit. */
export class Straight implements RateWay {
  readonly rate = 1;
  readonly reserve = 0;
  at: number;

  constructor(at: number) {
    this.at = at;
  }

  render(planes: readonly Float32Array[], ahead: ReadAhead): number {
    const frames = Math.min(planes[0].length, ahead.reach(this.at + planes[0].length) - this.at);
    const from = this.at - ahead.start;
    for (const [channel, plane] of planes.entries()) plane.set(ahead.planes[channel].subarray(from, from + frames));
    this.at += frames;
    return frames;
  }
}
