import { cos, sin } from '../trig.ts';

/*
 * The transform of long blocks, as nearly all blocks are: `Imdct` with its Fourier transform of 512 points written out as three stages of
 * radix 8 (see `Fft`), of which the first makes its points of lines. Sizes are literals and the memory to work in is constant, so that an
 * engine knows that no index is out of bounds, and where everything is: half the time goes with finding out.
 */

const LINES = 1024;
const FULL_SCALE = 32_768;

/** Complex numbers, real and imaginary parts in turn, that the stages hand on: the first and the third write `even`, the second `odd`. */
const even = new Float64Array(LINES);
const odd = new Float64Array(LINES);

/** cos and sin of (k + 1/8)·π/1024 in turn, scaled. */
const ROTATIONS = Float64Array.from({ length: LINES }, (_, i) => {
  const scale = Math.sqrt(1 / (LINES * FULL_SCALE));
  return scale * (i & 1 ? sin : cos)((Math.PI * ((i >> 1) + 1 / 8)) / LINES);
});

/** cos and sin of 2π·jp/512 and 2π·jp/64, for p = 1 … 7, for each j. */
const FIRST_TWIDDLES = twiddlesOf(512);
const SECOND_TWIDDLES = twiddlesOf(64);

function twiddlesOf(size: number): Float64Array {
  return Float64Array.from({ length: (size / 8) * 14 }, (_, i) => {
    const j = Math.floor(i / 14);
    const p = ((i % 14) >> 1) + 1;
    return (i & 1 ? sin : cos)((2 * Math.PI * (j * p)) / size);
  });
}

/**
 * Transforms the 1024 `lines` into as many `samples`: the falling half of the last window, whose second half (d, see `Imdct`) is `overlap`,
 * added to the rising half of this one. `overlap` becomes d of this one; `slope` is the rising half of the window.
 */
export function imdct1024(lines: Float64Array, overlap: Float64Array, slope: Float64Array, samples: Float32Array): void {
  firstStage(lines);
  secondStage();
  lastStage();
  overlapAdd(overlap, slope, samples);
}

function firstStage(lines: Float64Array): void {
  for (let j = 0; j < 64; j++) {
    const at = 2 * j;
    const out = 16 * j;
    const t = 14 * j;
    // biome-ignore format: eight points, 64 apart, each made of two lines
    const x0 = lines[at], y0 = lines[1023 - at], c0 = ROTATIONS[at], s0 = ROTATIONS[at + 1],
      r0 = y0 * c0 - x0 * s0, i0 = x0 * c0 + y0 * s0,
      x1 = lines[at + 128], y1 = lines[895 - at], c1 = ROTATIONS[at + 128], s1 = ROTATIONS[at + 129],
      r1 = y1 * c1 - x1 * s1, i1 = x1 * c1 + y1 * s1,
      x2 = lines[at + 256], y2 = lines[767 - at], c2 = ROTATIONS[at + 256], s2 = ROTATIONS[at + 257],
      r2 = y2 * c2 - x2 * s2, i2 = x2 * c2 + y2 * s2,
      x3 = lines[at + 384], y3 = lines[639 - at], c3 = ROTATIONS[at + 384], s3 = ROTATIONS[at + 385],
      r3 = y3 * c3 - x3 * s3, i3 = x3 * c3 + y3 * s3,
      x4 = lines[at + 512], y4 = lines[511 - at], c4 = ROTATIONS[at + 512], s4 = ROTATIONS[at + 513],
      r4 = y4 * c4 - x4 * s4, i4 = x4 * c4 + y4 * s4,
      x5 = lines[at + 640], y5 = lines[383 - at], c5 = ROTATIONS[at + 640], s5 = ROTATIONS[at + 641],
      r5 = y5 * c5 - x5 * s5, i5 = x5 * c5 + y5 * s5,
      x6 = lines[at + 768], y6 = lines[255 - at], c6 = ROTATIONS[at + 768], s6 = ROTATIONS[at + 769],
      r6 = y6 * c6 - x6 * s6, i6 = x6 * c6 + y6 * s6,
      x7 = lines[at + 896], y7 = lines[127 - at], c7 = ROTATIONS[at + 896], s7 = ROTATIONS[at + 897],
      r7 = y7 * c7 - x7 * s7, i7 = x7 * c7 + y7 * s7;
    // biome-ignore format: the transform of 4 points of the sums gives outputs 0, 2, 4, 6
    const sum0R = r0 + r4 + (r2 + r6), sum0I = i0 + i4 + (i2 + i6), sum2R = r0 + r4 - (r2 + r6), sum2I = i0 + i4 - (i2 + i6),
      sum1R = r1 + r5 + (r3 + r7), sum1I = i1 + i5 + (i3 + i7), sum3R = i3 + i7 - (i1 + i5), sum3I = r1 + r5 - (r3 + r7);
    even[out] = sum0R + sum1R;
    even[out + 1] = sum0I + sum1I;
    turn(even, out + 4, sum2R + sum3R, sum2I + sum3I, FIRST_TWIDDLES, t + 2);
    turn(even, out + 8, sum0R - sum1R, sum0I - sum1I, FIRST_TWIDDLES, t + 6);
    turn(even, out + 12, sum2R - sum3R, sum2I - sum3I, FIRST_TWIDDLES, t + 10);
    // biome-ignore format: that of the differences, turned by 0, 45, 90 and 135 degrees, gives outputs 1, 3, 5, 7
    const turned0R = r0 - r4 - (i2 - i6), turned0I = i0 - i4 + (r2 - r6), turned2R = r0 - r4 + (i2 - i6), turned2I = i0 - i4 - (r2 - r6),
      d1R = (r1 - r5 - (i1 - i5)) * Math.SQRT1_2, d1I = (r1 - r5 + (i1 - i5)) * Math.SQRT1_2,
      d3R = (r7 - r3 - (i3 - i7)) * Math.SQRT1_2, d3I = (r3 - r7 - (i3 - i7)) * Math.SQRT1_2,
      turned1R = d1R + d3R, turned1I = d1I + d3I, turned3R = d1I - d3I, turned3I = d1R - d3R;
    turn(even, out + 2, turned0R + turned1R, turned0I + turned1I, FIRST_TWIDDLES, t);
    turn(even, out + 6, turned2R - turned3R, turned2I + turned3I, FIRST_TWIDDLES, t + 4);
    turn(even, out + 10, turned0R - turned1R, turned0I - turned1I, FIRST_TWIDDLES, t + 8);
    turn(even, out + 14, turned2R + turned3R, turned2I - turned3I, FIRST_TWIDDLES, t + 12);
  }
}

