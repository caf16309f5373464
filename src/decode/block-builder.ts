import type { PcmBlock } from '../media.ts';

/** Joins what the packets of a batch decode to: one block per run of equal format, clamped. */
export class BlockBuilder {
  readonly #blocks: PcmBlock[] = [];
  #planes: Float32Array[] = [];
  #timestamp = 0;
  #sampleRate = 0;
  #length = 0;
  #capacity = 0;

  /** Channels of the run that is being joined; undefined before the first one. */
  get channels(): number | undefined {
    return this.#planes.length || undefined;
  }

  /** Hz of that run. */
  get sampleRate(): number | undefined {
    return this.#sampleRate || undefined;
  }

  /**
   * Adds `frames` samples of `channels` planes at `timestamp`, behind `silence` frames of nothing. It copies. `expected` is how many
   * frames the rest of the batch will have, these included.
   */
  append(
    planes: readonly Float32Array[],
    frames: number,
    channels: number,
    sampleRate: number,
    timestamp: number,
    expected: number,
    silence = 0,
  ): void {
    const length = silence + frames;
    const isSame = this.#sampleRate === sampleRate && this.#planes.length === channels;
    if (!isSame || this.#length + length > this.#capacity) {
      this.#close();
      this.#timestamp = timestamp;
      this.#sampleRate = sampleRate;
      this.#capacity = Math.max(expected, length);
      this.#planes = Array.from({ length: channels }, () => new Float32Array(this.#capacity));
    }
    this.#length += silence;
    for (let c = 0; c < channels; c++) {
      const plane = planes[c];
      this.#planes[c].set(plane.length === frames ? plane : plane.subarray(0, frames), this.#length);
    }
    this.#length += frames;
  }

  /** All blocks; the caller owns them. The builder is spent. */
  finish(): PcmBlock[] {
    this.#close();
    return this.#blocks;
  }

  #close(): void {
    if (this.#planes.length === 0) return;
    const [length, isFull] = [this.#length, this.#length === this.#capacity];
    for (const plane of this.#planes) clamp(plane);
    const planes = isFull ? this.#planes : this.#planes.map((plane) => plane.slice(0, length));
    this.#blocks.push({ timestamp: this.#timestamp, sampleRate: this.#sampleRate, planes });
    this.#planes = [];
    this.#length = 0;
  }
}

/** The bit of a float that is set from magnitude 2 on, infinity and NaN included: the highest of its exponent. */
const TWO_OR_MORE = 0x40000000;

/**
 * To ±8, and without NaN. Decoders compute ±1.0, only damaged input gives anything else: whether there is any of it, integers tell at a
 * tenth of the cost.
 */
function clamp(plane: Float32Array): void {
  const bits = new Int32Array(plane.buffer, plane.byteOffset, plane.length);
  let all = 0;
  let i = 0;
  for (; i < bits.length - 3; i += 4) all |= bits[i] | bits[i + 1] | bits[i + 2] | bits[i + 3];
  for (; i < bits.length; i++) all |= bits[i];
  if ((all & TWO_OR_MORE) === 0) return;
  for (i = 0; i < plane.length; i++) plane[i] = Number.isNaN(plane[i]) ? 0 : Math.max(-8, Math.min(8, plane[i]));
}
