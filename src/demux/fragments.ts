import { AulosError } from '../errors.ts';
import { type Segment, SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import { findBox, malformed, readBox, topLevelBoxes } from './boxes.ts';
import { isMovie, readMovie } from './movie.ts';
import { type Fragment, type FragmentedTrack, readFragment } from './movie-fragment.ts';
import { readAudioTrack } from './mp4-track.ts';
import { parseSidx } from './mp4box.ts';
import { toUnits } from './packet-times.ts';

/** A `moof` of 8 MiB describes a million samples; as numbers they take three times as much. */
const MAX_MOOF_BYTES = 8 << 20;
/** Boxes in a row without a sample of ours. */
const MAX_BOXES_BETWEEN = 100_000;

/**
 * Gives the fragments of `track` that begin at byte `start` or later. Reads box headers and `moof`s and nothing between them, each when
 * it is asked for. `decodeTime` is that of the first fragment, should it have none of its own.
 * @throws AulosError `media.malformed`, `media.limit`, `media.truncated`.
 */
export async function* walkFragments(
  source: ByteSource,
  track: FragmentedTrack,
  start: number,
  decodeTime: number,
  signal: AbortSignal,
): AsyncGenerator<Fragment> {
  let between = 0;
  for await (const header of topLevelBoxes(source, start, signal)) {
    if (++between > MAX_BOXES_BETWEEN) {
      throw new AulosError('media.limit', { offset: header.start, what: 'boxes between fragments' }, 'too many boxes without sound');
    }
    if (header.type !== 'moof') continue;
    const fragment = readFragment(await readBox(source, header, signal, MAX_MOOF_BYTES), track, decodeTime);
    if (!fragment) continue;
    between = 0;
    decodeTime = fragment.decodeTime + fragment.duration;
    yield fragment;
  }
}

/**
 * Builds the index of a fragmented MP4 from its `moov` and all its `moof`s, each held only while it is read. Undefined when the
 * resource is no MP4, or has no fragment.
 * @throws AulosError `media.malformed` for a fragment that is broken, has no duration or does not advance; `media.truncated` when data
 * is missing; `media.unsupported`, `media.limit`: then there is no index at all.
 */
export async function buildSegmentIndex(source: ByteSource, signal: AbortSignal): Promise<SegmentIndex | undefined> {
  if (!(await isMovie(source, signal))) return undefined;
  const moov = await readMovie(source, signal);
  if (!findBox(moov.children, 'mvex')) return undefined;
  const track = readAudioTrack(moov);
  const { clock, times } = track;
  const segments: Segment[] = [];
  let earliest = toUnits(clock, times.mediaEnd);
  for await (const fragment of walkFragments(source, track, moov.end, earliest, signal)) {
    const { range, decodeTime, duration, sync } = fragment;
    if (duration <= 0) throw malformed(range.start, 'fragment without duration');
    if (segments.length > 0 && decodeTime < earliest) throw malformed(range.start, 'fragment that does not advance');
    if (range.end > (source.length ?? Infinity)) {
      throw new AulosError('media.truncated', { offset: range.start, what: 'fragment' }, 'the file ends inside a fragment');
    }
    segments.push({ range, decodeTime, duration, sync });
    earliest = decodeTime + 1;
  }
  return segments.length > 0 ? new SegmentIndex({ start: 0, end: moov.end }, clock.timescale, segments) : undefined;
}

/** What stands between the `moov` and the first fragment with sound. */
export interface FragmentsHead {
  /** The first fragment; undefined if none follows. */
  readonly first: Fragment | undefined;
  /** What a `sidx` on the way promises, before any fragment but the first has been read. */
  readonly early: SegmentIndex | undefined;
}

/** Reads on from the end of the `moov` at byte `moovEnd`, to the first fragment of `track` and no further. */
export async function readFragmentsHead(
  source: ByteSource,
  track: FragmentedTrack,
  moovEnd: number,
  decodeTime: number,
  signal: AbortSignal,
): Promise<FragmentsHead> {
  let early: SegmentIndex | undefined;
  for await (const header of topLevelBoxes(source, moovEnd, signal)) {
    if (header.type === 'moof') break;
    if (header.type === 'sidx') early ??= indexFromSidx(parseSidx(await readBox(source, header, signal)), header.end, moovEnd, track.id);
  }
  const { value: first } = await walkFragments(source, track, moovEnd, decodeTime, signal).next();
  return { first: first ?? undefined, early };
}

/** A `sidx` of another track, or one that points to further indexes, gives nothing. */
function indexFromSidx(
  { trackId, timescale, earliestTime, firstOffset, references }: ReturnType<typeof parseSidx>,
  sidxEnd: number,
  moovEnd: number,
  wantedTrack: number,
): SegmentIndex | undefined {
  if (trackId !== wantedTrack || timescale === 0 || references.length === 0 || references.some(({ isIndex }) => isIndex)) return undefined;
  let decodeTime = earliestTime;
  let start = sidxEnd + firstOffset;
  const segments = references.map(({ size, duration }): Segment => {
    const segment = { range: { start, end: start + size }, decodeTime, duration, sync: true };
    start += size;
    decodeTime += duration;
    return segment;
  });
  return new SegmentIndex({ start: 0, end: moovEnd }, timescale, segments);
}
