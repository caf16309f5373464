import { MAX_FRAME_BYTES } from '../../demux/mpeg-audio-header.ts';

/** Bytes that `main_data_begin` can reach back (ISO/IEC 11172-3 §2.4.2.7): nine bits. */
const REACH = 511;

/** Zeros that a bit reader may look at behind the last byte. */
const SLACK = 8;

/**
 * The bit reservoir: main data of a frame may begin in frames before it, so the last bytes of those are kept in front of each new frame.
 *
 *     | ≤ 511 bytes of earlier frames | main data area of this frame | slack |
 *                  ↑ start of this frame's main data
 */
export class Reservoir {
  readonly bytes = new Uint8Array(REACH + MAX_FRAME_BYTES + SLACK);
  #length = 0;

  /** Bytes that hold main data. */
  get length(): number {
    return this.#length;
  }

  /** Adds the main data area `data[from…]` of a frame; gives the byte at which its main data begins, or −1 when that was not received. */
  append(data: Uint8Array, from: number, mainDataBegin: number): number {
    const { bytes } = this;
    const kept = Math.min(REACH, this.#length);
    bytes.copyWithin(0, this.#length - kept, this.#length);
    let length = kept;
    for (let i = from; i < data.length; i++) bytes[length++] = data[i];
    for (let i = 0; i < SLACK; i++) bytes[length + i] = 0;
    this.#length = length;
    return kept < mainDataBegin ? -1 : kept - mainDataBegin;
  }

  /** Forgets earlier frames. */
  reset(): void {
    this.#length = 0;
  }
}
