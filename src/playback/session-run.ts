import type { Deck } from './deck.ts';

/** What sounds from the first play, a seek or a jump on: a track, and those that follow it. */
export interface SessionRun {
  readonly id: number;
  /** More is known or held: what comes next may have to be made ready. */
  look(): void;
  /** Something else follows `deck`, or nothing. */
  changeNext(deck: Deck): void;
  /** `deck` was heard to its end: what follows it stays. */
  forget(deck: Deck): void;
  close(): Promise<void>;
}
