import { cos, sin } from '../trig.ts';

/**
 * Complex Fourier transform with positive exponent, X(k) = Σ x(i)·e^(+2πj·ik/n), of sizes that are products of 2, 3, 4, 5 and 8.
 *
 * After Stockham: each stage reads one array and writes the other so that the output comes in order by itself. Reversing the digits of
 * the index instead, in place, makes strides of a power of two that throw each other out of the cache: it was twice as slow.
 */
export class Fft {
  /** Real and imaginary parts in turn; to be filled before each {@link run}. */
  readonly input: Float64Array;
  /** As `input`; valid after {@link run}. */
  readonly output: Float64Array;
  readonly #stages: readonly Stage[];

  constructor(size: number) {
    const arrays = [new Float64Array(2 * size), new Float64Array(2 * size)];
    let rest = size;
    let stride = 1;
    this.#stages = radicesOf(size).map((radix, i) => {
      const stage = stageOf(radix, rest / radix, stride, arrays[i % 2], arrays[(i + 1) % 2]);
      rest /= radix;
      stride *= radix;
      return stage;
    });
    this.input = arrays[0];
    this.output = arrays[this.#stages.length % 2];
  }

  run(): void {
    for (const stage of this.#stages) {
      if (stage.radix === 8) radix8(stage);
      else anyRadix(stage);
    }
  }
}

/**
 * Splits transforms of radix × span points into `radix` ones of `span` points, `stride` of them side by side: point i of the q-th stands at
 * q + stride × i. A stage is decimation in frequency: sums of points a span apart, times a power of the root of unity.
 */
interface Stage {
  readonly radix: number;
  readonly span: number;
  readonly stride: number;
  /** cos and sin of w^(jp) for p = 1 … radix − 1, for each j < span, where w is the first root of unity of radix × span. */
  readonly twiddles: Float64Array;
  /** cos and sin of the `radix` roots of unity. */
  readonly roots: Float64Array;
  readonly from: Float64Array;
  readonly to: Float64Array;
}

/** 512 → 8·8·8, 64 → 8·8; and for 960-line frames 480 → 8·4·3·5, 60 → 4·3·5. */
function radicesOf(size: number): number[] {
  const radices: number[] = [];
  let rest = size;
  for (const radix of [8, 4, 2, 3, 5]) for (; rest % radix === 0; rest /= radix) radices.push(radix);
  return radices;
}

function stageOf(radix: number, span: number, stride: number, from: Float64Array, to: Float64Array): Stage {
  const root = (i: number, of: number): [number, number] => [cos((2 * Math.PI * i) / of), sin((2 * Math.PI * i) / of)];
  const twiddles: number[] = [];
  for (let j = 0; j < span; j++) for (let p = 1; p < radix; p++) twiddles.push(...root(j * p, radix * span));
  const roots = Array.from({ length: radix }, (_, i) => root(i, radix)).flat();
  return { radix, span, stride, twiddles: Float64Array.from(twiddles), roots: Float64Array.from(roots), from, to };
}

function radix8({ span, stride, twiddles, from, to }: Stage): void {
  const step = 2 * stride;
  const apart = span * step;
  for (let j = 0, t = 0; j < span; j++, t += 14) {
    const end = (j + 1) * step;
    for (let at = j * step, out = 8 * at; at < end; at += 2, out += 2) {
      let i = at;
      const r0 = from[i];
      const i0 = from[i + 1];
      const r1 = from[(i += apart)];
      const i1 = from[i + 1];
      const r2 = from[(i += apart)];
      const i2 = from[i + 1];
      const r3 = from[(i += apart)];
      const i3 = from[i + 1];
      const r4 = from[(i += apart)];
      const i4 = from[i + 1];
      const r5 = from[(i += apart)];
      const i5 = from[i + 1];
      const r6 = from[(i += apart)];
      const i6 = from[i + 1];
      const r7 = from[(i += apart)];
      const i7 = from[i + 1];

      // Outputs 0, 2, 4, 6: the transform of 4 points of the sums.
      const evenSumR = r0 + r4 + (r2 + r6);
      const evenSumI = i0 + i4 + (i2 + i6);
      const evenR = r0 + r4 - (r2 + r6);
      const evenI = i0 + i4 - (i2 + i6);
      const oddSumR = r1 + r5 + (r3 + r7);
      const oddSumI = i1 + i5 + (i3 + i7);
      const oddR = i3 + i7 - (i1 + i5); // times j
      const oddI = r1 + r5 - (r3 + r7);
      let o = out;
      to[o] = evenSumR + oddSumR;
      to[o + 1] = evenSumI + oddSumI;
      write(to, (o += 2 * step), evenR + oddR, evenI + oddI, twiddles, t + 2);
      write(to, (o += 2 * step), evenSumR - oddSumR, evenSumI - oddSumI, twiddles, t + 6);
      write(to, o + 2 * step, evenR - oddR, evenI - oddI, twiddles, t + 10);

      // Outputs 1, 3, 5, 7: that of the differences, turned by 0, 45, 90 and 135 degrees.
      const d1r = (r1 - r5 - (i1 - i5)) * Math.SQRT1_2;
      const d1i = (r1 - r5 + (i1 - i5)) * Math.SQRT1_2;
      const d3r = (r7 - r3 - (i3 - i7)) * Math.SQRT1_2;
      const d3i = (r3 - r7 - (i3 - i7)) * Math.SQRT1_2;
      const p0r = r0 - r4 - (i2 - i6);
      const p0i = i0 - i4 + (r2 - r6);
      const p1r = r0 - r4 + (i2 - i6);
      const p1i = i0 - i4 - (r2 - r6);
      o = out + step;
      write(to, o, p0r + (d1r + d3r), p0i + (d1i + d3i), twiddles, t);
      write(to, (o += 2 * step), p1r - (d1i - d3i), p1i + (d1r - d3r), twiddles, t + 4);
      write(to, (o += 2 * step), p0r - (d1r + d3r), p0i - (d1i + d3i), twiddles, t + 8);
      write(to, o + 2 * step, p1r + (d1i - d3i), p1i - (d1r - d3r), twiddles, t + 12);
    }
  }
}

/** Writes (re, im) times a twiddle factor. */
function write(to: Float64Array, at: number, re: number, im: number, twiddles: Float64Array, t: number): void {
  const wr = twiddles[t];
  const wi = twiddles[t + 1];
  to[at] = re * wr - im * wi;
  to[at + 1] = re * wi + im * wr;
}

/** By the definition; only 960-line frames and rare blocks of Vorbis come here. */
function anyRadix({ radix, span, stride, twiddles, roots, from, to }: Stage): void {
  const step = 2 * stride;
  for (let j = 0; j < span; j++) {
    for (let p = 0; p < radix; p++) {
      const twiddle = 2 * (j * (radix - 1) + p - 1);
      const wr = p === 0 ? 1 : twiddles[twiddle];
      const wi = p === 0 ? 0 : twiddles[twiddle + 1];
      for (let q = 0; q < step; q += 2) {
        let sumR = 0;
        let sumI = 0;
        for (let k = 0; k < radix; k++) {
          const at = q + step * (j + span * k);
          const root = 2 * ((k * p) % radix);
          sumR += from[at] * roots[root] - from[at + 1] * roots[root + 1];
          sumI += from[at] * roots[root + 1] + from[at + 1] * roots[root];
        }
        const out = q + step * (radix * j + p);
        to[out] = sumR * wr - sumI * wi;
        to[out + 1] = sumR * wi + sumI * wr;
      }
    }
  }
}
