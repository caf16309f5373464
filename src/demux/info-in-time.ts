import type { MediaInfo, Metadata } from '../media.ts';
import type { FrameIndex } from './frame-index.ts';
import { joinMetadata, saysNothing } from './metadata.ts';

/** What the head of a file says, later what all of its packets say of the duration, and what other places say besides. */
export class InfoInTime {
  #now: MediaInfo;
  readonly #index: FrameIndex;

  constructor(head: MediaInfo, index: FrameIndex) {
    this.#now = head;
    this.#index = index;
  }

  /** The same object for as long as it says the same. */
  get now(): MediaInfo {
    if (!this.#now.durationIsExact && this.#index.isWhole) {
      const { config, encoderDelay, padding } = this.#now;
      const frames = Math.max(0, this.#index.covered - encoderDelay - padding);
      this.#now = { ...this.#now, frames, duration: frames / config.sampleRate, durationIsExact: true };
    }
    return this.#now;
  }

  /** Adds what another place says; where they differ, what is known already is right. */
  add(metadata: Metadata): void {
    if (!saysNothing(metadata)) this.#now = { ...this.now, ...joinMetadata(this.now, metadata) };
  }
}
