import { dct4 } from './dct4.ts';
import { QMF_WINDOW } from './qmf-window.ts';
import { LOW_BANDS, LOW_STRIDE, SLOTS, T_HF_GEN } from './subbands.ts';

/** Samples that the window reaches back beyond the newest 32. */
const HISTORY = 288;
/** SBR is defined on samples of 16 bits; the standard has a factor of 2 in the bank. */
const SCALE = 2 * 32768;

/** What damage makes of the core may be anything; were it infinite, recursive filters would never get rid of it. */
const LIMIT = 64;

/** c(2n), scaled, newest sample first. */
const WINDOW = Float64Array.from({ length: 320 }, (_, n) => SCALE * QMF_WINDOW[2 * n]);

const folded = new Float64Array(64);

/** Analysis QMF bank (ISO/IEC 14496-3 §4.6.18.4.1) of one channel: splits 1,024 samples of the core into 32 bands of 32 complex values. */
export class QmfAnalysis {
  readonly #samples = new Float64Array(HISTORY + 32 * SLOTS);

  /** Fills the slots from {@link T_HF_GEN} on of the bands `re` + j·`im` with those of the next frame, full scale of which is ±1.0. */
  run(core: Float32Array, re: Float64Array, im: Float64Array): void {
    const samples = this.#samples;
    samples.copyWithin(0, 32 * SLOTS);
    for (let i = 0; i < core.length; i++) samples[HISTORY + i] = core[i] > -LIMIT && core[i] < LIMIT ? core[i] : 0;
    for (let slot = 0; slot < SLOTS; slot++) {
      fold(samples, HISTORY + 32 * slot + 31);
      dct4(folded);
      for (let band = 0, at = T_HF_GEN + slot; band < LOW_BANDS; band++, at += LOW_STRIDE) {
        re[at] = folded[band];
        im[at] = -folded[63 - band];
      }
    }
  }

  reset(): void {
    this.#samples.fill(0);
  }
}

/**
 * The windowed samples, folded to u(0) … u(63), in the order in which the sum u(n)·e^(jπ/64·(k + ½)(2n − ½)) is a DCT-IV: its output k is
 * the real part of band k, its output 63 − k the imaginary part negated.
 */
function fold(samples: Float64Array, newest: number): void {
  folded[0] = foldedAt(samples, newest, 0);
  for (let n = 1; n <= 32; n++) folded[2 * n - 1] = foldedAt(samples, newest, n);
  for (let n = 33; n < 64; n++) folded[128 - 2 * n] = -foldedAt(samples, newest, n);
}

function foldedAt(samples: Float64Array, newest: number, n: number): number {
  const at = newest - n;
  return (
    samples[at] * WINDOW[n] +
    samples[at - 64] * WINDOW[n + 64] +
    samples[at - 128] * WINDOW[n + 128] +
    samples[at - 192] * WINDOW[n + 192] +
    samples[at - 256] * WINDOW[n + 256]
  );
}
