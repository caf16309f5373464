import { cos } from '../trig.ts';

/** 1/(2·cos((2i + 1)·π/2n)) for i < n/2. */
const secants = (n: number): Float64Array =>
  Float64Array.from({ length: n / 2 }, (_, i) => 1 / (2 * cos(((2 * i + 1) * Math.PI) / (2 * n))));

const [A0, A1, A2, A3, A4, A5, A6, A7, A8, A9, A10, A11, A12, A13, A14, A15] = secants(32);
const [B0, B1, B2, B3, B4, B5, B6, B7] = secants(16);
const [C0, C1, C2, C3] = secants(8);
const [D0, D1] = secants(4);
const HALF_ROOT = Math.SQRT1_2;

/**
 * DCT-II of 32 points of each of `count` rows: out[to + k] = Σ x[i] · cos(k·(2i + 1)·π/64) for the first row; the results of each next
 * row stand before those of the last.
 *
 * B. G. Lee's algorithm: a DCT of n points is one of n/2 points over the sums of mirrored inputs, which gives the even outputs, and one
 * over their differences divided by 2·cos, whose neighbouring results are added to give the odd outputs. Written out, because in loops
 * it takes half as long again: stages a to e halve 32 points down to 1, f to h add neighbours on the way back. The even outputs come before
 * anything of the odd ones, whose inputs are read again for that: half as many values at a time have to be kept in registers.
 */
