import type { LaneFeed } from './lane.ts';
import type { RatedFeed } from './rate.ts';

/** What the worklet does: the truth behind `playing` and `waiting`. */
export type PumpState =
  /** Told to be silent. */
  | 'paused'
  /** Wants to play, and fills up before it begins an epoch. */
  | 'filling'
  | 'playing'
  /** Ran dry in mid-epoch. */
  | 'starved'
  /** Everything of the epoch has been played. */
  | 'ended';

/** What the worklet tells the page, on every change of state and some 25 times a second while it plays. */
export interface PumpReport {
  readonly state: PumpState;
  readonly epoch: number;
  /** Media time of the next frame to be rendered, seconds; NaN before the epoch's first frame is there. */
  readonly position: number;
  /** Media time from where on it played without a break at one rate, seconds; as `position` if it did not play yet. */
  readonly since: number;
  /** Seconds of media that pass in a second. */
  readonly rate: number;
  /** The rate until `since`; 0 when it was silent. */
  readonly rateBefore: number;
  /** Time of the context at which that frame will be rendered if nothing holds it up, seconds. */
  readonly contextTime: number;
  /** Sound queued behind it, seconds of media. */
  readonly queuedSeconds: number;
  /** Frames rendered since the worklet began. */
  readonly renderedFrames: number;
  /** Render quanta that stayed (partly) silent in mid-epoch, since the worklet began. */
  readonly underruns: number;
}

/** Sound that must be queued before an epoch begins, seconds: what bridges a hiccup of the worker, which decodes much faster. */
const START_SECONDS = 0.05;
/** Sound that must be queued before it goes on after running dry: more, so that a slow network does not stutter. */
const RESUME_SECONDS = 0.5;

/** Moves frames from a lane into render quanta and keeps count. Pure but for the feed: the worklet gives it planes and time. */
export class Pump {
  #feed: LaneFeed | RatedFeed;
  readonly #sampleRate: number;
  #wantsToPlay = false;
  #state: PumpState = 'paused';
  #epoch = 0;
  /** Media time at which the stretch that plays (or played last) began; NaN in an epoch that did not play yet. */
  #since = Number.NaN;
  #rate = 1;
  #rateBefore = 0;
  #underruns = 0;
  #renderedFrames = 0;

  constructor(feed: LaneFeed, sampleRate: number) {
    this.#feed = feed;
    this.#sampleRate = sampleRate;
  }

  get state(): PumpState {
    return this.#state;
  }

  set wantsToPlay(wants: boolean) {
    this.#wantsToPlay = wants;
  }

  /** Goes on with `feed`, which goes on where the one before is. */
  set feed(feed: RatedFeed) {
    this.#feed = feed;
  }

  /** Fills one render quantum, which comes silent; gives true when the state (or the epoch) changed. */
  render(planes: readonly Float32Array[]): boolean {
    const { epoch } = this.#feed;
    const hasJumped = epoch !== this.#epoch;
    this.#epoch = epoch;
    if (hasJumped) this.#since = Number.NaN;
    const before = hasJumped ? undefined : this.#state;
    this.#state = this.#next(hasJumped ? 'filling' : this.#state);
    if (this.#state === 'playing') this.#play(planes, before === 'playing');
    else if (this.#state === 'starved') this.#underruns++;
    return this.#state !== before;
  }

  /** After a quantum was rendered; the next one begins at `contextTime`. */
  report(contextTime: number): PumpReport {
    const { position } = this.#feed;
    return {
      state: this.#state,
      epoch: this.#epoch,
      position,
      since: Number.isNaN(this.#since) ? position : this.#since,
      rate: this.#rate,
      rateBefore: this.#rateBefore,
      contextTime,
      queuedSeconds: (this.#feed.queued * this.#rate) / this.#sampleRate,
      renderedFrames: this.#renderedFrames,
      underruns: this.#underruns,
    };
  }

  #next(state: PumpState): PumpState {
    const { queued, isComplete } = this.#feed;
    if (isComplete && queued === 0) return 'ended';
    if (!this.#wantsToPlay) return 'paused';
    if (state === 'playing') return queued > 0 ? 'playing' : 'starved';
    const enough = (state === 'starved' ? RESUME_SECONDS : START_SECONDS) * this.#sampleRate;
    if (isComplete || queued >= enough) return 'playing';
    return state === 'starved' ? 'starved' : 'filling';
  }

  #play(planes: readonly Float32Array[], wasPlaying: boolean): void {
    const { position } = this.#feed;
    const frames = this.#feed.read(planes);
    const rate = 'rate' in this.#feed ? this.#feed.rate : 1;
    if (!wasPlaying || rate !== this.#rate) {
      this.#since = position;
      this.#rateBefore = wasPlaying ? this.#rate : 0;
    }
    this.#rate = rate;
    this.#renderedFrames += frames;
    if (frames === planes[0].length || this.#feed.isComplete) return;
    this.#underruns++;
    this.#state = 'starved';
  }
}
