import { CAPACITY, CHANNELS, HEADER_BYTES } from './pcm-ring-memory.ts';

/**
 * A ring of planar float PCM in shared memory for one producer and one consumer, without locks.
 *
 *     int32  0 written   frames ever written (wraps around)
 *            1 taken     frames ever taken or skipped by the consumer
 *            2 skip      the consumer jumps here: everything before was flushed
 *            3 epoch     of the frames from `skip` on
 *            4 complete  1 when the epoch has no more frames to come
 *            5 channels  6 capacity (frames, a power of two so that wrapped counters still index)
 *     int64  4 timestamp µs of the frame at `skip`
 *     float  one plane of `capacity` samples per channel
 *
 * Only the producer moves `written`, `skip`, `epoch`, `complete`; only the consumer moves `taken`. A flushed frame is free for the
 * producer once the consumer has jumped over it, so the two never touch one sample at the same time.
 */
const WRITTEN = 0;
const TAKEN = 1;
const SKIP = 2;
const EPOCH = 3;
const COMPLETE = 4;
const TIMESTAMP = 4;
/** What a consumer may be about to take, frames: several render quanta. */
const NEAR_FRAMES = 1_024;

/** Where the consumer stands; all fields belong to one epoch. */
interface Look {
  readonly epoch: number;
  readonly from: number;
  readonly skip: number;
  readonly available: number;
}

/** Both ends of the ring; each thread makes its own over the same buffer. */
export class PcmRing {
  readonly buffer: SharedArrayBuffer;
  readonly channels: number;
  /** Frames that fit. */
  readonly capacity: number;
  readonly #cells: Int32Array;
  readonly #timestamp: BigInt64Array;
  readonly #planes: Float32Array[];
  #marked = false;
  #seenSkip = 0;
  #sinceSkip = 0;

