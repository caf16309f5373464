import type { ByteRange } from '../base/ranges.ts';
import { findBox, type HeldBox, malformed, requireBox } from './boxes.ts';
import { parseDecodeTime, parseTrackFragmentHeader, parseTrackRun, type SampleDefaults, type TrackRun } from './mp4box.ts';

/** What fragments are read with: the track they are matched to, and its defaults (`trex`). */
export interface FragmentedTrack {
  readonly id: number;
  readonly fragmentDefaults: SampleDefaults | undefined;
}

/** Samples of one track that lie back to back. */
export interface SampleRun {
  /** Byte offset of the first sample in the resource. */
  readonly offset: number;
  readonly count: number;
  /** Bytes of each sample, or of all. */
  readonly sizes: readonly number[] | number;
  /** Units of each sample, or of all. */
  readonly durations: readonly number[] | number;
}

/** What a `moof` holds of one track. Times in units of the track. */
export interface Fragment {
  /** From the first byte of the `moof` to the last byte of data that it describes for the track. */
  readonly range: ByteRange;
  readonly decodeTime: number;
  readonly duration: number;
  /** True if decoding may start at its first sample. */
  readonly sync: boolean;
  readonly runs: readonly SampleRun[];
}

const SAMPLE_IS_NOT_SYNC = 0x10000;

/**
 * Reads the fragment of `track` out of a `moof` (ISO 14496-12 §8.8); undefined if it has none with samples.
 * `decodeTime` is where the track has come to, for fragments without `tfdt`.
 * @throws AulosError `media.malformed`.
 */
export function readFragment(moof: HeldBox, track: FragmentedTrack, decodeTime: number): Fragment | undefined {
  let ownTime: number | undefined;
  let sync = true;
  const runs: SampleRun[] = [];
  // Without an offset of its own, data follows that of the track fragment before, which may be of another track (§8.8.7.1).
  let dataEnd = moof.start;
  for (const traf of moof.children) {
    if (traf.type !== 'traf') continue;
    const header = parseTrackFragmentHeader(requireBox(traf, 'tfhd'));
    const base = header.baseDataOffset ?? (header.defaultBaseIsMoof ? moof.start : dataEnd);
    const isOurs = header.trackId === track.id;
    const defaults = {
      duration: header.duration ?? track.fragmentDefaults?.duration ?? 0,
      size: header.size ?? (isOurs ? track.fragmentDefaults?.size : 0) ?? 0,
    };
    const tfdt = isOurs ? findBox(traf.children, 'tfdt') : undefined;
    if (tfdt) ownTime ??= parseDecodeTime(tfdt);
    dataEnd = base;
    for (const box of traf.children) {
      if (box.type !== 'trun') continue;
      const run = parseTrackRun(box);
      const offset = run.dataOffset === undefined ? dataEnd : base + run.dataOffset;
      const bytes = totalOf(run.sizes ?? defaults.size, run.count);
      dataEnd = offset + bytes;
      if (offset < 0 || !Number.isSafeInteger(dataEnd)) throw malformed(box.start, 'data offset of trun');
      if (!isOurs || run.count === 0) continue;
      if (!run.sizes && defaults.size === 0) throw malformed(box.start, 'samples without a size');
      if (runs.length === 0) sync = startsWithSync(run);
      runs.push({ offset, count: run.count, sizes: run.sizes ?? defaults.size, durations: run.durations ?? defaults.duration });
    }
  }
  if (runs.length === 0) return undefined;
  const duration = runs.reduce((sum, run) => sum + totalOf(run.durations, run.count), 0);
  const end = runs.reduce((last, run) => Math.max(last, run.offset + totalOf(run.sizes, run.count)), moof.end);
  const start = ownTime ?? decodeTime;
  if (!Number.isSafeInteger(start + duration)) throw malformed(moof.start, 'duration of fragment');
  return { range: { start: moof.start, end }, decodeTime: start, duration, sync, runs };
}

/** Samples in all runs of `fragment`. */
export const sampleCount = (fragment: Fragment): number => fragment.runs.reduce((sum, run) => sum + run.count, 0);

/** The value of sample `index` in a column of a run. */
export const valueAt = (column: readonly number[] | number, index: number): number => (typeof column === 'number' ? column : column[index]);

function totalOf(column: readonly number[] | number, count: number): number {
  if (typeof column === 'number') return column * count;
  let sum = 0;
  for (const value of column) sum += value;
  return sum;
}

/** Sound without flags is taken as it nearly always is: each sample stands for itself. */
function startsWithSync({ firstFlags, flags }: TrackRun): boolean {
  const first = firstFlags ?? flags?.[0] ?? 0;
  return (first & SAMPLE_IS_NOT_SYNC) === 0;
}
