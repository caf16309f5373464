import { framesOf, type PcmBlock } from '../media.ts';

/** How loud a track is along its time, for a waveform: for each bucket the lowest and the highest sample of all channels, ±1 = full scale. */
export interface Peaks {
  /** NaN in buckets that are not known yet. */
  readonly min: Float32Array;
  readonly max: Float32Array;
  /** True if every bucket is known. */
  readonly isWhole: boolean;
}

/** Frames of the finest bins. */
const FINEST = 512;
/** When there are more, pairs of them become one: a table takes at most 32 kB, however long the track. */
const MAX_BINS = 8192;
const FULL_SCALE = 32_767;
const HEAD_BYTES = 16;
const FORMAT_VERSION = 1;

/** The lowest and highest samples of the first frames of a track, in bins of equal width. */
export class PeakTable {
  // Empty bins are such that every sample widens them.
  readonly #min = new Int16Array(MAX_BINS).fill(FULL_SCALE);
  readonly #max = new Int16Array(MAX_BINS).fill(-FULL_SCALE);
  #binFrames = FINEST;
  #frames = 0;
  #isWhole = false;

  /** Frames that are known, from the start of the track on. */
  get frames(): number {
    return this.#frames;
  }

  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** The sound has ended with what was added. */
  end(): void {
    this.#isWhole = true;
  }

  /** Adds a block of the presented timeline; they come in order. */
  add(block: PcmBlock): void {
    const end = block.timestamp + framesOf(block);
    while (end > MAX_BINS * this.#binFrames) this.#halve();
    for (let at = block.timestamp; at < end; ) {
      const bin = Math.floor(at / this.#binFrames);
      const until = Math.min(end, (bin + 1) * this.#binFrames);
      for (const plane of block.planes) this.#widen(bin, plane, at - block.timestamp, until - block.timestamp);
      at = until;
    }
    this.#frames = Math.max(this.#frames, end);
  }

  /** Spreads a track of `frames` frames, or what of it is known, over `buckets`. */
  peaks(buckets: number, frames: number): Peaks {
    const total = this.#isWhole ? this.#frames : Math.max(frames, this.#frames);
    const min = new Float32Array(buckets).fill(Number.NaN);
    const max = new Float32Array(buckets).fill(Number.NaN);
    const bins = Math.ceil(this.#frames / this.#binFrames);
    for (let bucket = 0; bucket < buckets; bucket++) {
      const from = Math.floor((total * bucket) / buckets / this.#binFrames);
      const to = Math.max(from + 1, Math.ceil((total * (bucket + 1)) / buckets / this.#binFrames));
      if (from >= bins || (to > bins && !this.#isWhole)) break;
      min[bucket] = this.#min.subarray(from, to).reduce((least, value) => Math.min(least, value)) / FULL_SCALE;
      max[bucket] = this.#max.subarray(from, to).reduce((most, value) => Math.max(most, value)) / FULL_SCALE;
    }
    return { min, max, isWhole: this.#isWhole };
  }

  /** `version 8 | isWhole 8 | 0 16 | bin frames 32 | frames f64 | lowest 16 × bins | highest 16 × bins`, little-endian. */
  toBytes(): Uint8Array {
    const bins = Math.ceil(this.#frames / this.#binFrames);
    const view = new DataView(new ArrayBuffer(HEAD_BYTES + 4 * bins));
    view.setUint8(0, FORMAT_VERSION);
    view.setUint8(1, Number(this.#isWhole));
    view.setUint32(4, this.#binFrames, true);
    view.setFloat64(8, this.#frames, true);
    for (let bin = 0; bin < bins; bin++) {
      view.setInt16(HEAD_BYTES + 2 * bin, this.#min[bin], true);
      view.setInt16(HEAD_BYTES + 2 * (bins + bin), this.#max[bin], true);
    }
    return new Uint8Array(view.buffer);
  }

  /** Takes up what {@link toBytes} gave; what it did not give is left alone. */
  adopt(bytes: Uint8Array): void {
    if (bytes.length < HEAD_BYTES) return;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const binFrames = view.getUint32(4, true);
    const frames = view.getFloat64(8, true);
    const bins = Math.ceil(frames / binFrames);
    const isWidth = binFrames >= FINEST && Number.isInteger(Math.log2(binFrames / FINEST));
    const isSound = isWidth && Number.isSafeInteger(frames) && bins <= MAX_BINS && bytes.length === HEAD_BYTES + 4 * bins;
    if (view.getUint8(0) !== FORMAT_VERSION || !isSound) return;
    for (let bin = 0; bin < bins; bin++) {
      this.#min[bin] = view.getInt16(HEAD_BYTES + 2 * bin, true);
      this.#max[bin] = view.getInt16(HEAD_BYTES + 2 * (bins + bin), true);
    }
    this.#binFrames = binFrames;
    this.#frames = frames;
    this.#isWhole = view.getUint8(1) === 1;
  }

  #widen(bin: number, plane: Float32Array, from: number, to: number): void {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let i = from; i < to; i++) {
      const sample = plane[i];
      if (sample < low) low = sample;
      if (sample > high) high = sample;
    }
    this.#min[bin] = Math.min(this.#min[bin], quantised(low));
    this.#max[bin] = Math.max(this.#max[bin], quantised(high));
  }

  #halve(): void {
    for (let bin = 0; bin < MAX_BINS / 2; bin++) {
      this.#min[bin] = Math.min(this.#min[2 * bin], this.#min[2 * bin + 1]);
      this.#max[bin] = Math.max(this.#max[2 * bin], this.#max[2 * bin + 1]);
    }
    this.#min.fill(FULL_SCALE, MAX_BINS / 2);
    this.#max.fill(-FULL_SCALE, MAX_BINS / 2);
    this.#binFrames *= 2;
  }
}

const quantised = (sample: number): number => Math.round(Math.max(-1, Math.min(1, sample)) * FULL_SCALE);