function secondStage(): void {
  for (let i = 0; i < 64; i++) {
    const j = i >> 3;
    const at = 2 * i;
    const out = 112 * j + at;
    const t = 14 * j;
    // biome-ignore format: eight points, 64 apart
    const r0 = even[at], i0 = even[at + 1], r1 = even[at + 128], i1 = even[at + 129], r2 = even[at + 256], i2 = even[at + 257],
      r3 = even[at + 384], i3 = even[at + 385], r4 = even[at + 512], i4 = even[at + 513], r5 = even[at + 640], i5 = even[at + 641],
      r6 = even[at + 768], i6 = even[at + 769], r7 = even[at + 896], i7 = even[at + 897];
    // biome-ignore format: the transform of 4 points of the sums gives outputs 0, 2, 4, 6
    const sum0R = r0 + r4 + (r2 + r6), sum0I = i0 + i4 + (i2 + i6), sum2R = r0 + r4 - (r2 + r6), sum2I = i0 + i4 - (i2 + i6),
      sum1R = r1 + r5 + (r3 + r7), sum1I = i1 + i5 + (i3 + i7), sum3R = i3 + i7 - (i1 + i5), sum3I = r1 + r5 - (r3 + r7);
    odd[out] = sum0R + sum1R;
    odd[out + 1] = sum0I + sum1I;
    turn(odd, out + 32, sum2R + sum3R, sum2I + sum3I, SECOND_TWIDDLES, t + 2);
    turn(odd, out + 64, sum0R - sum1R, sum0I - sum1I, SECOND_TWIDDLES, t + 6);
    turn(odd, out + 96, sum2R - sum3R, sum2I - sum3I, SECOND_TWIDDLES, t + 10);
    // biome-ignore format: that of the differences, turned by 0, 45, 90 and 135 degrees, gives outputs 1, 3, 5, 7
    const turned0R = r0 - r4 - (i2 - i6), turned0I = i0 - i4 + (r2 - r6), turned2R = r0 - r4 + (i2 - i6), turned2I = i0 - i4 - (r2 - r6),
      d1R = (r1 - r5 - (i1 - i5)) * Math.SQRT1_2, d1I = (r1 - r5 + (i1 - i5)) * Math.SQRT1_2,
      d3R = (r7 - r3 - (i3 - i7)) * Math.SQRT1_2, d3I = (r3 - r7 - (i3 - i7)) * Math.SQRT1_2,
      turned1R = d1R + d3R, turned1I = d1I + d3I, turned3R = d1I - d3I, turned3I = d1R - d3R;
    turn(odd, out + 16, turned0R + turned1R, turned0I + turned1I, SECOND_TWIDDLES, t);
    turn(odd, out + 48, turned2R - turned3R, turned2I + turned3I, SECOND_TWIDDLES, t + 4);
    turn(odd, out + 80, turned0R - turned1R, turned0I - turned1I, SECOND_TWIDDLES, t + 8);
    turn(odd, out + 112, turned2R + turned3R, turned2I - turned3I, SECOND_TWIDDLES, t + 12);
  }
}

