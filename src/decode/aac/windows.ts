import { sin } from '../trig.ts';

/** The shapes of windows by number (ISO/IEC 14496-3 §4.6.11.3.2). */
const SINE = 0;

/**
 * By shape and length: 1024 or 960 samples for long windows, an eighth of that for short ones. Made when first met, since a cold engine
 * takes 3 ms for all of a stream, and many streams have one shape only.
 */
const made = [new Map<number, Float64Array>(), new Map<number, Float64Array>()] as const;

/** The rising half of a window of 2N samples, not to be written to; `alpha` is 4 for long windows, 6 for short ones. */
export function slopeOf(shape: number, samples: number, alpha: number): Float64Array {
  let slope = made[shape].get(samples);
  if (!slope) made[shape].set(samples, (slope = shape === SINE ? sineSlope(samples) : kaiserBesselSlope(samples, alpha)));
  return slope;
}

const sineSlope = (samples: number): Float64Array =>
  Float64Array.from({ length: samples }, (_, i) => sin(((i + 0.5) * Math.PI) / (2 * samples)));

/** Square roots of the running sum of a Kaiser window: so the squares of both halves add up to 1. */
function kaiserBesselSlope(samples: number, alpha: number): Float64Array {
  const kaiser = Array.from({ length: samples + 1 }, (_, i) => besselI0(Math.PI * alpha * Math.sqrt(1 - ((2 * i) / samples - 1) ** 2)));
  const total = kaiser.reduce((sum, value) => sum + value, 0);
  let sum = 0;
  return Float64Array.from({ length: samples }, (_, i) => Math.sqrt((sum += kaiser[i]) / total));
}

/** Modified Bessel function of order zero, by its power series Σ ((x/2)^k / k!)². */
function besselI0(x: number): number {
  let term = 1;
  let sum = 1;
  for (let k = 1; term > sum * 1e-17; k++) {
    const factor = x / (2 * k);
    term *= factor * factor;
    sum += term;
  }
  return sum;
}
