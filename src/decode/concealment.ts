import { AulosError } from '../errors.ts';
import type { Packet } from '../media.ts';

/** Concealed packets in one second of media above which a stream is not worth listening to. */
const MAX_PER_SECOND = 3;

/** Keeps count of the packets that were replaced by silence. */
export class Concealment {
  /** All of them. */
  count = 0;
  /** Timestamps of those in the last second of media. */
  #recent: number[] = [];

  /**
   * Counts `packet`, of a stream of `sampleRate` Hz.
   * @throws AulosError `decode.failed` with `cause` when there are too many in one second.
   */
  add(packet: Packet, sampleRate: number, cause: unknown): void {
    this.count++;
    const since = packet.timestamp - sampleRate;
    this.#recent = this.#recent.filter((timestamp) => timestamp > since);
    this.#recent.push(packet.timestamp);
    if (this.#recent.length <= MAX_PER_SECOND) return;
    throw new AulosError(
      'decode.failed',
      { offset: packet.offset, what: 'too many damaged packets' },
      `more than ${MAX_PER_SECOND} packets in a second could not be decoded, the last one at byte ${packet.offset}`,
      { cause },
    );
  }

  /** What comes next is another place of the stream. */
  reset(): void {
    this.#recent = [];
  }
}
