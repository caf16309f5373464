import { AulosError } from '../errors.ts';
import { type Segment, SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import { BoxWalk } from './box-walk.ts';
import { findBox, malformed, parseBoxes } from './boxes.ts';
import { isMovie, readMovie } from './movie.ts';
import { type Fragment, type FragmentedTrack, readFragment } from './movie-fragment.ts';
import { readAudioTrack } from './mp4-track.ts';
import { parseSidx } from './mp4box.ts';
import { toUnits } from './packet-times.ts';

/** A `moof` of 8 MiB describes a million samples; as numbers they take three times as much. */
const MAX_MOOF_BYTES = 8 << 20;
/** An index takes 200 bytes of memory for each: 50 MB, and sound of 70 hours in fragments of a second. */
const MAX_FRAGMENTS = 250_000;
/** Boxes in a row without a sample of ours. */
const MAX_BOXES_BETWEEN = 100_000;

/** Walks the fragments of one track. Reads box headers and `moof`s and nothing between them, each when it is asked for. */
export class FragmentWalk {
  readonly #boxes: BoxWalk;
  readonly #track: FragmentedTrack;
  #decodeTime: number | undefined;

  /** Begins at byte `start`, where there is a box. `decodeTime` is that of the first fragment, should it have none of its own. */
  constructor(source: ByteSource, track: FragmentedTrack, start: number, decodeTime: number | undefined, signal: AbortSignal) {
    this.#boxes = new BoxWalk(source, start, signal);
    this.#track = track;
    this.#decodeTime = decodeTime;
  }

  /**
   * The next fragment with samples of the track; undefined at the end of the resource.
   * @throws AulosError `media.malformed`, `media.limit`, `media.truncated`; what the source throws.
   */
  async next(): Promise<Fragment | undefined> {
    let count = 0;
    for (let header = await this.#boxes.next(); header; header = await this.#boxes.next()) {
      if (++count > MAX_BOXES_BETWEEN) {
        throw new AulosError('media.limit', { offset: header.start, what: 'boxes between fragments' }, 'too many boxes without sound');
      }
      if (header.type !== 'moof') continue;
      const bytes = await this.#boxes.bytesOf(header, MAX_MOOF_BYTES);
      const fragment = readFragment(bytes, header, this.#track, this.#decodeTime);
      if (!fragment) continue;
      this.#decodeTime = fragment.decodeTime + fragment.duration;
      return fragment;
    }
    return undefined;
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
  const walk = new FragmentWalk(source, track, moov.end, earliest, signal);
  for (let fragment = await walk.next(); fragment; fragment = await walk.next()) {
    const { range, decodeTime, duration, sync } = fragment;
    if (duration <= 0) throw malformed(range.start, 'fragment without duration');
    if (segments.length > 0 && decodeTime < earliest) throw malformed(range.start, 'fragment that does not advance');
    if (range.end > (source.length ?? Infinity)) {
      throw new AulosError('media.truncated', { offset: range.start, what: 'fragment' }, 'the file ends inside a fragment');
    }
    if (segments.length >= MAX_FRAGMENTS)
      throw new AulosError('media.limit', { offset: range.start, what: 'fragments' }, 'the file has too many fragments for an index');
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
  const boxes = new BoxWalk(source, moovEnd, signal);
  let early: SegmentIndex | undefined;
  let header = await boxes.next();
  for (; header && header.type !== 'moof'; header = await boxes.next()) {
    if (header.type !== 'sidx') continue;
    const [sidx] = parseBoxes(await boxes.bytesOf(header), header.start);
    early ??= indexFromSidx(parseSidx(sidx), header.end, moovEnd, track.id);
  }
  const first = header && (await new FragmentWalk(source, track, header.start, decodeTime, signal).next());
  return { first, early };
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
