import { isAulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';
import { FragmentWalk } from './fragments.ts';
import type { Fragment, FragmentedTrack } from './movie-fragment.ts';
import type { FragmentPlace } from './random-access.ts';

/** Bytes that are looked through at once, and read on from a fragment rather than skipped. */
export const NEAR_BYTES = 65_536;

/** Bytes from a guess on in which a fragment is looked for; where there is video, fragments are large. */
const MAX_BYTES_TO_FRAGMENT = 4 << 20;

/** Probes by proportion, then by halves; the latter always get there, for 2^40 bytes. */
const PROPORTIONAL_PROBES = 5;
const MAX_PROBES = 32;

/** A fragment that begins at or before a time that is looked for, and, if one is known, a place behind it that is later. */
export interface Gap {
  readonly low: FragmentPlace;
  readonly high?: FragmentPlace;
}

/** Bytes from `low` to decode time `wanted`, if media is spread evenly up to `high`. */
export const bytesUntil = (wanted: number, low: FragmentPlace, high: FragmentPlace): number =>
  (high.offset - low.offset) * Math.min(1, (wanted - low.decodeTime) / Math.max(1, high.decodeTime - low.decodeTime));

/**
 * Narrows a gap around decode time `wanted` in a file without an index, until what lies between is read on rather than skipped. Goes by
 * the times (`tfdt`) of some fragments between, which are of about `fragmentBytes`.
 * @throws AulosError what the source throws.
 */
export async function searchFragment(
  source: ByteSource,
  track: FragmentedTrack,
  wanted: number,
  { low, high }: Required<Gap>,
  fragmentBytes: number,
  signal: AbortSignal,
): Promise<Required<Gap>> {
  const margin = Math.max(NEAR_BYTES / 2, fragmentBytes);
  for (let probe = 0; probe < MAX_PROBES; probe++) {
    const ahead = bytesUntil(wanted, low, high);
    if (ahead < NEAR_BYTES || ahead < 2 * margin) break;
    const guess = low.offset + Math.floor(probe < PROPORTIONAL_PROBES ? ahead - margin : (high.offset - low.offset) / 2);
    const found = await firstFragmentFrom(source, track, guess, high.offset, signal);
    if (!found && guess + MAX_BYTES_TO_FRAGMENT < high.offset) break; // no times, or media larger than is searched
    if (found && found.decodeTime <= wanted) low = { offset: found.range.start, decodeTime: found.decodeTime };
    else high = { offset: guess, decodeTime: found?.decodeTime ?? high.decodeTime };
  }
  return { low, high };
}

/**
 * The first fragment of `track` whose `moof` begins in the file from byte `start` to `end`, or soon behind one that does. Undefined where
 * there is none, or it does not tell its time.
 * @throws AulosError what the source throws.
 */
export async function firstFragmentFrom(
  source: ByteSource,
  track: FragmentedTrack,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Fragment | undefined> {
  const limit = Math.min(end, start + MAX_BYTES_TO_FRAGMENT);
  for (let from = start; from < limit; from += NEAR_BYTES) {
    const bytes = await source.read({ start: from, end: Math.min(limit, from + NEAR_BYTES) + HEAD_BYTES }, signal);
    for (let at = moofIn(bytes, 0); at >= 0; at = moofIn(bytes, at + 1)) {
      const fragment = await fragmentAt(source, track, from + at, signal);
      if (fragment) return fragment;
    }
  }
  return undefined;
}

/** A `moof` and the head of the `mfhd` that it begins with: size 32 | 'moof' | 16 32 | 'mfhd'. */
const HEAD_BYTES = 16;
const [MOOF, MFHD] = [0x6d6f6f66, 0x6d666864];

/** Where in `bytes` the next thing that looks like a `moof` begins, from `at` on; −1 if nowhere. */
function moofIn(bytes: Uint8Array, at: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const first = MOOF >>> 24;
  for (let type = bytes.indexOf(first, at + 4); type >= 0 && type + 12 <= bytes.length; type = bytes.indexOf(first, type + 1))
    if (view.getUint32(type) === MOOF && view.getUint32(type + 8) === MFHD) return type - 4;
  return -1;
}

/** The fragment at byte `offset`, if there is one; media may look like it. */
async function fragmentAt(source: ByteSource, track: FragmentedTrack, offset: number, signal: AbortSignal): Promise<Fragment | undefined> {
  try {
    return await new FragmentWalk(source, track, offset, undefined, signal).next();
  } catch (error) {
    if (isAulosError(error) && error.code.startsWith('media.')) return undefined;
    throw error;
  }
}
