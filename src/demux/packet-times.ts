import { AulosError } from '../errors.ts';
import { entryCount, fieldsOf, type HeldBox, malformed } from './boxes.ts';

/** How the time of an MP4 track turns into decoded frames. */
export interface PacketClock {
  /** Units of the track per second. */
  readonly timescale: number;
  /** Frames per second of the decoded sound. */
  readonly sampleRate: number;
  /**
   * Frames that every packet decodes to, for codecs with one packet length; the track may claim less (a trimmed end) or a little more
   * or less (rounding), and the decoder gives this many all the same. Undefined where the track's durations are the truth.
   */
  readonly framesPerPacket: number | undefined;
}

/** `units` of the track in frames. */
export const toFrames = ({ timescale, sampleRate }: PacketClock, units: number): number => Math.round((units * sampleRate) / timescale);

/** `frames` in units of the track. */
export const toUnits = ({ timescale, sampleRate }: PacketClock, frames: number): number => Math.round((frames * timescale) / sampleRate);

/** Frames that a packet of `units` decodes to. */
export const framesIn = (clock: PacketClock, units: number): number => clock.framesPerPacket ?? toFrames(clock, units);

/** Frames from the start of a packet of `units` to the start of the next: more than it decodes to where the track leaves a gap. */
export function strideOf(clock: PacketClock, units: number): number {
  const frames = toFrames(clock, units);
  const fixed = clock.framesPerPacket;
  return fixed === undefined || frames >= fixed * GAP ? frames : fixed;
}

/**
 * Where a packet begins that the track puts at `frames`, when packets so far end at `end`: right there, save for a real gap. Time stamps
 * that were rounded to another timescale, or trimmed by an editor, tear no holes.
 */
export function continueAt(clock: PacketClock, end: number, frames: number): number {
  const tolerance = clock.framesPerPacket === undefined ? roundingOf(clock) : clock.framesPerPacket * (GAP - 1);
  return frames - end > tolerance ? frames : end;
}

/** `frames`, or the multiple of the packet length that it was before it was rounded to the timescale of the track. */
export function nearestPacket(clock: PacketClock, frames: number): number {
  const length = clock.framesPerPacket ?? 1;
  const nearest = Math.round(frames / length) * length;
  return Math.abs(nearest - frames) <= roundingOf(clock) ? nearest : frames;
}

/** Frames by which two time stamps of the track may be off together. */
const roundingOf = ({ sampleRate, timescale }: PacketClock): number => 2 * Math.ceil(sampleRate / timescale);

/** A million packets that all differ in length are more than any encoder writes. */
const MAX_RUNS = 1_000_000;

/** A packet lasts this many times its frames before the rest counts as a gap. */
const GAP = 1.5;

/** The decoded timeline of a sample table: runs of packets with equal stride, so that hours of AAC are one run. */
export class PacketTimes {
  /** Decoded frames from the first to the end of the last packet. */
  readonly decodedEnd: number;
  /** The same as the track tells it, where that is less: the last packet may be trimmed. */
  readonly mediaEnd: number;
  readonly #clock: PacketClock;
  readonly #firstIndex: number[] = [];
  readonly #firstTime: number[] = [];
  readonly #stride: number[] = [];

  /** Reads the `stts` (ISO 14496-12 §8.6.1.2) of `count` samples; what it lacks is as its last entry. */
  constructor(stts: HeldBox, count: number, clock: PacketClock) {
    this.#clock = clock;
    const entries = entryCount(stts, 4, 64);
    const view = fieldsOf(stts, 8);
    if (entries === 0 && count > 0) throw malformed(stts.start, 'empty stts');
    let time = 0;
    let units = 0;
    for (let entry = 0, index = 0; index < count; entry++) {
      const at = 8 + Math.min(entry, entries - 1) * 8;
      const samples = entry < entries ? Math.min(view.getUint32(at), count - index) : count - index;
      const delta = view.getUint32(at + 4);
      if (samples === 0) continue;
      time = continueAt(clock, time, toFrames(clock, units));
      this.#add(index, time, strideOf(clock, delta), stts.start + at);
      index += samples;
      units += samples * delta;
      time += samples * this.#stride[this.#stride.length - 1];
      if (!Number.isSafeInteger(units) || !Number.isSafeInteger(time)) throw malformed(stts.start + at, 'duration in stts');
    }
    this.decodedEnd = this.endOf(count);
    this.mediaEnd = Math.min(toFrames(clock, units), this.decodedEnd);
  }

  /** First decoded frame of packet `index`. */
  timeOf(index: number): number {
    const run = this.#runOf(this.#firstIndex, index);
    return this.#firstTime[run] + (index - this.#firstIndex[run]) * this.#stride[run];
  }

  /** Frames that packet `index` decodes to. */
  framesOf(index: number): number {
    return this.#clock.framesPerPacket ?? this.#stride[this.#runOf(this.#firstIndex, index)];
  }

  /** Decoded frames of the first `count` packets together. */
  endOf(count: number): number {
    return count > 0 ? this.timeOf(count - 1) + this.framesOf(count - 1) : 0;
  }

  /** The packet that holds decoded frame `time`, or the last one before it; unbounded above. */
  indexAt(time: number): number {
    const run = this.#runOf(this.#firstTime, time);
    const index = this.#firstIndex[run] + Math.floor((time - this.#firstTime[run]) / Math.max(1, this.#stride[run]));
    return Math.min(index, (this.#firstIndex[run + 1] ?? Infinity) - 1);
  }

  #add(index: number, time: number, stride: number, offset: number): void {
    const last = this.#stride.length - 1;
    const goesOn = last >= 0 && stride === this.#stride[last] && time === this.#firstTime[last] + (index - this.#firstIndex[last]) * stride;
    if (goesOn) return;
    if (last >= MAX_RUNS) throw new AulosError('media.limit', { offset, what: 'runs in stts' }, 'the time table of the file is too large');
    this.#firstIndex.push(index);
    this.#firstTime.push(time);
    this.#stride.push(stride);
  }

  /** Last run whose first value is at or below `value`. */
  #runOf(firsts: readonly number[], value: number): number {
    let low = 0;
    let high = firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (firsts[middle] <= value) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
