import { cos, pow2, sin } from '../trig.ts';
import type { Bands } from './bands.ts';
import { NO_POSITION } from './scale-factors.ts';

/** 1/√2, by which mid and side are scaled to keep the energy. */
const MID_SIDE = Math.SQRT1_2;

/** Turns mid and side into left and right in the lines from `from` up to `to` (ISO/IEC 11172-3 §2.4.3.4.9.2). */
export function midSide(left: Float64Array, right: Float64Array, from: number, to: number): void {
  for (let line = from; line < to; line++) {
    const mid = left[line] * MID_SIDE;
    const side = right[line] * MID_SIDE;
    left[line] = mid + side;
    right[line] = mid - side;
  }
}

/** How positions of intensity stereo divide one signal into left and right; [left, right] by position. */
export type Panorama = readonly (readonly [number, number])[];

/** That of MPEG-1: left : right is tan(position · π/12) (ISO/IEC 11172-3 §2.4.3.4.9.3). */
export const MPEG1_PANORAMA: Panorama = Array.from({ length: 7 }, (_, position) => {
  const angle = (position * Math.PI) / 12;
  const sum = sin(angle) + cos(angle);
  return [sin(angle) / sum, cos(angle) / sum];
});

/** Those of the lower rates, fine and coarse: odd positions lower the left, even ones the right (ISO/IEC 13818-3 §2.4.3.2). */
export const LOW_RATE_PANORAMAS: readonly Panorama[] = [1 / 4, 1 / 2].map((step) =>
  Array.from({ length: 32 }, (_, position) => {
    const lowered = pow2(-step * ((position + 1) >> 1));
    return position & 1 ? [lowered, 1] : [1, lowered];
  }),
);

/**
 * Undoes intensity stereo: above the highest band that the right channel has lines in, it consists of the left one, placed by its scale
 * factors. Each window of a short block has its own such border. Elsewhere, and where a position says so, mid/side applies if `isMidSide`.
 * `positions` is completed in place. `neutral` is the position of the last bands, if their predecessors are below the border.
 */
export function intensityStereo(
  left: Float64Array,
  right: Float64Array,
  bands: Bands,
  positions: Uint8Array,
  panorama: Panorama,
  neutral: number,
  isMidSide: boolean,
): void {
  const { ends, longBands } = bands;
  const windows = ends.length > longBands ? 3 : 1;
  const borders = topBands(right, bands, windows);
  for (let window = 0; window < windows; window++) {
    // The last bands have no scale factor: they are placed like the ones before.
    const last = ends.length - windows + window;
    positions[last] = borders[window] >= last - windows ? neutral : positions[last - windows];
  }
  for (let band = 0, start = 0; band < ends.length; start = ends[band++]) {
    const position = positions[band];
    // Where windows have borders of their own, there are no long bands, and band % 3 is the window.
    if (band > borders[band % 3] && position !== NO_POSITION && position < panorama.length) {
      const [toLeft, toRight] = panorama[position];
      for (let line = start; line < ends[band]; line++) {
        right[line] = left[line] * toRight;
        left[line] *= toLeft;
      }
    } else if (isMidSide) midSide(left, right, start, ends[band]);
  }
}

/** By window, the highest band with a line that is not zero (−1: none); long and mixed blocks have the same border in all windows. */
function topBands(spectrum: Float64Array, { ends, longBands }: Bands, windows: number): readonly [number, number, number] {
  const top: [number, number, number] = [-1, -1, -1];
  for (let band = 0, start = 0; band < ends.length; start = ends[band++]) {
    const window = windows === 1 || band < longBands ? 0 : (band - longBands) % 3;
    for (let line = start; line < ends[band]; line++) {
      if (spectrum[line] === 0) continue;
      top[window] = band;
      break;
    }
  }
  if (longBands > 0) top[0] = top[1] = top[2] = Math.max(...top);
  return top;
}
