/** A packet whose number and place in the file are known. */
export interface Landmark {
  /** Number of the packet, from 0. */
  readonly packet: number;
  /** Byte offset of its header. */
  readonly offset: number;
}

/** Packets from one remembered place to the next. */
export const LANDMARK_INTERVAL = 64;

/** Where packets stand, as far as the file was walked from its start: one in 64 is remembered. */
export class AdtsLandmarks {
  readonly #offsets: number[];

  constructor(firstOffset: number) {
    this.#offsets = [firstOffset];
  }

  /** Tells of a packet whose number is known for certain. */
  pass(packet: number, offset: number): void {
    if (packet === this.#offsets.length * LANDMARK_INTERVAL) this.#offsets.push(offset);
  }

  /** The last one at or before `packet`. */
  before(packet: number): Landmark {
    const i = Math.min(Math.floor(packet / LANDMARK_INTERVAL), this.#offsets.length - 1);
    return { packet: i * LANDMARK_INTERVAL, offset: this.#offsets[i] };
  }
}
