import { pow43, quarterPowers } from '../trig.ts';
import type { Bands } from './bands.ts';
import type { Granule } from './side-info.ts';

/** Largest magnitude of a coded line: 15 and thirteen extra bits. */
const MAX_MAGNITUDE = 15 + 8191;

/** sign(i) · |i|^(4/3) at index i + MAX_MAGNITUDE, as far as {@link fillPowers} has come. */
const SIGNED_POW43 = new Float64Array(2 * MAX_MAGNITUDE + 1);
let filled = 0;

/** Fills {@link SIGNED_POW43} up to `magnitude`: all of it takes a cold engine 5 ms, and hardly any line is above 100. */
function fillPowers(magnitude: number): void {
  for (let i = filled + 1; i <= magnitude; i++) {
    SIGNED_POW43[MAX_MAGNITUDE + i] = pow43(i);
    SIGNED_POW43[MAX_MAGNITUDE - i] = -SIGNED_POW43[MAX_MAGNITUDE + i];
  }
  filled = Math.max(filled, magnitude);
}

/** 2^(i/4) at index i + LOWEST_GAIN; no granule can ask for less than −390, nor for more than 45. */
const LOWEST_GAIN = 400;
const GAINS = quarterPowers(-LOWEST_GAIN, 63);

/** Global gain that stands for 1. */
const UNIT_GAIN = 210;

/** Steps by which pre-emphasis raises the scale factors of the upper long bands (ISO/IEC 11172-3 table B.6). */
const PRE_EMPHASIS = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 3, 3, 3, 2, 0];

/**
 * Turns the first `count` quantised lines, none above `largest` in magnitude, into their values in `spectrum` and clears the rest of it
 * (ISO/IEC 11172-3 §2.4.3.4.7):
 * sign · |line|^(4/3) · 2^((global gain − 210 − 8 · subblock gain)/4 − step · scale factor/4).
 */
export function requantise(
  lines: Int16Array,
  count: number,
  largest: number,
  granule: Granule,
  bands: Bands,
  scaleFactors: Uint8Array,
  spectrum: Float64Array,
): void {
  const { ends, longBands } = bands;
  fillPowers(largest);
  let line = 0;
  for (let band = 0; line < count; band++) {
    let gain = granule.globalGain - UNIT_GAIN - granule.scaleFactorStep * scaleFactors[band];
    if (band >= longBands) gain -= 8 * granule.subblockGain[(band - longBands) % 3];
    else if (granule.hasPreEmphasis && !granule.isShort) gain -= granule.scaleFactorStep * PRE_EMPHASIS[band];
    const factor = GAINS[LOWEST_GAIN + gain];
    const end = Math.min(ends[band], count);
    for (; line < end; line++) spectrum[line] = SIGNED_POW43[MAX_MAGNITUDE + lines[line]] * factor;
  }
  spectrum.fill(0, count);
}
