import type { MediaEventName } from './player-events.ts';
import type { Settle } from './stretch.ts';

/** Whether it should sound, and whether it does: the part of `HTMLMediaElement` between `play()` and `ended`, with its promises. */
export class Activity {
  readonly #fire: (name: MediaEventName) => void;
  readonly #plays: Settle<void>[] = [];
  #state: 'idle' | 'waiting' | 'playing' | 'ended' = 'idle';
  paused = true;

  constructor(fire: (name: MediaEventName) => void) {
    this.#fire = fire;
  }

  get isPlaying(): boolean {
    return this.#state === 'playing';
  }

  get ended(): boolean {
    return this.#state === 'ended';
  }

  /** It should sound; `isReady`: there is sound for it. Resolves when it does. */
  play(isReady: boolean): Promise<void> {
    if (this.paused) {
      this.paused = false;
      this.#state = 'waiting';
      this.#fire('play');
      if (!isReady) this.#fire('waiting');
    }
    if (this.isPlaying) return Promise.resolve();
    return new Promise((resolve, reject) => this.#plays.push({ resolve, reject }));
  }

  /** It should not sound; `reason` is for those who wait for it. */
  stop(reason: unknown): void {
    this.paused = true;
    if (!this.ended) this.#state = 'idle';
    this.refuse(reason);
  }

  /** It will not sound. */
  refuse(reason: unknown): void {
    for (const { reject } of this.#plays.splice(0)) reject(reason);
  }

  /** It sounds. */
  sound(): void {
    if (this.isPlaying) return;
    this.#state = 'playing';
    this.#fire('playing');
    for (const { resolve } of this.#plays.splice(0)) resolve();
  }

  /** It should sound, and does not. */
  wait(): void {
    this.#state = 'waiting';
    this.#fire('timeupdate');
    this.#fire('waiting');
  }

  end(): void {
    this.#state = 'ended';
  }

  /** What it is about is another place, or another track. */
  leave(): void {
    this.#state = this.paused ? 'idle' : 'waiting';
  }
}
