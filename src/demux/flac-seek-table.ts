/** A place in the file where a FLAC frame begins. */
export interface Landmark {
  /** Byte offset in the resource. */
  readonly offset: number;
  /** First frame (sample per channel) of that block. */
  readonly frame: number;
}

const POINT_BYTES = 18;

/**
 * The SEEKTABLE block (RFC 9639 §8.5), read where it lies: points in ascending order, placeholders (all ones) last.
 *
 *     n × ( first sample 64 │ offset from the first frame 64 │ samples 16 )
 */
export class FlacSeekTable {
  readonly #view: DataView;
  readonly #points: number;

  /** @param body of the metadata block. */
  constructor(body: Uint8Array) {
    this.#view = new DataView(body.buffer, body.byteOffset, body.length);
    this.#points = Math.floor(body.length / POINT_BYTES);
  }

  /** Points in it, placeholders too. */
  get points(): number {
    return this.#points;
  }

  /** The last point at or before `frame` and the first one after it. Whether they are right is for the frames there to say. */
  around(frame: number, firstFrameOffset: number): { before: Landmark | undefined; after: Landmark | undefined } {
    let low = 0;
    let high = this.#points;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#frameOf(middle) <= frame) low = middle + 1;
      else high = middle;
    }
    return { before: this.#point(low - 1, firstFrameOffset), after: this.#point(low, firstFrameOffset) };
  }

  #point(index: number, firstFrameOffset: number): Landmark | undefined {
    if (index < 0 || index >= this.#points) return undefined;
    const frame = this.#frameOf(index);
    const offset = firstFrameOffset + this.#u64(index * POINT_BYTES + 8);
    return Number.isSafeInteger(frame) && Number.isSafeInteger(offset) ? { frame, offset } : undefined;
  }

  #frameOf(index: number): number {
    return this.#u64(index * POINT_BYTES);
  }

  #u64(at: number): number {
    return this.#view.getUint32(at) * 2 ** 32 + this.#view.getUint32(at + 4);
  }
}
