import type { Landmark } from './flac-seek-table.ts';

/** What a search for the frame that holds `target` knows. Pure: probing is for the caller. */
export interface FlacSearch {
  /** Frame (sample per channel) that is looked for. */
  readonly target: number;
  /** The last frame seen that begins at or before the target. */
  readonly low: Landmark;
  /** The frame wanted begins before this byte; Infinity while the length of the resource is unknown. */
  readonly highOffset: number;
  /** The two places learnt last, of which the slope of bytes over time is taken. */
  readonly recent: readonly [Landmark | undefined, Landmark];
  readonly steps: number;
}

/** The secant is at the target after two or three steps, or the file is so uneven that halving is better. */
const SECANT_STEPS = 6;

/** A bracket of fewer bytes is walked. */
const NEAR_BYTES = 16_384;

/** Nor is there a better way forward than walking from so near before the target. */
const NEAR_SECONDS = 0.5;

/** Aiming at the target itself would land behind it half of the time. */
const AIM_SHORT_SECONDS = 0.2;

/** A search between the first frame and the end, as far as that is known. */
export function beginSearch(target: number, first: Landmark, end: Partial<Landmark>): FlacSearch {
  const { offset = Number.POSITIVE_INFINITY, frame } = end;
  const known = frame !== undefined && offset < Number.POSITIVE_INFINITY ? { offset, frame } : undefined;
  return { target, low: first, highOffset: offset, recent: [known, first], steps: 0 };
}

/** True when walking from `low` beats another probe. */
export function isNear({ target, low, highOffset }: FlacSearch, sampleRate: number): boolean {
  return target - low.frame <= NEAR_SECONDS * sampleRate || highOffset - low.offset <= NEAR_BYTES;
}

/**
 * The byte, between low and high, from which to look for the next frame: on the line through the two places learnt last, or half way
 * when that misses the bracket. `bytesPerFrame` (of all channels) is the slope as long as only one place is known.
 */
export function probeOffset({ target, low, highOffset, recent, steps }: FlacSearch, sampleRate: number, bytesPerFrame: number): number {
  const [a, b] = recent;
  const slope = a && a.frame !== b.frame ? (a.offset - b.offset) / (a.frame - b.frame) : bytesPerFrame;
  const offset = Math.floor(b.offset + (target - AIM_SHORT_SECONDS * sampleRate - b.frame) * slope);
  const isInside = offset > low.offset && offset < highOffset;
  if (isInside && steps < SECANT_STEPS) return offset;
  if (highOffset < Number.POSITIVE_INFINITY) return Math.floor((low.offset + highOffset) / 2);
  return Math.max(offset, low.offset + NEAR_BYTES);
}

/** What is known after a probe at `offset` found the first whole frame from there on, or none. */
export function narrow(search: FlacSearch, offset: number, found: Landmark | undefined): FlacSearch {
  const steps = search.steps + 1;
  if (!found) return { ...search, highOffset: offset, steps };
  const recent = [search.recent[1], found] as const;
  if (found.frame > search.target) return { ...search, highOffset: offset, recent, steps };
  return { ...search, low: found, recent, steps };
}