export function dct32(x: Float64Array, count: number, out: Float64Array, to: number): void {
  for (let from = 0; from < 32 * count; from += 32, to -= 32) {
    // biome-ignore format: a stage of butterflies
    const a0 = x[from] + x[from + 31], a1 = x[from + 1] + x[from + 30], a2 = x[from + 2] + x[from + 29], a3 = x[from + 3] + x[from + 28],
      a4 = x[from + 4] + x[from + 27], a5 = x[from + 5] + x[from + 26], a6 = x[from + 6] + x[from + 25], a7 = x[from + 7] + x[from + 24],
      a8 = x[from + 8] + x[from + 23], a9 = x[from + 9] + x[from + 22], a10 = x[from + 10] + x[from + 21], a11 = x[from + 11] + x[from + 20],
      a12 = x[from + 12] + x[from + 19], a13 = x[from + 13] + x[from + 18], a14 = x[from + 14] + x[from + 17], a15 = x[from + 15] + x[from + 16];
    // biome-ignore format: a stage of butterflies
    const b0 = a0 + a15, b8 = (a0 - a15) * B0, b1 = a1 + a14, b9 = (a1 - a14) * B1,
      b2 = a2 + a13, b10 = (a2 - a13) * B2, b3 = a3 + a12, b11 = (a3 - a12) * B3,
      b4 = a4 + a11, b12 = (a4 - a11) * B4, b5 = a5 + a10, b13 = (a5 - a10) * B5,
      b6 = a6 + a9, b14 = (a6 - a9) * B6, b7 = a7 + a8, b15 = (a7 - a8) * B7;
    // biome-ignore format: a stage of butterflies
    const c0 = b0 + b7, c4 = (b0 - b7) * C0, c1 = b1 + b6, c5 = (b1 - b6) * C1,
      c2 = b2 + b5, c6 = (b2 - b5) * C2, c3 = b3 + b4, c7 = (b3 - b4) * C3,
      c8 = b8 + b15, c12 = (b8 - b15) * C0, c9 = b9 + b14, c13 = (b9 - b14) * C1,
      c10 = b10 + b13, c14 = (b10 - b13) * C2, c11 = b11 + b12, c15 = (b11 - b12) * C3;
    // biome-ignore format: a stage of butterflies
    const d0 = c0 + c3, d2 = (c0 - c3) * D0, d1 = c1 + c2, d3 = (c1 - c2) * D1,
      d4 = c4 + c7, d6 = (c4 - c7) * D0, d5 = c5 + c6, d7 = (c5 - c6) * D1,
      d8 = c8 + c11, d10 = (c8 - c11) * D0, d9 = c9 + c10, d11 = (c9 - c10) * D1,
      d12 = c12 + c15, d14 = (c12 - c15) * D0, d13 = c13 + c14, d15 = (c13 - c14) * D1;
    // biome-ignore format: a stage of butterflies
    const e0 = d0 + d1, e1 = (d0 - d1) * HALF_ROOT, e2 = d2 + d3, e3 = (d2 - d3) * HALF_ROOT,
      e4 = d4 + d5, e5 = (d4 - d5) * HALF_ROOT, e6 = d6 + d7, e7 = (d6 - d7) * HALF_ROOT,
      e8 = d8 + d9, e9 = (d8 - d9) * HALF_ROOT, e10 = d10 + d11, e11 = (d10 - d11) * HALF_ROOT,
      e12 = d12 + d13, e13 = (d12 - d13) * HALF_ROOT, e14 = d14 + d15, e15 = (d14 - d15) * HALF_ROOT;
    // biome-ignore format: sums of neighbours
    const f1 = e2 + e3, f5 = e6 + e7, f9 = e10 + e11, f13 = e14 + e15;
    // biome-ignore format: sums of neighbours
    const g1 = e4 + f5, g3 = f5 + e5, g5 = e5 + e7, g9 = e12 + f13, g11 = f13 + e13, g13 = e13 + e15;
    out[to] = e0;
    out[to + 2] = e8 + g9;
    out[to + 4] = g1;
    out[to + 6] = g9 + f9;
    out[to + 8] = f1;
    out[to + 10] = f9 + g11;
    out[to + 12] = g3;
    out[to + 14] = g11 + e9;
    out[to + 16] = e1;
    out[to + 18] = e9 + g13;
    out[to + 20] = g5;
    out[to + 22] = g13 + e11;
    out[to + 24] = e3;
    out[to + 26] = e11 + e15;
    out[to + 28] = e7;
    out[to + 30] = e15;

    // biome-ignore format: a stage of butterflies
    const a16 = (x[from] - x[from + 31]) * A0, a17 = (x[from + 1] - x[from + 30]) * A1, a18 = (x[from + 2] - x[from + 29]) * A2,
      a19 = (x[from + 3] - x[from + 28]) * A3, a20 = (x[from + 4] - x[from + 27]) * A4, a21 = (x[from + 5] - x[from + 26]) * A5,
      a22 = (x[from + 6] - x[from + 25]) * A6, a23 = (x[from + 7] - x[from + 24]) * A7, a24 = (x[from + 8] - x[from + 23]) * A8,
      a25 = (x[from + 9] - x[from + 22]) * A9, a26 = (x[from + 10] - x[from + 21]) * A10, a27 = (x[from + 11] - x[from + 20]) * A11,
      a28 = (x[from + 12] - x[from + 19]) * A12, a29 = (x[from + 13] - x[from + 18]) * A13, a30 = (x[from + 14] - x[from + 17]) * A14,
      a31 = (x[from + 15] - x[from + 16]) * A15;
    // biome-ignore format: a stage of butterflies
    const b16 = a16 + a31, b24 = (a16 - a31) * B0, b17 = a17 + a30, b25 = (a17 - a30) * B1,
      b18 = a18 + a29, b26 = (a18 - a29) * B2, b19 = a19 + a28, b27 = (a19 - a28) * B3,
      b20 = a20 + a27, b28 = (a20 - a27) * B4, b21 = a21 + a26, b29 = (a21 - a26) * B5,
      b22 = a22 + a25, b30 = (a22 - a25) * B6, b23 = a23 + a24, b31 = (a23 - a24) * B7;
    // biome-ignore format: a stage of butterflies
    const c16 = b16 + b23, c20 = (b16 - b23) * C0, c17 = b17 + b22, c21 = (b17 - b22) * C1,
      c18 = b18 + b21, c22 = (b18 - b21) * C2, c19 = b19 + b20, c23 = (b19 - b20) * C3,
      c24 = b24 + b31, c28 = (b24 - b31) * C0, c25 = b25 + b30, c29 = (b25 - b30) * C1,
      c26 = b26 + b29, c30 = (b26 - b29) * C2, c27 = b27 + b28, c31 = (b27 - b28) * C3;
    // biome-ignore format: a stage of butterflies
    const d16 = c16 + c19, d18 = (c16 - c19) * D0, d17 = c17 + c18, d19 = (c17 - c18) * D1,
      d20 = c20 + c23, d22 = (c20 - c23) * D0, d21 = c21 + c22, d23 = (c21 - c22) * D1,
      d24 = c24 + c27, d26 = (c24 - c27) * D0, d25 = c25 + c26, d27 = (c25 - c26) * D1,
      d28 = c28 + c31, d30 = (c28 - c31) * D0, d29 = c29 + c30, d31 = (c29 - c30) * D1;
    // biome-ignore format: a stage of butterflies
    const e16 = d16 + d17, e17 = (d16 - d17) * HALF_ROOT, e18 = d18 + d19, e19 = (d18 - d19) * HALF_ROOT,
      e20 = d20 + d21, e21 = (d20 - d21) * HALF_ROOT, e22 = d22 + d23, e23 = (d22 - d23) * HALF_ROOT,
      e24 = d24 + d25, e25 = (d24 - d25) * HALF_ROOT, e26 = d26 + d27, e27 = (d26 - d27) * HALF_ROOT,
      e28 = d28 + d29, e29 = (d28 - d29) * HALF_ROOT, e30 = d30 + d31, e31 = (d30 - d31) * HALF_ROOT;
    // biome-ignore format: sums of neighbours
    const f17 = e18 + e19, f21 = e22 + e23, f25 = e26 + e27, f29 = e30 + e31;
    // biome-ignore format: sums of neighbours
    const g17 = e20 + f21, g19 = f21 + e21, g21 = e21 + e23, g25 = e28 + f29, g27 = f29 + e29, g29 = e29 + e31;
    // biome-ignore format: sums of neighbours
    const h17 = e24 + g25, h19 = g25 + f25, h21 = f25 + g27, h23 = g27 + e25, h25 = e25 + g29, h27 = g29 + e27, h29 = e27 + e31;
    out[to + 1] = e16 + h17;
    out[to + 3] = h17 + g17;
    out[to + 5] = g17 + h19;
    out[to + 7] = h19 + f17;
    out[to + 9] = f17 + h21;
    out[to + 11] = h21 + g19;
    out[to + 13] = g19 + h23;
    out[to + 15] = h23 + e17;
    out[to + 17] = e17 + h25;
    out[to + 19] = h25 + g21;
    out[to + 21] = g21 + h27;
    out[to + 23] = h27 + e19;
    out[to + 25] = e19 + h29;
    out[to + 27] = h29 + e23;
    out[to + 29] = e23 + e31;
    out[to + 31] = e31;
  }
}
