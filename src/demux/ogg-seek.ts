/** A page and the decoded frame at which the packets behind those begin that end on it. */
export interface OggLandmark {
  readonly offset: number;
  readonly frame: number;
}

/** What a search for the page before frame `target` knows. Pure: probing is for the caller. */
export interface OggSearch {
  readonly target: number;
  /** The last page seen whose packets end at or before the target. */
  readonly low: OggLandmark;
  /** The page wanted begins before this byte; Infinity while the length of the resource is unknown. */
  readonly highOffset: number;
  /** The places of which the slope of bytes over time is taken. */
  readonly slope: readonly [OggLandmark | undefined, OggLandmark];
  readonly steps: number;
}

/** As many bytes as two of the largest pages: a probe may read as much to find one page, so walking through them is no worse. */
const NEAR_BYTES = 131_072;

/** No page is larger: a probe so far before its target finds one that begins there. */
const PAGE_BYTES = 65_536;

/** Encoders end a page after about a second; a probe finds a page that begins behind it and tells only when that ends. */
const PAGE_SECONDS = 2;

/** Estimates are at the target after a few steps, or the file is so uneven that halving is better. */
const ESTIMATES = 6;

/** A search between the beginning of the sound and its end, as far as that is known. */
export function beginSearch(target: number, first: OggLandmark, end: Partial<OggLandmark>): OggSearch {
  const { offset = Number.POSITIVE_INFINITY, frame } = end;
  const known = frame !== undefined && offset < Number.POSITIVE_INFINITY ? { offset, frame } : undefined;
  return { target, low: first, highOffset: offset, slope: [known, first], steps: 0 };
}

/** True when walking from `low` beats another probe. */
export function isNear({ target, low, highOffset, slope }: OggSearch, sampleRate: number): boolean {
  const ahead = target - low.frame;
  const bytes = ahead * (bytesPerFrame(slope) ?? Number.POSITIVE_INFINITY);
  return highOffset - low.offset <= NEAR_BYTES || (ahead <= PAGE_SECONDS * sampleRate && bytes <= NEAR_BYTES);
}

/** The byte from which to look for the next page; `guess` is bytes per frame for as long as only one place is known. */
export function probeOffset({ target, low, highOffset, slope, steps }: OggSearch, sampleRate: number, guess: number): number {
  const perFrame = bytesPerFrame(slope) ?? guess;
  const short = Math.min(PAGE_SECONDS * sampleRate * perFrame, PAGE_BYTES);
  const offset = Math.floor(slope[1].offset + (target - slope[1].frame) * perFrame - short);
  if (steps < ESTIMATES && offset > low.offset && offset < highOffset) return offset;
  if (highOffset < Number.POSITIVE_INFINITY) return Math.floor((low.offset + highOffset) / 2);
  return Math.max(offset, low.offset + NEAR_BYTES);
}

/** What is known after a probe at `offset` found the next page that tells a time, or none. */
export function narrow(search: OggSearch, offset: number, found: OggLandmark | undefined): OggSearch {
  const steps = search.steps + 1;
  if (!found) return { ...search, highOffset: offset, steps };
  const slope = [search.slope[1], found] as const;
  if (found.frame > search.target) return { ...search, highOffset: offset, slope, steps };
  return { ...search, low: found, slope, steps };
}

function bytesPerFrame([a, b]: OggSearch['slope']): number | undefined {
  return a && a.frame !== b.frame ? (a.offset - b.offset) / (a.frame - b.frame) : undefined;
}
