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
  readonly #fft: Fft;
  /** cos and sin of (k + 1/8)·π/N in turn, scaled. */
  readonly #twiddles: Float64Array;

  /** `lines` is 4 × a product of 2, 3, 4, 5 and 8; a line of `fullScale` becomes a wave between ±1. */
  constructor(lines: number, fullScale: number) {
    this.#fft = new Fft(lines / 2);
    // The factors are multiplied with twice, before and after the transform.
    const scale = Math.sqrt(1 / (lines * fullScale));
    const angle = (k: number): number => (Math.PI * (k + 1 / 8)) / lines;
    this.#twiddles = Float64Array.from({ length: lines }, (_, i) => scale * (i & 1 ? sin : cos)(angle(i >> 1)));
  }

  /** Replaces the N lines from `offset` on by c and d. */
  run(x: Float64Array, offset: number): void {
    const { input, output } = this.#fft;
    const twiddles = this.#twiddles;
    for (let i = 0, low = offset, high = offset + input.length - 1; i < input.length; i += 2, low += 2, high -= 2) {
      const even = x[low];
      const odd = x[high];
      const c = twiddles[i];
      const s = twiddles[i + 1];
      input[i] = odd * c - even * s;
      input[i + 1] = even * c + odd * s;
    }
    this.#fft.run();
    for (let i = 0, low = offset, high = offset + output.length - 1; i < output.length; i += 2, low += 2, high -= 2) {
      const re = output[i];
      const im = output[i + 1];
      const c = twiddles[i];
      const s = twiddles[i + 1];
      x[low] = re * c - im * s;
      x[high] = -(im * c + re * s);
    }
  }
}
