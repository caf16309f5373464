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

/** Bits of 8, the largest magnitude that leaves a decoder. */
const LIMIT_BITS = 0x41000000;

/**
 * Decoders compute ±1.0; damaged input may give anything. The bits of a float without its sign are ordered as its magnitude is, with
 * infinity and NaN on top, so one pass over integers tells, at a quarter of the cost, whether there is anything to clamp.
 */
function clamp(plane: Float32Array): void {
  const bits = new Int32Array(plane.buffer, plane.byteOffset, plane.length);
  let excess = 0;
  for (let i = 0; i < bits.length; i++) excess |= LIMIT_BITS - (bits[i] & 0x7fffffff);
  if (excess >= 0) return;
  for (let i = 0; i < plane.length; i++) plane[i] = Number.isNaN(plane[i]) ? 0 : Math.max(-8, Math.min(8, plane[i]));
}
