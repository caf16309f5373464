import { cos, sin } from '../trig.ts';

/*
 * The inverse MDCT of 36 samples out of 18 lines is a DCT-IV of 18 points, unfolded. That DCT-IV is made here of two DCT-IIIs of 9 points
 * over sums and differences of neighbouring lines, and a rotation of the results by the angles (19 + 2i)·π/72. What overlaps the next
 * block is kept in its folded form (9 values), because its second half mirrors the first and the next block's window does the rest:
 * block types follow each other such that the windows of neighbours fit (Princen–Bradley).
 */

const degrees = (x: number): number => (x * Math.PI) / 180;

/** Rotation of p and q: cos and sin for p, the same with the sign of q, which alternates. */
const ROTATION = fourOfEach((i) => {
  const angle = degrees(47.5 + 5 * i);
  const [c, s] = [cos(angle), sin(angle)];
  return i & 1 ? [c, -s, s, c] : [c, s, s, -c];
});

const SHORT_COS = Float64Array.from({ length: 3 }, (_, i) => cos(degrees(52.5 + 15 * i)));
const SHORT_SIN = Float64Array.from({ length: 3 }, (_, i) => sin(degrees(52.5 + 15 * i)));

const SIN_10 = sin(degrees(10));
const SIN_20 = sin(degrees(20));
const SIN_40 = sin(degrees(40));
const SIN_50 = sin(degrees(50));
const SIN_60 = sin(degrees(60));
const SIN_70 = sin(degrees(70));
const SIN_80 = sin(degrees(80));

/**
 * The slope with which a long block enters, four weights for each i < 9: those of the last block's and of this one's value in sample i,
 * then both in sample 17 − i.
 */
export type Slope = Float64Array;

/** Slopes of normal and start blocks, a sine over 18 samples, in even and in odd subbands. */
export const LONG_SLOPES: readonly Slope[] = [1, -1].map((oddSign) => slopeOf((i) => 2.5 + 5 * i, oddSign));

/** Slopes of stop blocks, which follow short ones, a sine over the middle 6 of 18 samples. */
export const STOP_SLOPES: readonly Slope[] = [1, -1].map((oddSign) => slopeOf((i) => (i < 6 ? 0 : 7.5 + 15 * (i - 6)), oddSign));

/** `oddSign` weighs samples of odd number: in odd subbands they are inverted (ISO/IEC 11172-3 §2.4.3.4.10.3). */
function slopeOf(angleOf: (i: number) => number, oddSign: number): Slope {
  return fourOfEach((i) => {
    const angle = degrees(angleOf(i));
    const [c, s] = [cos(angle), sin(angle)];
    const [near, far] = i & 1 ? [oddSign, 1] : [1, oddSign];
    return [near * c, -near * s, far * s, far * c];
  });
}

function fourOfEach(of: (i: number) => readonly [number, number, number, number]): Float64Array {
  const values = new Float64Array(36);
  for (let i = 0; i < 9; i++) values.set(of(i), 4 * i);
  return values;
}

const even = new Float64Array(9);
const odd = new Float64Array(9);

/**
 * Adds one long block of a subband to what the last one left: 18 lines at `lines[from]`, 9 folded values at `overlap[at]`, which are
 * replaced; sample i goes to `out[to + 32·i]`.
 */
export function imdct36(
  lines: Float64Array,
  from: number,
  overlap: Float64Array,
  at: number,
  slope: Slope,
  out: Float64Array,
  to: number,
): void {
  const x0 = lines[from];
  const x1 = lines[from + 1];
  const x2 = lines[from + 2];
  const x3 = lines[from + 3];
  const x4 = lines[from + 4];
  const x5 = lines[from + 5];
  const x6 = lines[from + 6];
  const x7 = lines[from + 7];
  const x8 = lines[from + 8];
  const x9 = lines[from + 9];
  const x10 = lines[from + 10];
  const x11 = lines[from + 11];
  const x12 = lines[from + 12];
  const x13 = lines[from + 13];
  const x14 = lines[from + 14];
  const x15 = lines[from + 15];
  const x16 = lines[from + 16];
  const x17 = lines[from + 17];
  dct9(-x0, x1 + x2, -(x3 + x4), x5 + x6, -(x7 + x8), x9 + x10, -(x11 + x12), x13 + x14, -(x15 + x16), even);
  dct9(x17, x16 - x15, x13 - x14, x12 - x11, x9 - x10, x8 - x7, x5 - x6, x4 - x3, x1 - x2, odd);
  for (let i = 0; i < 9; i++) {
    const p = even[i];
    const q = odd[i];
    const last = overlap[at + i];
    const own = p * ROTATION[4 * i] + q * ROTATION[4 * i + 1];
    overlap[at + i] = p * ROTATION[4 * i + 2] + q * ROTATION[4 * i + 3];
    out[to + 32 * i] = last * slope[4 * i] + own * slope[4 * i + 1];
    out[to + 32 * (17 - i)] = last * slope[4 * i + 2] + own * slope[4 * i + 3];
  }
}

