import type { ByteRange } from '../base/ranges.ts';

/** One fragment of a fragmented MP4: a `moof` and its `mdat`. Times in units of `SegmentIndex.timescale`, for the audio track. */
export interface Segment {
  /** From the first byte of the `moof` to the last byte of the data that it describes. */
  readonly range: ByteRange;
  readonly decodeTime: number;
  readonly duration: number;
  /** True if decoding may start at its first sample. */
  readonly sync: boolean;
}

/** Every fragment of a file in order, with look-ups by time and by byte. Built whole or not at all. */
export class SegmentIndex {
  /** Bytes from the start of the file to the end of `moov`: what a decoder is set up from. */
  readonly initRange: ByteRange;
  /** Units per second. */
  readonly timescale: number;
  readonly segments: readonly Segment[];

  constructor(initRange: ByteRange, timescale: number, segments: readonly Segment[]) {
    this.initRange = initRange;
    this.timescale = timescale;
    this.segments = segments;
  }

  /** Seconds from the first to the end of the last fragment. */
  get duration(): number {
    const last = this.segments.at(-1);
    return last ? (last.decodeTime + last.duration - this.segments[0].decodeTime) / this.timescale : 0;
  }

  /** The fragment that holds second `seconds` of decode time; the nearest one outside the file. */
  at(seconds: number): Segment {
    const time = seconds * this.timescale;
    return this.segments[Math.max(0, this.#firstWhere((segment) => segment.decodeTime > time) - 1)];
  }

  /** The first fragment that starts at or after byte `offset`, if any. */
  afterByte(offset: number): Segment | undefined {
    return this.segments[this.#firstWhere((segment) => segment.range.start >= offset)];
  }

  /**
   * The index as bytes, for a sidecar: variable-length integers, about 10 bytes a segment.
   *
   *     version | init end | timescale | count | per segment: gap since the last byte, size × 2 + sync, time since the last end, duration
   */
  toBytes(): Uint8Array {
    const out: number[] = [FORMAT_VERSION];
    const { initRange, timescale, segments } = this;
    for (const value of [initRange.end, timescale, segments.length]) writeInteger(out, value);
    let byte = initRange.end;
    let time = 0;
    for (const { range, decodeTime, duration, sync } of segments) {
      writeInteger(out, signed(range.start - byte));
      writeInteger(out, (range.end - range.start) * 2 + (sync ? 1 : 0));
      writeInteger(out, signed(decodeTime - time));
      writeInteger(out, duration);
      byte = range.end;
      time = decodeTime + duration;
    }
    return Uint8Array.from(out);
  }

  /** Reads what {@link toBytes} gave; undefined for bytes of another version, or of none: then the index is built anew. */
  static fromBytes(bytes: Uint8Array): SegmentIndex | undefined {
    if (bytes[0] !== FORMAT_VERSION) return undefined;
    const cursor = { bytes, at: 1 };
    const [initEnd, timescale, count] = [readInteger(cursor), readInteger(cursor), readInteger(cursor)];
    const segments: Segment[] = [];
    let byte = initEnd;
    let time = 0;
    while (segments.length < count && cursor.at < bytes.length) {
      const start = byte + unsigned(readInteger(cursor));
      const sizeAndSync = readInteger(cursor);
      const decodeTime = time + unsigned(readInteger(cursor));
      const duration = readInteger(cursor);
      byte = start + Math.floor(sizeAndSync / 2);
      time = decodeTime + duration;
      segments.push({ range: { start, end: byte }, decodeTime, duration, sync: sizeAndSync % 2 === 1 });
    }
    const isWhole = segments.length === count && count > 0 && cursor.at === bytes.length && timescale > 0;
    return isWhole && segments.every(isSane) && segments.every(isLater)
      ? new SegmentIndex({ start: 0, end: initEnd }, timescale, segments)
      : undefined;
  }

  #firstWhere(test: (segment: Segment) => boolean): number {
    let low = 0;
    let high = this.segments.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (test(this.segments[middle])) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}

const FORMAT_VERSION = 1;

/** True if a segment begins behind the beginning of the one before, in time and bytes. */
const isLater = ({ range, decodeTime }: Segment, at: number, all: readonly Segment[]): boolean =>
  at === 0 || (decodeTime > all[at - 1].decodeTime && range.start > all[at - 1].range.start);

/** A sidecar may be damaged: what it says must be places and times. */
const isSane = ({ range: { start, end }, decodeTime, duration }: Segment): boolean =>
  start >= 0 && end >= start && duration >= 0 && [start, end, decodeTime, decodeTime + duration].every(Number.isSafeInteger);

/** Seven bits a byte, low ones first; the top bit says that more follow. Exact up to 2^53 − 1. */
function writeInteger(out: number[], value: number): void {
  for (; value >= 0x80; value = Math.floor(value / 0x80)) out.push((value % 0x80) | 0x80);
  out.push(value);
}

/** NaN past the end, which no caller takes for a whole index. */
function readInteger(cursor: { readonly bytes: Uint8Array; at: number }): number {
  let value = 0;
  for (let weight = 1; ; weight *= 0x80) {
    const byte = cursor.bytes[cursor.at++] ?? Number.NaN;
    value += (byte & 0x7f) * weight;
    if (!(byte & 0x80)) return cursor.at > cursor.bytes.length ? Number.NaN : value;
  }
}

/** Small differences of either sign as small integers: 0, −1, 1, −2, … → 0, 1, 2, 3, … */
const signed = (difference: number): number => (difference < 0 ? -2 * difference - 1 : 2 * difference);
const unsigned = (value: number): number => (value % 2 ? -(value + 1) / 2 : value / 2);
