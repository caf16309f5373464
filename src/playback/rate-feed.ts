import type { LaneFeed } from './lane.ts';
import type { Pace, RatedFeed } from './rate.ts';
import { ReadAhead } from './rate-read-ahead.ts';
import { Resampling } from './rate-resampling.ts';
import { Stretching } from './rate-stretching.ts';
import { type RateWay, Straight } from './rate-way.ts';

/** Frames behind the playhead that are kept: what the resampler looks back on. */
const BEHIND_FRAMES = 64;
/** Frames in which one way of playing fades into another: 5 ms. */
const FADE_FRAMES = 256;

/** Plays a lane at a rate. At rate 1 its frames are those of the lane, to the bit; from one way to another it fades, within milliseconds. */
export class RateFeed implements RatedFeed {
  readonly #feed: LaneFeed;
  readonly #sampleRate: number;
  readonly #channels: number;
  #pace: Pace = { rate: 1, keepsPitch: true };
  #epoch: number;
  #ahead: ReadAhead;
  #way: RateWay;
  /** How the way before would have gone on, and how much of it was heard. */
  #fade: { readonly planes: readonly Float32Array[]; readonly frames: number; done: number } | undefined;

  constructor(feed: LaneFeed, sampleRate: number, channels: number) {
    this.#feed = feed;
    this.#sampleRate = sampleRate;
    this.#channels = channels;
    this.#epoch = feed.epoch;
    this.#ahead = new ReadAhead(feed, sampleRate, channels);
    this.#way = new Straight(0);
  }

  get pace(): Pace {
    return this.#pace;
  }

  set pace(pace: Pace) {
    this.#follow();
    this.#pace = pace;
    if (this.#way.constructor === wayOf(pace)) this.#steer(pace.rate);
    else this.#change();
  }

  get rate(): number {
    return this.#way.rate;
  }

  get epoch(): number {
    this.#follow();
    return this.#epoch;
  }

  get position(): number {
    this.#follow();
    return this.#feed.position - Math.max(0, this.#ahead.end - this.#way.at) / this.#sampleRate;
  }

  get queued(): number {
    this.#follow();
    const { at, rate, reserve } = this.#way;
    const frames = this.#ahead.end - at + this.#feed.queued - (this.#feed.isComplete ? 0 : reserve);
    return Math.max(0, Math.ceil(frames / rate));
  }

  get isComplete(): boolean {
    return this.#feed.isComplete;
  }

  read(planes: readonly Float32Array[]): number {
    this.#follow();
    const frames = this.#way.render(planes, this.#ahead);
    if (this.#fade) this.#fadeOver(planes, frames);
    this.#ahead.forget(Math.floor(this.#way.at) - BEHIND_FRAMES);
    return frames;
  }

  settle(): void {
    this.#feed.settle();
  }

  finish(epoch: number): void {
    this.#feed.finish(epoch);
  }

  /** Begins anew with an epoch. */
  #follow(): void {
    if (this.#epoch === this.#feed.epoch) return;
    this.#epoch = this.#feed.epoch;
    this.#ahead = new ReadAhead(this.#feed, this.#sampleRate, this.#channels);
    this.#fade = undefined;
    this.#way = this.#wayFrom(0);
  }

  #steer(rate: number): void {
    if (!(this.#way instanceof Straight)) (this.#way as Resampling | Stretching).rate = rate;
  }

  #change(): void {
    const { at } = this.#way;
    if (at > 0) {
      const planes = Array.from({ length: this.#channels }, () => new Float32Array(FADE_FRAMES));
      this.#fade = { planes, frames: this.#way.render(planes, this.#ahead), done: 0 };
    }
    this.#way = this.#wayFrom(Math.min(Math.round(at), this.#ahead.end));
  }

  #wayFrom(at: number): RateWay {
    const { rate } = this.#pace;
    const Way = wayOf(this.#pace);
    return new Way(at, rate, this.#sampleRate, this.#channels);
  }

  #fadeOver(planes: readonly Float32Array[], count: number): void {
    const { planes: before, frames, done } = this.#fade!;
    const end = Math.min(count, frames - done);
    for (const [channel, plane] of planes.entries()) {
      for (let i = 0; i < end; i++) {
        const share = (done + i) / frames;
        plane[i] = share * plane[i] + (1 - share) * before[channel][done + i];
      }
    }
    this.#fade!.done += end;
    if (this.#fade!.done === frames) this.#fade = undefined;
  }
}

/** The class for a pace. */
function wayOf({ rate, keepsPitch }: Pace): typeof Straight | typeof Resampling | typeof Stretching {
  if (rate === 1) return Straight;
  return keepsPitch ? Stretching : Resampling;
}
