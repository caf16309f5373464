import { dct4 } from './dct4.ts';
import { QMF_WINDOW } from './qmf-window.ts';
import { BANDS, SLOTS, STRIDE } from './subbands.ts';

/** Slots before the current one that the window reaches back to. */
const HISTORY = 9;
/** 1/64 of the standard, and back from samples of 16 bits to ±1.0. */
const SCALE = 1 / (64 * 32768);

const WINDOW = QMF_WINDOW.map((coefficient) => SCALE * coefficient);
const HALF_WINDOW = Float64Array.from({ length: 320 }, (_, n) => WINDOW[2 * n]);

const cosines = new Float64Array(BANDS);
const sines = new Float64Array(BANDS);

/**
 * Synthesis QMF bank (ISO/IEC 14496-3 §4.6.18.4.2) of one channel: joins 64 bands of 32 complex values to 2,048 samples; or, downsampled
 * (§4.6.18.4.3), the lower 32 bands to 1,024.
 */
export class QmfSynthesis {
  readonly #isDownsampled: boolean;
  readonly #size: number;
  /** Vectors of 2 · size values, of the slots before and of the frame. */
  readonly #vectors: Float64Array;

  constructor(isDownsampled: boolean) {
    this.#isDownsampled = isDownsampled;
    this.#size = isDownsampled ? 32 : 64;
    this.#vectors = new Float64Array(2 * this.#size * (HISTORY + SLOTS));
  }

  run(re: Float64Array, im: Float64Array, plane: Float32Array): void {
    const vectors = this.#vectors;
    const size = this.#size;
    vectors.copyWithin(0, 2 * size * SLOTS);
    for (let slot = 0; slot < SLOTS; slot++) {
      const at = 2 * size * (HISTORY + slot);
      if (this.#isDownsampled) modulateHalf(re, im, slot, vectors, at);
      else modulate(re, im, slot, vectors, at);
      weigh(vectors, at, this.#isDownsampled ? HALF_WINDOW : WINDOW, size, plane, size * slot);
    }
  }

  reset(): void {
    this.#vectors.fill(0);
  }
}

/** v(n) = Re Σ X(k)·e^(jπ/128·(k + ½)(2n − 255)): the difference and the sum of a DST-IV of the imaginary and a DCT-IV of the real parts. */
function modulate(re: Float64Array, im: Float64Array, slot: number, vectors: Float64Array, at: number): void {
  for (let band = 0, from = slot; band < BANDS; band += 2, from += 2 * STRIDE) {
    cosines[band] = re[from];
    cosines[band + 1] = re[from + STRIDE];
    sines[band] = im[from];
    sines[band + 1] = -im[from + STRIDE];
  }
  dct4(cosines);
  dct4(sines); // the DST-IV backwards
  for (let n = 0; n < 64; n++) {
    vectors[at + n] = sines[63 - n] - cosines[n];
    vectors[at + 127 - n] = sines[63 - n] + cosines[n];
  }
}

/** The same of 32 bands, v(n) = Re Σ X(k)·e^(jπ/64·(k + ½)(2n − 127½)), which one DCT-IV of 64 values gives. */
function modulateHalf(re: Float64Array, im: Float64Array, slot: number, vectors: Float64Array, at: number): void {
  for (let band = 0, from = slot; band < 32; band++, from += STRIDE) {
    cosines[band] = re[from];
    cosines[63 - band] = -im[from];
  }
  dct4(cosines);
  for (let n = 0; n < 32; n++) {
    vectors[at + n] = -cosines[2 * n];
    vectors[at + 63 - n] = cosines[2 * n + 1];
  }
}

/** One slot of samples: of the ten vectors the lower and the upper half in turn, newest first, times the window. */
function weigh(vectors: Float64Array, newest: number, window: Float64Array, size: number, plane: Float32Array, out: number): void {
  const step = 4 * size;
  for (let i = 0; i < size; i++) {
    const even = newest + i;
    const odd = newest - size + i; // the upper half of the vector before
    plane[out + i] =
      vectors[even] * window[i] +
      vectors[odd] * window[i + size] +
      vectors[even - step] * window[i + 2 * size] +
      vectors[odd - step] * window[i + 3 * size] +
      vectors[even - 2 * step] * window[i + 4 * size] +
      vectors[odd - 2 * step] * window[i + 5 * size] +
      vectors[even - 3 * step] * window[i + 6 * size] +
      vectors[odd - 3 * step] * window[i + 7 * size] +
      vectors[even - 4 * step] * window[i + 8 * size] +
      vectors[odd - 4 * step] * window[i + 9 * size];
  }
}
