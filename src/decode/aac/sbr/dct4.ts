import { cos, sin } from '../../trig.ts';

const SIZE = 64;
const HALF = SIZE / 2;

/** cos and sin in turn of π(n + ⅛)/64, which turn the points before and after the Fourier transform. */
const TURNS = roots(HALF, (n) => (Math.PI * (n + 1 / 8)) / SIZE);
/** cos and sin in turn of 2πjp/32, for each j < 8 those of p = 1, 2, 3. */
const TWIDDLES = roots(24, (i) => (2 * Math.PI * Math.floor(i / 3) * ((i % 3) + 1)) / HALF);

const points = new Float64Array(SIZE);
const parts = new Float64Array(SIZE);

/**
 * Discrete cosine transform IV of 64 values, in place: X(k) = Σ x(n)·cos(π/64·(k + ½)(n + ½)), on which both QMF banks are built. By a
 * complex Fourier transform of 32 points, in stages of 4 and 8.
 */
export function dct4(x: Float64Array): void {
  for (let n = 0; n < HALF; n++) {
    const re = x[2 * n];
    const im = x[SIZE - 1 - 2 * n];
    const c = TURNS[2 * n];
    const s = TURNS[2 * n + 1];
    points[2 * n] = re * c + im * s;
    points[2 * n + 1] = im * c - re * s;
  }
  splitInFour();
  for (let p = 0; p < 4; p++) transform8(p);
  for (let k = 0; k < HALF; k++) {
    const re = points[2 * k];
    const im = points[2 * k + 1];
    const c = TURNS[2 * k];
    const s = TURNS[2 * k + 1];
    x[2 * k] = re * c + im * s;
    x[SIZE - 1 - 2 * k] = re * s - im * c;
  }
}

/** From `points` to `parts`: four transforms of 8 points, of which the p-th gives the points 4q + p of the whole. */
function splitInFour(): void {
  for (let j = 0, at = 0, t = 0; j < 8; j++, at += 2, t += 6) {
    const sum02r = points[at] + points[at + 32];
    const sum02i = points[at + 1] + points[at + 33];
    const dif02r = points[at] - points[at + 32];
    const dif02i = points[at + 1] - points[at + 33];
    const sum13r = points[at + 16] + points[at + 48];
    const sum13i = points[at + 17] + points[at + 49];
    const dif13r = points[at + 16] - points[at + 48];
    const dif13i = points[at + 17] - points[at + 49];
    parts[at] = sum02r + sum13r;
    parts[at + 1] = sum02i + sum13i;
    turn(at + 16, dif02r + dif13i, dif02i - dif13r, t);
    turn(at + 32, sum02r - sum13r, sum02i - sum13i, t + 2);
    turn(at + 48, dif02r - dif13i, dif02i + dif13r, t + 4);
  }
}

/** Puts (re, im)·e^(−jφ) into `parts`, φ by its twiddle. */
function turn(at: number, re: number, im: number, t: number): void {
  const c = TWIDDLES[t];
  const s = TWIDDLES[t + 1];
  parts[at] = re * c + im * s;
  parts[at + 1] = im * c - re * s;
}

/** The p-th transform of 8 points, from `parts` to every fourth of `points`. */
function transform8(p: number): void {
  const at = 16 * p;
  const s04r = parts[at] + parts[at + 8];
  const s04i = parts[at + 1] + parts[at + 9];
  const d04r = parts[at] - parts[at + 8];
  const d04i = parts[at + 1] - parts[at + 9];
  const s26r = parts[at + 4] + parts[at + 12];
  const s26i = parts[at + 5] + parts[at + 13];
  const d26r = parts[at + 4] - parts[at + 12];
  const d26i = parts[at + 5] - parts[at + 13];
  const s15r = parts[at + 2] + parts[at + 10];
  const s15i = parts[at + 3] + parts[at + 11];
  const d15r = parts[at + 2] - parts[at + 10];
  const d15i = parts[at + 3] - parts[at + 11];
  const s37r = parts[at + 6] + parts[at + 14];
  const s37i = parts[at + 7] + parts[at + 15];
  const d37r = parts[at + 6] - parts[at + 14];
  const d37i = parts[at + 7] - parts[at + 15];

  const evenR = s04r + s26r;
  const evenI = s04i + s26i;
  const oddR = s15r + s37r;
  const oddI = s15i + s37i;
  const out = 2 * p;
  points[out] = evenR + oddR;
  points[out + 1] = evenI + oddI;
  points[out + 32] = evenR - oddR;
  points[out + 33] = evenI - oddI;
  points[out + 16] = s04r - s26r + (s15i - s37i);
  points[out + 17] = s04i - s26i - (s15r - s37r);
  points[out + 48] = s04r - s26r - (s15i - s37i);
  points[out + 49] = s04i - s26i + (s15r - s37r);

  // The odd outputs; e and f are (d15 ∓ j·d37) turned by 45 and 135 degrees.
  const ar = d04r + d26i;
  const ai = d04i - d26r;
  const br = d04r - d26i;
  const bi = d04i + d26r;
  const er = (d15r + d37i + (d15i - d37r)) * Math.SQRT1_2;
  const ei = (d15i - d37r - (d15r + d37i)) * Math.SQRT1_2;
  const fr = (d15i + d37r - (d15r - d37i)) * Math.SQRT1_2;
  const fi = -(d15r - d37i + (d15i + d37r)) * Math.SQRT1_2;
  points[out + 8] = ar + er;
  points[out + 9] = ai + ei;
  points[out + 40] = ar - er;
  points[out + 41] = ai - ei;
  points[out + 24] = br + fr;
  points[out + 25] = bi + fi;
  points[out + 56] = br - fr;
  points[out + 57] = bi - fi;
}

function roots(count: number, angle: (i: number) => number): Float64Array {
  const values = new Float64Array(2 * count);
  for (let i = 0; i < count; i++) {
    values[2 * i] = cos(angle(i));
    values[2 * i + 1] = sin(angle(i));
  }
  return values;
}