/** DCT-III of 9 points: out[n] = x0 + Σ xk · cos(k·(2n + 1)·π/18), k from 1 to 8. */
function dct9(
  x0: number,
  x1: number,
  x2: number,
  x3: number,
  x4: number,
  x5: number,
  x6: number,
  x7: number,
  x8: number,
  out: Float64Array,
): void {
  const base = x0 + x6 * 0.5;
  const middle = x0 - x6;
  const a = (x4 + x2) * SIN_70;
  const b = (x8 + x2) * SIN_50;
  const c = (x4 - x8) * SIN_10;
  const rest = x4 + x8 - x2;
  const e0 = base + a - c;
  const e1 = middle - rest * 0.5;
  const e2 = base - a + b;
  const e3 = base - b + c;
  const third = x3 * SIN_60;
  const d = (x5 + x1) * SIN_80;
  const f = (x5 - x7) * SIN_20;
  const g = (x1 + x7) * SIN_40;
  const o0 = d + third - f;
  const o1 = (x1 - x5 - x7) * SIN_60;
  const o2 = g - third - f;
  const o3 = d - third - g;
  out[0] = e0 + o0;
  out[1] = e1 + o1;
  out[2] = e2 + o2;
  out[3] = e3 + o3;
  out[4] = rest + middle;
  out[5] = e3 - o3;
  out[6] = e2 - o2;
  out[7] = e1 - o1;
  out[8] = e0 - o0;
}

/**
 * Likewise for three short windows in a row. Window w has the lines `lines[from + 3·k + w]`. Their blocks begin 6 samples apart, the first
 * one at sample 6, so that the last one and half of the one before it fall into the next block: `overlap` keeps 6 samples that are ready
 * and 3 folded values.
 */
export function imdct12(
  lines: Float64Array,
  from: number,
  overlap: Float64Array,
  at: number,
  out: Float64Array,
  to: number,
  oddSign: number,
): void {
  for (let i = 0; i < 6; i++) samples[i] = overlap[at + i];
  shortWindow(lines, from, overlap, at + 6, samples, 6);
  shortWindow(lines, from + 1, overlap, at + 6, samples, 12);
  shortWindow(lines, from + 2, overlap, at + 6, overlap, at);
  for (let i = 0; i < 18; i += 2) {
    out[to + 32 * i] = samples[i];
    out[to + 32 * (i + 1)] = oddSign * samples[i + 1];
  }
}

const samples = new Float64Array(18);

/** One window: 6 lines of stride 3, 3 folded values, 6 samples. */
function shortWindow(lines: Float64Array, from: number, folded: Float64Array, at: number, out: Float64Array, to: number): void {
  const x1 = lines[from + 3];
  const x2 = lines[from + 6];
  const x3 = lines[from + 9];
  const x4 = lines[from + 12];
  dct3(-lines[from], x2 + x1, -(x4 + x3), even);
  dct3(lines[from + 15], x4 - x3, x1 - x2, odd);
  for (let i = 0; i < 3; i++) {
    const p = even[i];
    const q = i & 1 ? -odd[i] : odd[i];
    const last = folded[at + i];
    const own = p * SHORT_COS[i] + q * SHORT_SIN[i];
    folded[at + i] = p * SHORT_SIN[i] - q * SHORT_COS[i];
    out[to + i] = last * SHORT_SIN[2 - i] - own * SHORT_COS[2 - i];
    out[to + 5 - i] = last * SHORT_COS[2 - i] + own * SHORT_SIN[2 - i];
  }
}

/** DCT-III of 3 points. */
function dct3(x0: number, x1: number, x2: number, out: Float64Array): void {
  const middle = x0 + x2 * 0.5;
  const side = x1 * SIN_60;
  out[0] = middle + side;
  out[1] = x0 - x2;
  out[2] = middle - side;
}