function lastStage(): void {
  for (let j = 0; j < 64; j++) {
    const at = 2 * j;
    // biome-ignore format: eight points, 64 apart
    const r0 = odd[at], i0 = odd[at + 1], r1 = odd[at + 128], i1 = odd[at + 129], r2 = odd[at + 256], i2 = odd[at + 257],
      r3 = odd[at + 384], i3 = odd[at + 385], r4 = odd[at + 512], i4 = odd[at + 513], r5 = odd[at + 640], i5 = odd[at + 641],
      r6 = odd[at + 768], i6 = odd[at + 769], r7 = odd[at + 896], i7 = odd[at + 897];
    // biome-ignore format: the transform of 4 points of the sums gives outputs 0, 2, 4, 6
    const sum0R = r0 + r4 + (r2 + r6), sum0I = i0 + i4 + (i2 + i6), sum2R = r0 + r4 - (r2 + r6), sum2I = i0 + i4 - (i2 + i6),
      sum1R = r1 + r5 + (r3 + r7), sum1I = i1 + i5 + (i3 + i7), sum3R = i3 + i7 - (i1 + i5), sum3I = r1 + r5 - (r3 + r7);
    even[at] = sum0R + sum1R;
    even[at + 1] = sum0I + sum1I;
    even[at + 256] = sum2R + sum3R;
    even[at + 257] = sum2I + sum3I;
    even[at + 512] = sum0R - sum1R;
    even[at + 513] = sum0I - sum1I;
    even[at + 768] = sum2R - sum3R;
    even[at + 769] = sum2I - sum3I;
    // biome-ignore format: that of the differences, turned by 0, 45, 90 and 135 degrees, gives outputs 1, 3, 5, 7
    const turned0R = r0 - r4 - (i2 - i6), turned0I = i0 - i4 + (r2 - r6), turned2R = r0 - r4 + (i2 - i6), turned2I = i0 - i4 - (r2 - r6),
      d1R = (r1 - r5 - (i1 - i5)) * Math.SQRT1_2, d1I = (r1 - r5 + (i1 - i5)) * Math.SQRT1_2,
      d3R = (r7 - r3 - (i3 - i7)) * Math.SQRT1_2, d3I = (r3 - r7 - (i3 - i7)) * Math.SQRT1_2,
      turned1R = d1R + d3R, turned1I = d1I + d3I, turned3R = d1I - d3I, turned3I = d1R - d3R;
    even[at + 128] = turned0R + turned1R;
    even[at + 129] = turned0I + turned1I;
    even[at + 384] = turned2R - turned3R;
    even[at + 385] = turned2I + turned3I;
    even[at + 640] = turned0R - turned1R;
    even[at + 641] = turned0I - turned1I;
    even[at + 896] = turned2R + turned3R;
    even[at + 897] = turned2I - turned3I;
  }
}

/** Writes (re, im), turned by a twiddle factor. */
function turn(to: Float64Array, at: number, re: number, im: number, twiddles: Float64Array, t: number): void {
  const c = twiddles[t];
  const s = twiddles[t + 1];
  to[at] = re * c - im * s;
  to[at + 1] = re * s + im * c;
}

/**
 * Rotates what the last stage gave, and adds it to `overlap`. Two numbers at the same distance from the middle give neighbouring values of c
 * and of d, which are all that two samples near the start and two near the end need: nothing goes through memory twice.
 */
function overlapAdd(overlap: Float64Array, slope: Float64Array, samples: Float32Array): void {
  for (let i = 0; i < 512; i += 2) {
    // biome-ignore format: the numbers and their rotations
    const lowR = even[510 - i], lowI = even[511 - i], lowC = ROTATIONS[510 - i], lowS = ROTATIONS[511 - i],
      highR = even[512 + i], highI = even[513 + i], highC = ROTATIONS[512 + i], highS = ROTATIONS[513 + i];
    const c0 = -(highI * highC + highR * highS);
    const c1 = lowR * lowC - lowI * lowS;
    const d0 = overlap[i];
    const d1 = overlap[i + 1];
    overlap[i] = highR * highC - highI * highS;
    overlap[i + 1] = -(lowI * lowC + lowR * lowS);
    const rising0 = slope[i];
    const rising1 = slope[i + 1];
    const falling0 = slope[1023 - i];
    const falling1 = slope[1022 - i];
    samples[i] = d0 * falling0 - c0 * rising0;
    samples[i + 1] = d1 * falling1 - c1 * rising1;
    samples[1022 - i] = d1 * rising1 + c1 * falling1;
    samples[1023 - i] = d0 * rising0 + c0 * falling0;
  }
}
