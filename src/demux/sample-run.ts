import { type BoxHeader, malformed, payloadStart } from './boxes.ts';
import type { SampleDefaults } from './mp4box.ts';

const FLAG = { dataOffset: 0x01, firstFlags: 0x04, duration: 0x100, size: 0x200, flags: 0x400, composition: 0x800 };
const SAMPLE_IS_NOT_SYNC = 0x10000;

/**
 * Samples of one track that lie back to back (`trun`, ISO 14496-12 §8.8.8). Their fields stay in the bytes of the box:
 *
 *     version 8 | flags 24 | count 32 | [data offset 32] | [first flags 32] | count × ([duration 32] [size 32] [flags 32] [composition 32])
 */
export class SampleRun {
  /** Byte offset of the first sample in the resource. */
  readonly offset: number;
  readonly count: number;
  /** Bytes of all samples together. */
  readonly bytes: number;
  /** False if nothing says how large the samples are. */
  readonly isSized: boolean;
  /** Units of all samples together. */
  readonly duration: number;
  /** True if decoding may start at the first sample. Sound without flags is taken as it nearly always is: each stands for itself. */
  readonly startsWithSync: boolean;
  readonly #view: DataView;
  readonly #stride: number;
  /** Where the fields of the first sample stand; −1 if the default holds for all. */
  readonly #durationAt: number;
  readonly #sizeAt: number;
  /** False if the last sample has no duration: its writer did not know yet when the next one is due. It is as long as the one before. */
  readonly #isLastTimed: boolean;
  readonly #defaults: SampleDefaults;

  /**
   * `view` is the payload of `box`, of 8 bytes and more. Data offsets count from byte `base`; without one the data begins at byte `next`.
   * @throws AulosError `media.malformed` if the box has not got as many samples as it says.
   */
  constructor(view: DataView, box: BoxHeader, base: number, next: number, defaults: SampleDefaults) {
    const flags = view.getUint32(0);
    const wordIf = (flag: number): number => (flags & flag ? 4 : 0);
    const firstFlagsAt = 8 + wordIf(FLAG.dataOffset);
    const first = firstFlagsAt + wordIf(FLAG.firstFlags);
    const sizeWithin = wordIf(FLAG.duration);
    const flagsWithin = sizeWithin + wordIf(FLAG.size);
    this.#view = view;
    this.#defaults = defaults;
    this.#stride = flagsWithin + wordIf(FLAG.flags) + wordIf(FLAG.composition);
    this.#durationAt = flags & FLAG.duration ? first : -1;
    this.#sizeAt = flags & FLAG.size ? first + sizeWithin : -1;
    this.count = view.getUint32(4);
    if (first + this.count * this.#stride > view.byteLength) throw malformed(payloadStart(box) + 4, 'sample count of trun');
    this.offset = flags & FLAG.dataOffset ? base + view.getInt32(8) : next;
    this.bytes = this.#sum(this.#sizeAt, defaults.size);
    this.isSized = this.#sizeAt >= 0 || defaults.size > 0;
    this.#isLastTimed = this.#durationAt < 0 || this.count < 2 || this.#ownDurationOf(this.count - 1) > 0;
    this.duration = this.#sum(this.#durationAt, defaults.duration) + (this.#isLastTimed ? 0 : this.durationOf(this.count - 1));
    const hasOwnFlags = (flags & FLAG.flags) !== 0 && this.count > 0;
    const firstFlags = flags & FLAG.firstFlags ? view.getUint32(firstFlagsAt) : hasOwnFlags ? view.getUint32(first + flagsWithin) : 0;
    this.startsWithSync = (firstFlags & SAMPLE_IS_NOT_SYNC) === 0;
  }

  /** Bytes of sample `index`. */
  sizeOf(index: number): number {
    return this.#sizeAt < 0 ? this.#defaults.size : this.#view.getUint32(this.#sizeAt + index * this.#stride);
  }

  /** Units of sample `index`. */
  durationOf(index: number): number {
    if (this.#durationAt < 0) return this.#defaults.duration;
    return this.#ownDurationOf(!this.#isLastTimed && index === this.count - 1 ? index - 1 : index);
  }

  #ownDurationOf(index: number): number {
    return this.#view.getUint32(this.#durationAt + index * this.#stride);
  }

  #sum(firstAt: number, byDefault: number): number {
    if (firstAt < 0) return this.count * byDefault;
    let sum = 0;
    const end = firstAt + this.count * this.#stride;
    for (let at = firstAt; at < end; at += this.#stride) sum += this.#view.getUint32(at);
    return sum;
  }
}
