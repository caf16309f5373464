/**
 * Elementary functions made of +, −, ×, ÷ and square root only, which IEEE 754 rounds the same way everywhere. ECMAScript leaves
 * `Math.sin`, `Math.cos` and `**` to the engine, and engines differ by an ulp: tables built with these give the same PCM, bit for bit,
 * in every browser and in Node. All are accurate to about one ulp.
 */

/** sin(x), `x` in radians, |x| < 10⁵. */
export function sin(x: number): number {
  const quarter = Math.round(x * TWO_OVER_PI);
  const rest = minusQuarters(x, quarter);
  const value = quarter & 1 ? cosNearZero(rest) : sinNearZero(rest);
  return quarter & 2 ? -value : value;
}

/** cos(x), `x` in radians, |x| < 10⁵. */
export function cos(x: number): number {
  const quarter = Math.round(x * TWO_OVER_PI);
  const rest = minusQuarters(x, quarter);
  const value = quarter & 1 ? sinNearZero(rest) : cosNearZero(rest);
  return (quarter + 1) & 2 ? -value : value;
}

/** 2^x, for |x| < 1000. */
export function pow2(x: number): number {
  const whole = Math.round(x);
  let power = expNearZero((x - whole) * Math.LN2);
  for (let i = 0; i < whole; i++) power *= 2;
  for (let i = 0; i > whole; i--) power /= 2;
  return power;
}

/** 2^(i/4) for the whole numbers i from `first` to `last`. Doubling is exact, so that four powers tell all others. */
export function quarterPowers(first: number, last: number): Float64Array {
  const powers = new Float64Array(last - first + 1);
  for (let i = 0; i < powers.length; i++) powers[i] = i < 4 ? pow2((first + i) / 4) : 2 * powers[i - 4];
  return powers;
}

/** i^(4/3), the inverse quantiser of MP3 and AAC, for whole numbers from 0 to 2²⁴. */
export const pow43 = (i: number): number => i * cubeRoot(i);

const TWO_OVER_PI = 2 / Math.PI;

/** π/2 in parts of 33 bits, so that their products with a quarter count are exact, and the rest (Cody and Waite). */
const HALF_PI_PARTS = [1.5707963267341256, 6.077100506303966e-11, 2.0222662487959506e-21];

const minusQuarters = (x: number, quarters: number): number =>
  x - quarters * HALF_PI_PARTS[0] - quarters * HALF_PI_PARTS[1] - quarters * HALF_PI_PARTS[2];

/** Taylor series of sin x / x and cos x in x², highest power first; enough terms for |x| ≤ π/4. */
const SIN_SERIES = series(8, (k) => 2 * k * (2 * k + 1), -1);
const COS_SERIES = series(9, (k) => (2 * k - 1) * (2 * k), -1);
const EXP_SERIES = series(14, (k) => k, 1);

const sinNearZero = (x: number): number => x + x * polynomialTail(SIN_SERIES, x * x);
const cosNearZero = (x: number): number => 1 + polynomialTail(COS_SERIES, x * x);
const expNearZero = (x: number): number => 1 + polynomialTail(EXP_SERIES, x);

/** Coefficients 1/(f(1) f(2) … f(k)) with alternating or constant sign, from k = `terms` down to 1. */
function series(terms: number, factor: (k: number) => number, sign: 1 | -1): number[] {
  const coefficients: number[] = [];
  for (let k = 1, denominator = 1; k <= terms; k++) {
    denominator *= sign * factor(k);
    coefficients.unshift(1 / denominator);
  }
  return coefficients;
}

/** Horner's scheme over a polynomial whose constant term, 1, is left for the caller to add last: that keeps the small part's digits. */
function polynomialTail(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (let i = 0; i < coefficients.length; i++) sum = (sum + coefficients[i]) * x;
  return sum;
}

function cubeRoot(x: number): number {
  if (x === 0) return 0;
  // x^(1/4 + 1/16 + 1/64) is within a tenth of it, up to 2²⁴; from there four steps of Newton give 24 bits.
  const fourth = Math.sqrt(Math.sqrt(x));
  const sixteenth = Math.sqrt(Math.sqrt(fourth));
  let root = fourth * sixteenth * Math.sqrt(Math.sqrt(sixteenth));
  for (let i = 0; i < 4; i++) root -= (root - x / (root * root)) / 3;
  // A last step from a root of 24 bits, whose square is exact, as in fdlibm.
  const coarse = Math.fround(root);
  const quotient = x / (coarse * coarse);
  return coarse + (coarse * (quotient - coarse)) / (2 * coarse + quotient);
}
