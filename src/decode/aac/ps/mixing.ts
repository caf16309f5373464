import { cos, pow2, sin } from '../../trig.ts';

/** Numbers of a mixing matrix: h11, h12, h21, h22, real parts and then imaginary ones. Left is h11·s + h21·d, right h12·s + h22·d. */
export const MATRIX = 8;

/** Steps of the intensity difference in dB, from 0 up; downwards alike (tables 8.25 and 8.26). */
const DEFAULT_STEPS = [0, 2, 4, 7, 10, 14, 18, 25];
const FINE_STEPS = [0, 2, 4, 6, 8, 10, 13, 16, 19, 22, 25, 30, 35, 40, 45, 50];

/** Coherences by index (table 8.28), and their arcus cosines. */
const COHERENCES = [1, 0.937, 0.84118, 0.60092, 0.36764, 0, -0.589, -1];
const ARCCOSINES = [0, 0.35685527, 0.57133466, 0.92614472, 1.1943263, Math.PI / 2, 2.2006171, Math.PI];
const LEAST_COHERENCE = 0.05;
const LEVELS = COHERENCES.length;

/** h11, h12, h21, h22 by intensity difference and coherence, in both ways to mix. */
interface MixingTables {
  readonly a: Float64Array;
  readonly b: Float64Array;
}

const DEFAULT = tablesOf(DEFAULT_STEPS);
const FINE = tablesOf(FINE_STEPS);

/** Puts the matrix for an intensity difference and a coherence, as indices of the stream, into `to` at `at`; it is real. */
export function mixingMatrix(
  isFine: boolean,
  isMixedByB: boolean,
  intensity: number,
  coherence: number,
  to: Float64Array,
  at: number,
): void {
  const tables = isFine ? FINE : DEFAULT;
  const row = 4 * ((intensity + (isFine ? FINE_STEPS : DEFAULT_STEPS).length - 1) * LEVELS + coherence);
  const table = isMixedByB ? tables.b : tables.a;
  for (let i = 0; i < 4; i++) {
    to[at + i] = table[row + i];
    to[at + 4 + i] = 0;
  }
}

function tablesOf(steps: readonly number[]): MixingTables {
  const a: number[] = [];
  const b: number[] = [];
  for (let i = 1 - steps.length; i < steps.length; i++) {
    // 10^(dB/20)
    const ratio = pow2((Math.sign(i) * steps[Math.abs(i)] * Math.LOG2E * Math.LN10) / 20);
    for (let level = 0; level < LEVELS; level++) {
      a.push(...mixedByA(ratio, ARCCOSINES[level]));
      b.push(...mixedByB(ratio, Math.max(COHERENCES[level], LEAST_COHERENCE)));
    }
  }
  return { a: Float64Array.from(a), b: Float64Array.from(b) };
}

/** Mixing procedure Ra (§8.6.4.6.2.1): energies by the intensity, the angle between the channels by the coherence. */
function mixedByA(ratio: number, angle: number): number[] {
  const right = Math.SQRT2 / Math.sqrt(1 + ratio * ratio);
  const left = ratio * right;
  const alpha = angle / 2;
  const beta = (alpha * (right - left)) / Math.SQRT2;
  return [left * cos(beta + alpha), right * cos(beta - alpha), left * sin(beta + alpha), right * sin(beta - alpha)];
}

/**
 * Mixing procedure Rb (§8.6.4.6.2.2): by principal components. Its angles are α = ½·atan2(2cρ, c² − 1) and γ = atan √((1 − μ)/(1 + μ)), of
 * which only cosine and sine are wanted: they follow by half angles.
 */
function mixedByB(ratio: number, coherence: number): number[] {
  const x = ratio * ratio - 1;
  const y = 2 * ratio * coherence;
  const double = x / Math.sqrt(x * x + y * y);
  const cosAlpha = Math.sqrt((1 + double) / 2);
  const sinAlpha = Math.sqrt((1 - double) / 2);
  const sum = ratio + 1 / ratio;
  const mu = Math.sqrt(1 + (4 * coherence * coherence - 4) / (sum * sum));
  const cosGamma = Math.sqrt((1 + mu) / 2);
  const sinGamma = Math.sqrt((1 - mu) / 2);
  return [cosAlpha * cosGamma, sinAlpha * cosGamma, -sinAlpha * sinGamma, cosAlpha * sinGamma].map((value) => Math.SQRT2 * value);
}
