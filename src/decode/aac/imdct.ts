import { cos, sin } from '../trig.ts';
import { Fft } from './fft.ts';

/**
 * Inverse modified discrete cosine transform (ISO/IEC 14496-3 §4.6.11.3.1) of N lines, by a complex Fourier transform of N/2 points.
 *
 * Of its 2N outputs only N differ. These are kept, the middle half x(N/2) … x(3N/2 − 1); the first quarter is its own first half
 * mirrored and negated, the last quarter its second half mirrored:
 *
 *     −c̅  c | d  d̅      with a bar for "mirrored": kept are c and d
 */
export class Imdct {
  readonly #lines: number;
  readonly #fft: Fft;
  readonly #cos: Float64Array;
  readonly #sin: Float64Array;

  /** `lines` is 4 × a product of 2, 3, 4, 5 and 8; a line of `fullScale` becomes a wave between ±1. */
  constructor(lines: number, fullScale: number) {
    this.#lines = lines;
    this.#fft = new Fft(lines / 2);
    // The factors are multiplied with twice, before and after the transform.
    const scale = Math.sqrt(1 / (lines * fullScale));
    const angle = (k: number): number => (Math.PI * (k + 1 / 8)) / lines;
    this.#cos = Float64Array.from({ length: lines / 2 }, (_, k) => scale * cos(angle(k)));
    this.#sin = Float64Array.from({ length: lines / 2 }, (_, k) => scale * sin(angle(k)));
  }

  /** Replaces the N lines from `offset` on by c and d. */
  run(x: Float64Array, offset: number): void {
    const { input, output } = this.#fft;
    const c = this.#cos;
    const s = this.#sin;
    const last = offset + this.#lines - 1;
    for (let k = 0; k < c.length; k++) {
      const even = x[offset + 2 * k];
      const odd = x[last - 2 * k];
      input[2 * k] = odd * c[k] - even * s[k];
      input[2 * k + 1] = even * c[k] + odd * s[k];
    }
    this.#fft.run();
    for (let k = 0; k < c.length; k++) {
      const re = output[2 * k];
      const im = output[2 * k + 1];
      x[offset + 2 * k] = re * c[k] - im * s[k];
      x[last - 2 * k] = -(im * c[k] + re * s[k]);
    }
  }
}
