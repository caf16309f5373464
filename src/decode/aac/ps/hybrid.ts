import { cos, sin } from '../../trig.ts';
import { STRIDE as BAND_STRIDE, LOOKAHEAD, SLOTS } from '../sbr/subbands.ts';
import { BANDS_20, type StereoBands } from './bands.ts';

/** Taps of the filters, which are symmetric: half of them, and the middle. */
const REACH = 6;
/** QMF bands that are split at most. */
const MAX_SPLIT = 5;
/** A band with the slots that the filters reach back and forwards to. */
const LINE = REACH + SLOTS + LOOKAHEAD;

/** Prototypes, the outer tap first (tables 8.36 to 8.38). */
const TAPS_8 = [0.00746082949812, 0.02270420949825, 0.04546865930473, 0.07266113929591, 0.09885108575264, 0.11793710567217, 0.125];
const TAPS_12 = [0.04081179924692, 0.03812810994926, 0.05144908135699, 0.06399831151592, 0.07428313801106, 0.08100347892914, 1 / 12];
const TAPS_8_OF_34 = [0.01565675600122, 0.03752716391991, 0.05417891378782, 0.08417044116767, 0.10307344158036, 0.12222452249753, 0.125];
const TAPS_4 = [-0.05908211155639, -0.04871498374946, 0, 0.07778723915851, 0.16486303567403, 0.23279856662996, 0.25];
const TAPS_2 = [0, 0.01899487526049, 0, -0.07293139167538, 0, 0.30596630545168, 0.5];

/** A complex filter: cos and sin in turn of the first seven taps; the others are their conjugates. */
type Filter = Float64Array;

const FILTERS_8 = modulated(TAPS_8, 8);
const FILTERS_34 = [modulated(TAPS_12, 12), modulated(TAPS_8_OF_34, 8), modulated(TAPS_4, 4), modulated(TAPS_4, 4), modulated(TAPS_4, 4)];
const FILTERS_2 = [
  Float64Array.from(TAPS_2.flatMap((tap) => [tap, 0])),
  Float64Array.from(TAPS_2.flatMap((tap, i) => [i < REACH ? -tap : tap, 0])),
];

/** Of 8 filters the first band keeps 6 sub-bands: those of the pairs at the upper edge are added up. */
const FOLDED_8 = [
  FILTERS_8[6],
  FILTERS_8[7],
  FILTERS_8[0],
  FILTERS_8[1],
  sumOf(FILTERS_8[2], FILTERS_8[5]),
  sumOf(FILTERS_8[3], FILTERS_8[4]),
];
const FILTERS_20 = [FOLDED_8, [FILTERS_2[1], FILTERS_2[0]], FILTERS_2];

/** Splits the lowest QMF bands into sub-bands, of 32 slots each, and joins them again (ISO/IEC 14496-3 §8.6.4.3). */
export class HybridAnalysis {
  readonly #re = new Float64Array(MAX_SPLIT * LINE);
  readonly #im = new Float64Array(MAX_SPLIT * LINE);

  /** From QMF bands to the sub-bands `outRe` + j·`outIm`. */
  run(bands: StereoBands, re: Float64Array, im: Float64Array, outRe: Float64Array, outIm: Float64Array): void {
    this.#takeIn(re, im);
    const filters = bands === BANDS_20 ? FILTERS_20 : FILTERS_34;
    let subband = 0;
    for (const [band, ofBand] of filters.entries())
      for (const filter of ofBand) this.#filter(band * LINE, filter, outRe, outIm, subband++ * SLOTS);
    for (let band = bands.split; subband < bands.subbands; band++, subband++) {
      const from = band * BAND_STRIDE;
      outRe.set(re.subarray(from, from + SLOTS), subband * SLOTS);
      outIm.set(im.subarray(from, from + SLOTS), subband * SLOTS);
    }
  }

  reset(): void {
    this.#re.fill(0);
    this.#im.fill(0);
  }

  #takeIn(re: Float64Array, im: Float64Array): void {
    for (let band = 0; band < MAX_SPLIT; band++) {
      const at = band * LINE;
      this.#re.copyWithin(at, at + SLOTS, at + SLOTS + REACH);
      this.#im.copyWithin(at, at + SLOTS, at + SLOTS + REACH);
      this.#re.set(re.subarray(band * BAND_STRIDE, (band + 1) * BAND_STRIDE), at + REACH);
      this.#im.set(im.subarray(band * BAND_STRIDE, (band + 1) * BAND_STRIDE), at + REACH);
    }
  }

  #filter(at: number, filter: Filter, outRe: Float64Array, outIm: Float64Array, out: number): void {
    const re = this.#re;
    const im = this.#im;
    for (let slot = 0; slot < SLOTS; slot++) {
      const first = at + slot;
      const last = first + 2 * REACH;
      let sumR = re[first + REACH] * filter[2 * REACH];
      let sumI = im[first + REACH] * filter[2 * REACH];
      for (let i = 0; i < REACH; i++) {
        const c = filter[2 * i];
        const s = filter[2 * i + 1];
        sumR += c * (re[first + i] + re[last - i]) - s * (im[first + i] - im[last - i]);
        sumI += c * (im[first + i] + im[last - i]) + s * (re[first + i] - re[last - i]);
      }
      outRe[out + slot] = sumR;
      outIm[out + slot] = sumI;
    }
  }
}

/** From sub-bands to QMF bands: the sub-bands of a band add up to it. */
export function joinSubbands(bands: StereoBands, subRe: Float64Array, subIm: Float64Array, re: Float64Array, im: Float64Array): void {
  const filters = bands === BANDS_20 ? FILTERS_20 : FILTERS_34;
  let subband = 0;
  for (const [band, { length }] of filters.entries()) {
    const at = band * BAND_STRIDE;
    for (let slot = 0; slot < SLOTS; slot++) {
      let sumR = 0;
      let sumI = 0;
      for (let i = subband; i < subband + length; i++) {
        sumR += subRe[i * SLOTS + slot];
        sumI += subIm[i * SLOTS + slot];
      }
      re[at + slot] = sumR;
      im[at + slot] = sumI;
    }
    subband += length;
  }
  for (let band = bands.split; subband < bands.subbands; band++, subband++) {
    re.set(subRe.subarray(subband * SLOTS, (subband + 1) * SLOTS), band * BAND_STRIDE);
    im.set(subIm.subarray(subband * SLOTS, (subband + 1) * SLOTS), band * BAND_STRIDE);
  }
}

function modulated(taps: readonly number[], count: number): Filter[] {
  return Array.from({ length: count }, (_, q) =>
    Float64Array.from(
      taps.flatMap((tap, i) => {
        const angle = (2 * Math.PI * (q + 0.5) * (i - REACH)) / count;
        return [tap * cos(angle), -tap * sin(angle)];
      }),
    ),
  );
}

function sumOf(a: Filter, b: Filter): Filter {
  return a.map((value, i) => value + b[i]);
}
