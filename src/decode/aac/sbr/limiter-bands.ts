import type { Patch } from './patches.ts';

/** Least ratio of the borders of a limiter band by bs_limiter_bands: 2^(0.49 / (1.2, 2 or 3 bands in an octave)). */
const LEAST_RATIOS = [0, 1.327151742338568, 1.185092770941582, 1.119871604046759];

/**
 * Limiter frequency bands (ISO/IEC 14496-3 §4.6.18.3.2.3): the envelope bands of low resolution, divided where a patch ends, joined where
 * they are too narrow; borders of patches stay as long as they can.
 */
export function limiterBorders(limiterBands: number, low: readonly number[], patches: readonly Patch[]): number[] {
  const [start] = low;
  const end = low[low.length - 1];
  if (limiterBands === 0) return [start, end];
  const patchBorders = [start, ...patches.map((patch) => patch.start + patch.count)];
  const all = [...low, ...patchBorders.slice(1, -1)].sort((a, b) => a - b);
  const borders = [start];
  for (const border of all.slice(1)) {
    const last = borders.length - 1;
    if (border >= borders[last] * LEAST_RATIOS[limiterBands]) borders.push(border);
    else if (border === borders[last] || !patchBorders.includes(border)) continue;
    else if (patchBorders.includes(borders[last])) borders.push(border);
    else borders[last] = border;
  }
  return borders;
}
