import type { SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import { bytesUntil, firstFragmentFrom, type Gap, NEAR_BYTES, searchFragment } from './fragment-search.ts';
import type { FragmentsHead } from './fragments.ts';
import type { Fragment } from './movie-fragment.ts';
import type { AudioTrack } from './mp4-track.ts';
import { expectedRandomAccessBytes, type FragmentPlace, readRandomAccess } from './random-access.ts';

/** Walking over so many fragments costs no more than to look for one near the target. */
const FEW_FRAGMENTS = 4;

/**
 * Where the fragments of a track are: those met so far, those that an index names (the built one, a `sidx` at the head, a `mfra` at the
 * end), and where no index helps, those that a search comes upon.
 */
export class FragmentPlaces {
  readonly #source: ByteSource;
  readonly #track: AudioTrack;
  readonly #start: FragmentPlace;
  readonly #head: FragmentsHead;
  readonly #segmentIndex: () => SegmentIndex | undefined;
  readonly #met = new Map<number, number>();
  /** What the end of the file tells, in order; undefined before it was asked. */
  #last: readonly FragmentPlace[] | undefined;
  #trustsIndex = true;

  /** The fragments begin at `start` with what `head` says; `segmentIndex` gives the built index as soon as there is one. */
  constructor(
    source: ByteSource,
    track: AudioTrack,
    start: FragmentPlace,
    head: FragmentsHead,
    segmentIndex: () => SegmentIndex | undefined,
  ) {
    this.#source = source;
    this.#track = track;
    this.#start = start;
    this.#head = head;
    this.#segmentIndex = segmentIndex;
  }

  /** Decode time of the fragment at byte `offset`, if it is known. */
  timeAt(offset: number): number | undefined {
    return this.#met.get(offset) ?? (offset === this.#start.offset ? this.#start.decodeTime : undefined);
  }

  remember({ range, decodeTime }: Pick<Fragment, 'range' | 'decodeTime'>): void {
    this.#met.set(range.start, decodeTime);
  }

  /** There is no fragment at byte `offset`, or none of the time that was told: then indexes are not asked any more. */
  distrust(offset: number): void {
    this.#met.delete(offset);
    this.#trustsIndex = false;
    this.#last = undefined;
  }

  /**
   * Where to walk from so that decode time `wanted` is passed soon, and about how many bytes it is from there; 0 if nothing tells.
   * @throws AulosError what the source throws.
   */
  async before(wanted: number, signal: AbortSignal): Promise<{ offset: number; bytesAhead: number }> {
    const { low, high } = this.#indexed(wanted) ?? (await this.#searched(wanted, signal));
    if (!this.#met.has(low.offset)) this.#met.set(low.offset, low.decodeTime);
    const nearest = this.#nearest(wanted);
    const isLow = nearest.offset === low.offset;
    return { offset: nearest.offset, bytesAhead: isLow && high ? Math.ceil(bytesUntil(wanted, low, high)) : 0 };
  }

  /** The segment of an index that holds `wanted`. */
  #indexed(wanted: number): Gap | undefined {
    const built = this.#segmentIndex();
    const index = this.#trustsIndex ? (built ?? this.#head.early) : undefined;
    const { timescale } = this.#track.clock;
    if (!index || (index !== built && wanted / timescale > endOf(index))) return undefined;
    const { range, decodeTime, duration } = index.at(wanted / timescale);
    const placeOf = (offset: number, time: number) => ({ offset, decodeTime: Math.round((time * timescale) / index.timescale) });
    return { low: placeOf(range.start, decodeTime), high: placeOf(range.end, decodeTime + duration) };
  }

  /** Comes near `wanted` with a look at the end of the file and at some fragments on the way. */
  async #searched(wanted: number, signal: AbortSignal): Promise<Gap> {
    const nearest = this.#nearest(wanted);
    const { first } = this.#head;
    const { length } = this.#source;
    if (!first?.isTimed || length === undefined) return { low: nearest };
    if ((wanted - nearest.decodeTime) / Math.max(1, first.duration) < FEW_FRAGMENTS) return { low: nearest };
    const fragmentBytes = first.range.end - first.range.start;
    const fragments = (length - first.range.start) / fragmentBytes;
    this.#last ??= await this.#readEnd(length, fragments, signal);
    const after = this.#last.findIndex(({ decodeTime }) => decodeTime > wanted);
    const before = this.#last.at(after < 0 ? -1 : after - 1);
    const low = before && after !== 0 && before.offset > nearest.offset ? before : nearest;
    if (after < 0 && low === before) return { low };
    const high = this.#last[after] ?? { offset: length, decodeTime: first.decodeTime + Math.round(fragments * first.duration) };
    return searchFragment(this.#source, this.#track, wanted, { low, high }, fragmentBytes, signal);
  }

  /** The places in the `mfra`, else that of the first fragment which begins in the last bytes: it tells how long the file is, nearly. */
  async #readEnd(length: number, fragments: number, signal: AbortSignal): Promise<FragmentPlace[]> {
    const size = Math.min(length, Math.max(NEAR_BYTES, this.#trustsIndex ? expectedRandomAccessBytes(fragments) : 0));
    const tail = await this.#source.read({ start: length - size, end: length }, signal);
    const places = this.#trustsIndex ? await readRandomAccess(this.#source, tail, this.#track.id, signal) : [];
    if (places.length > 0) return places;
    const last = await firstFragmentFrom(this.#source, this.#track, length - size, length, signal);
    return last ? [{ offset: last.range.start, decodeTime: last.decodeTime }] : [];
  }

  #nearest(wanted: number): FragmentPlace {
    let nearest = this.#start;
    for (const [offset, decodeTime] of this.#met) if (decodeTime <= wanted && offset > nearest.offset) nearest = { offset, decodeTime };
    return nearest;
  }
}

/** Seconds of decode time at which the last segment ends. */
function endOf({ segments, timescale }: SegmentIndex): number {
  const { decodeTime, duration } = segments[segments.length - 1];
  return (decodeTime + duration) / timescale;
}
