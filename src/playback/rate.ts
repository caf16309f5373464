import type { LaneFeed } from './lane.ts';

/** The slowest and the fastest that a player plays. */
export const RATES = { min: 0.5, max: 3 } as const;

/** How fast sound is played. */
export interface Pace {
  /** Seconds of media in a second of sound, within {@link RATES}. */
  readonly rate: number;
  /** Voices keep their height; else they rise and fall with the rate, as those of a tape do. */
  readonly keepsPitch: boolean;
}

/** A feed that is played faster or slower: its frames are those that are heard, its position is that of the media. */
export interface RatedFeed extends LaneFeed {
  /** Seconds of media in a second of the next frames. */
  readonly rate: number;
  /** Takes effect with the next frames, or where the pitch is kept and stays kept, within 0.12 s. */
  pace: Pace;
}

/** Puts a rate between a lane and what plays it; `sampleRate` in Hz. */
export type Rater = (feed: LaneFeed, sampleRate: number, channels: number) => RatedFeed;

/**
 * Where the worklet's module finds the one for rates, which is loaded when it is first needed. Both are single files without imports, so that
 * a bundler may call them what it likes: hence they meet in the scope that they share.
 */
const RATER = Symbol.for('aulos.rater');
const scope = globalThis as { [RATER]?: Rater };

/** What was installed in this scope, if anything. */
export const installedRater = (): Rater | undefined => scope[RATER];

/** For the module that brings it. */
export function installRater(rater: Rater): void {
  scope[RATER] = rater;
}
