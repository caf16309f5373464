import type { ByteRange } from '../base/ranges.ts';
import { type BoxHeader, boxAt, malformed, payloadStart, SMALL_HEADER, viewOf } from './boxes.ts';
import type { SampleDefaults } from './mp4box.ts';
import { SampleRun } from './sample-run.ts';

/** What fragments are read with: the track they are matched to, and its defaults (`trex`). */
export interface FragmentedTrack {
  readonly id: number;
  readonly fragmentDefaults: SampleDefaults | undefined;
}

/** What a `moof` holds of one track. Times in units of the track. */
export interface Fragment {
  /** From the first byte of the `moof` to the last byte of data that it describes for the track. */
  readonly range: ByteRange;
  readonly decodeTime: number;
  /** True if it says itself when it begins (`tfdt`). */
  readonly isTimed: boolean;
  readonly duration: number;
  /** True if decoding may start at its first sample. */
  readonly sync: boolean;
  readonly runs: readonly SampleRun[];
}

/**
 * Reads the fragment of `track` out of `bytes`, all those of the box `moof` (ISO 14496-12 §8.8); undefined if it has none with samples.
 * `decodeTime` is where the track has come to, for fragments without `tfdt`; undefined if nobody knows. An hour of sound has thousands of these boxes, so their
 * fields are read where they lie, without an object for each.
 * @throws AulosError `media.malformed`.
 */
export function readFragment(
  bytes: Uint8Array,
  moof: BoxHeader,
  track: FragmentedTrack,
  decodeTime: number | undefined,
): Fragment | undefined {
  const view = viewOf(bytes);
  let ownTime: number | undefined;
  const runs: SampleRun[] = [];
  // Without an offset of its own, data follows that of the track fragment before, which may be of another track (§8.8.7.1).
  let dataEnd = moof.start;
  for (const traf of childrenOf(view, moof, moof)) {
    if (traf.type !== 'traf') continue;
    const parts = childrenOf(view, traf, moof);
    const tfhd = parts.find(({ type }) => type === 'tfhd');
    if (!tfhd) throw malformed(traf.start, 'traf without tfhd');
    const header = readHeader(fieldsIn(view, tfhd, moof, 8), tfhd);
    const base = header.baseDataOffset ?? (header.defaultBaseIsMoof ? moof.start : dataEnd);
    const isOurs = header.trackId === track.id;
    const defaults = {
      duration: header.duration ?? track.fragmentDefaults?.duration ?? 0,
      size: header.size ?? (isOurs ? track.fragmentDefaults?.size : 0) ?? 0,
    };
    dataEnd = base;
    for (const box of parts) {
      if (box.type === 'tfdt' && isOurs) ownTime ??= readDecodeTime(fieldsIn(view, box, moof, 8), box);
      if (box.type !== 'trun') continue;
      const run = new SampleRun(fieldsIn(view, box, moof, 8), box, base, dataEnd, defaults);
      dataEnd = run.offset + run.bytes;
      if (run.offset < 0 || !Number.isSafeInteger(dataEnd)) throw malformed(box.start, 'data offset of trun');
      if (!isOurs || run.count === 0) continue;
      if (!run.isSized) throw malformed(box.start, 'samples without a size');
      runs.push(run);
    }
  }
  if (runs.length === 0) return undefined;
  let duration = 0;
  let { end } = moof;
  for (const run of runs) {
    duration += run.duration;
    end = Math.max(end, run.offset + run.bytes);
  }
  const start = ownTime ?? decodeTime;
  if (start === undefined) throw malformed(moof.start, 'fragment without a time');
  if (!Number.isSafeInteger(start + duration)) throw malformed(moof.start, 'duration of fragment');
  return {
    range: { start: moof.start, end },
    decodeTime: start,
    isTimed: ownTime !== undefined,
    duration,
    sync: runs[0].startsWithSync,
    runs,
  };
}

/** The boxes inside of `parent`; `view` begins with `moof`. */
function childrenOf(view: DataView, parent: BoxHeader, moof: BoxHeader): BoxHeader[] {
  const children: BoxHeader[] = [];
  const end = parent.end - moof.start;
  for (let at = payloadStart(parent) - moof.start; end - at >= SMALL_HEADER; ) {
    const box = boxAt(view, at, end, moof.start);
    children.push(box);
    at = box.end - moof.start;
  }
  return children;
}

/** The payload of `box`, which has at least so many bytes. */
function fieldsIn(view: DataView, box: BoxHeader, moof: BoxHeader, atLeast: number): DataView {
  const start = payloadStart(box);
  if (box.end - start < atLeast) throw malformed(box.start, `box ${box.type} is too short`);
  return new DataView(view.buffer, view.byteOffset + start - moof.start, box.end - start);
}

const TFHD = { baseDataOffset: 0x01, description: 0x02, duration: 0x08, size: 0x10, baseIsMoof: 0x020000 };

/**
 * Track fragment header (§8.8.7):
 *
 *     version 8 | flags 24 | track 32 | [base data offset 64] | [description 32] | [duration 32] | [size 32] | [flags 32]
 */
function readHeader(view: DataView, box: BoxHeader) {
  const flags = view.getUint32(0);
  let at = 8;
  const field = (flag: number, bytes: number): number | undefined => {
    if (!(flags & flag)) return undefined;
    at += bytes;
    if (at > view.byteLength) throw malformed(box.start, 'box tfhd is too short');
    return bytes === 8 ? uint64(view, at - 8, box) : view.getUint32(at - 4);
  };
  const baseDataOffset = field(TFHD.baseDataOffset, 8);
  field(TFHD.description, 4);
  const duration = field(TFHD.duration, 4);
  const size = field(TFHD.size, 4);
  return { trackId: view.getUint32(4), baseDataOffset, defaultBaseIsMoof: (flags & TFHD.baseIsMoof) !== 0, duration, size };
}

/** Track fragment decode time (§8.8.12): version 8 | flags 24 | time 32, or 64 in version 1. */
function readDecodeTime(view: DataView, box: BoxHeader): number {
  if (view.getUint8(0) === 0) return view.getUint32(4);
  if (view.byteLength < 12) throw malformed(box.start, 'box tfdt is too short');
  return uint64(view, 4, box);
}

/** Beyond 2^53 − 1 a number is not exact, and no file is that long. */
function uint64(view: DataView, at: number, box: BoxHeader): number {
  const value = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  if (Number.isSafeInteger(value)) return value;
  throw malformed(box.start, `64-bit field of ${box.type}`);
}
