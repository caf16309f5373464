import type { Bands } from './bands.ts';
import { imdct12, imdct36, LONG_SLOPES, STOP_SLOPES } from './imdct.ts';
import type { Granule } from './side-info.ts';

const SUBBANDS = 32;

/** Lines of a subband, and samples that they give. */
const WIDTH = 18;

/** Folded values that a subband keeps for the next block. */
const OVERLAP = 9;

const STOP_BLOCK = 3;

/** Butterflies of the alias reduction (ISO/IEC 11172-3 table B.9): cs and ca of the coefficients c. */
const ALIAS = [-0.6, -0.535, -0.33, -0.185, -0.095, -0.041, -0.0142, -0.0037];
const ALIAS_CS = Float64Array.from(ALIAS, (c) => 1 / Math.sqrt(1 + c * c));
const ALIAS_CA = Float64Array.from(ALIAS, (c) => c / Math.sqrt(1 + c * c));

/** The hybrid filter bank of one channel: lines of a granule to 18 samples in each of the 32 subbands (ISO/IEC 11172-3 §2.4.3.4.10). */
export class HybridFilterBank {
  readonly #overlap = new Float64Array(SUBBANDS * OVERLAP);
  /** Subbands that gave sound last time, hence have something to overlap. */
  #sounding = 0;

  /**
   * Transforms `spectrum`, of which lines from `count` on are zero; works in place, so that the spectrum is lost. Sample t of subband s
   * goes to `samples[32·t + s]`, ready for the synthesis: odd samples of odd subbands are inverted.
   */
  transform(spectrum: Float64Array, count: number, granule: Granule, bands: Bands, samples: Float64Array): void {
    const lines = bands.longLines < 576 ? interleave(spectrum, bands) : spectrum;
    const longSubbands = bands.longLines / WIDTH;
    // Alias reduction carries lines over into the next subband, interleaving to the end of the band.
    const sounding = granule.isShort ? SUBBANDS : Math.min(SUBBANDS, Math.ceil(count / WIDTH) + 1);
    reduceAlias(lines, Math.min(longSubbands, sounding));
    const overlap = this.#overlap;
    const until = Math.max(sounding, this.#sounding);
    for (let subband = 0; subband < until; subband++) {
      const from = subband * WIDTH;
      const at = subband * OVERLAP;
      const isOdd = subband & 1;
      if (subband >= longSubbands) imdct12(lines, from, overlap, at, samples, subband, isOdd ? -1 : 1);
      else {
        const isStop = granule.blockType === STOP_BLOCK && !(granule.isMixed && subband < 2);
        imdct36(lines, from, overlap, at, (isStop ? STOP_SLOPES : LONG_SLOPES)[isOdd], samples, subband);
      }
    }
    clearFrom(until, samples);
    this.#sounding = sounding;
  }

  /** Forgets the last block. */
  reset(): void {
    this.#overlap.fill(0);
    this.#sounding = 0;
  }
}

/** Clears the subbands from `subband` on; in a loop, because `fill` costs more than a few numbers are worth. */
function clearFrom(subband: number, samples: Float64Array): void {
  for (let t = 0; t < samples.length; t += SUBBANDS) for (let s = subband; s < SUBBANDS; s++) samples[t + s] = 0;
}

const interleavedLines = new Float64Array(WIDTH * SUBBANDS);

/** Lines of short blocks with the three windows interleaved; valid until the next call. */
function interleave(spectrum: Float64Array, { interleaved }: Bands): Float64Array {
  for (let line = 0; line < spectrum.length; line++) interleavedLines[interleaved[line]] = spectrum[line];
  return interleavedLines;
}

/** Reduces aliasing between the lowest `subbands` subbands. */
function reduceAlias(lines: Float64Array, subbands: number): void {
  for (let border = WIDTH; border < subbands * WIDTH; border += WIDTH) {
    for (let i = 0; i < 8; i++) {
      const below = lines[border - 1 - i];
      const above = lines[border + i];
      lines[border - 1 - i] = below * ALIAS_CS[i] - above * ALIAS_CA[i];
      lines[border + i] = above * ALIAS_CS[i] + below * ALIAS_CA[i];
    }
  }
}