  /** Attaches to a buffer made by {@link allocatePcmRing}. */
  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer;
    this.#cells = new Int32Array(buffer, 0, 8);
    this.#timestamp = new BigInt64Array(buffer, 0, 5);
    this.channels = this.#cells[CHANNELS];
    this.capacity = this.#cells[CAPACITY];
    const planeAt = (channel: number) => HEADER_BYTES + channel * this.capacity * 4;
    this.#planes = Array.from({ length: this.channels }, (_, i) => new Float32Array(buffer, planeAt(i), this.capacity));
  }

  /** Producer: frames that can be written now. */
  get room(): number {
    return this.capacity - ((this.#cells[WRITTEN] - Atomics.load(this.#cells, TAKEN)) | 0);
  }

  /**
   * Producer: copies `frames` frames of `planes` from index `start` on; the caller has looked at `room`. `timestampUs` is the media time
   * of the first one, which counts at the beginning of an epoch; frames of one epoch follow each other without gaps.
   */
  write(planes: readonly Float32Array[], start: number, frames: number, timestampUs: number): void {
    if (!this.#marked) Atomics.store(this.#timestamp, TIMESTAMP, BigInt(Math.round(timestampUs)));
    this.#marked = true;
    const written = this.#cells[WRITTEN];
    const at = written & (this.capacity - 1);
    const untilWrap = Math.min(frames, this.capacity - at);
    for (let channel = 0; channel < this.channels; channel++) {
      this.#planes[channel].set(planes[channel].subarray(start, start + untilWrap), at);
      this.#planes[channel].set(planes[channel].subarray(start + untilWrap, start + frames), 0);
    }
    Atomics.store(this.#cells, COMPLETE, 0);
    Atomics.store(this.#cells, WRITTEN, (written + frames) | 0);
  }

  /** Producer: voids every frame not taken yet; what is written next belongs to `epoch`. */
  flush(epoch: number): void {
    this.#marked = false;
    Atomics.store(this.#cells, COMPLETE, 0);
    // `skip` before `epoch`: a consumer that sees the new epoch sees the new `skip` too, and frames of it come later still.
    Atomics.store(this.#cells, SKIP, this.#cells[WRITTEN]);
    Atomics.store(this.#cells, EPOCH, epoch);
  }

  /** Producer: says that the epoch has no more frames. */
  complete(): void {
    Atomics.store(this.#cells, COMPLETE, 1);
  }

  /**
   * Producer: takes the last `frames` frames back, also that they were the last; false, and nothing is changed, when the consumer is so
   * near to them that it may take some while this looks.
   */
  takeBack(frames: number): boolean {
    Atomics.store(this.#cells, COMPLETE, 0);
    const written = this.#cells[WRITTEN];
    const end = (written - frames) | 0;
    const isFar = () => ((end - Atomics.load(this.#cells, TAKEN)) | 0) >= NEAR_FRAMES;
    if (frames === 0) return true;
    if (!isFar()) return false;
    Atomics.store(this.#cells, WRITTEN, end);
    // From here on the consumer reads up to `end`. It may have come near while this thread was held up, and be reading beyond it.
    if (isFar()) return true;
    Atomics.store(this.#cells, WRITTEN, written);
    return false;
  }

  /** Consumer: frames that can be read now. */
  get available(): number {
    return this.#look().available;
  }

  /** Consumer: epoch of the next frame. */
  get epoch(): number {
    return Atomics.load(this.#cells, EPOCH);
  }

  /** Consumer: true once every frame of the epoch is in the ring. */
  get isComplete(): boolean {
    return Atomics.load(this.#cells, COMPLETE) === 1;
  }

  /** Consumer: media time of the next frame, µs, given the rate of the frames; NaN before the epoch's first frame is there. */
  timestampUs(sampleRate: number): number {
    const { from, skip, available } = this.#look();
    if (from === skip && available === 0) return Number.NaN;
    const sinceSkip = skip === this.#seenSkip ? this.#sinceSkip : 0;
    return Number(Atomics.load(this.#timestamp, TIMESTAMP)) + (sinceSkip * 1e6) / sampleRate;
  }

  /** Consumer: frames taken or skipped so far; wraps around as an int32. */
  get taken(): number {
    return this.#cells[TAKEN];
  }

  /** Consumer: jumps over flushed frames, which makes room, without reading. */
  skip(): void {
    this.#settle(this.#look());
  }

  /** Consumer: fills `planes` (as many as there are) from their start; gives the frames read, fewer when there are no more. */
  read(planes: readonly Float32Array[]): number {
    const look = this.#look();
    this.#settle(look);
    const frames = Math.min(planes[0].length, look.available);
    const at = look.from & (this.capacity - 1);
    const untilWrap = Math.min(frames, this.capacity - at);
    for (let channel = 0; channel < Math.min(planes.length, this.channels); channel++) {
      planes[channel].set(this.#planes[channel].subarray(at, at + untilWrap), 0);
      if (untilWrap < frames) planes[channel].set(this.#planes[channel].subarray(0, frames - untilWrap), untilWrap);
    }
    this.#sinceSkip += frames;
    Atomics.store(this.#cells, TAKEN, (look.from + frames) | 0);
    return frames;
  }

  #settle({ from, skip }: Look): void {
    if (skip !== this.#seenSkip) this.#sinceSkip = 0;
    this.#seenSkip = skip;
    Atomics.store(this.#cells, TAKEN, from);
  }

  #look(): Look {
    for (;;) {
      const epoch = Atomics.load(this.#cells, EPOCH);
      const written = Atomics.load(this.#cells, WRITTEN);
      const skip = Atomics.load(this.#cells, SKIP);
      const taken = this.#cells[TAKEN];
      const from = ((skip - taken) | 0) > 0 ? skip : taken;
      // A flush between the loads may leave `skip` past `written`: nothing to read then.
      const available = Math.max(0, (written - from) | 0);
      if (Atomics.load(this.#cells, EPOCH) === epoch) return { epoch, from, skip, available };
    }
  }
}
