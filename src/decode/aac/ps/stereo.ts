import type { BitReader } from '../../../demux/bit-reader.ts';
import type { Steps } from '../../steps.ts';
import { STRIDE as BAND_STRIDE, BANDS, SLOTS } from '../sbr/subbands.ts';
import { BANDS_20, BANDS_34, type StereoBands } from './bands.ts';
import { Decorrelator } from './decorrelator.ts';
import { HybridAnalysis, joinSubbands } from './hybrid.ts';
import { MATRIX, mixingMatrix } from './mixing.ts';
import { spreadParameters, spreadValues } from './parameter-maps.ts';
import { MAX_ENVELOPES, STRIDE, StereoParameters } from './parameters.ts';
import { SmoothPhases } from './phases.ts';

const MAX_SUBBANDS = 91;

/** A signal in sub-bands, one after the other. */
class Subbands {
  readonly re = new Float64Array(MAX_SUBBANDS * SLOTS);
  readonly im = new Float64Array(MAX_SUBBANDS * SLOTS);
}

const spread = new Int8Array(4 * STRIDE);
const step = new Float64Array(MATRIX);
const mix = new Float64Array(MATRIX);

/** Parametric stereo (ISO/IEC 14496-3 §8.6.4): makes left and right of the QMF bands of one channel. */
export class ParametricStereo {
  /** The right channel, once {@link run}; the left one replaces the input. */
  readonly re = new Float64Array(BANDS * BAND_STRIDE);
  readonly im = new Float64Array(BANDS * BAND_STRIDE);
  readonly #signal = new Subbands();
  /** What has nothing in common with the signal, and then the right channel. */
  readonly #other = new Subbands();
  readonly #parameters = new StereoParameters();
  readonly #analysis = new HybridAnalysis();
  readonly #decorrelator = new Decorrelator();
  readonly #interPhases = new SmoothPhases();
  readonly #overallPhases = new SmoothPhases();
  /** Matrices of the parameter bands at the end of an envelope; row 0 at the end of the frame before. */
  readonly #matrices = new Float64Array((MAX_ENVELOPES + 1) * STRIDE * MATRIX);
  #bands = BANDS_20;
  #isOn = false;
  #hasData = false;

  /** Reads ps_data(). @throws AulosError `decode.failed`; there is no stereo then until the next header. */
  read(bits: BitReader, end: number): void {
    try {
      if (this.#parameters.read(bits, end)) this.#isOn = true;
      this.#hasData = true;
    } catch (error) {
      this.#isOn = false;
      this.#parameters.reset();
      throw error;
    }
  }

  /** Replaces the bands `re` + j·`im` by those of the left channel. Bands from `top` on are empty. */
  *run(re: Float64Array, im: Float64Array, top: number): Steps<void> {
    if (!this.#hasData) this.#parameters.hold();
    this.#hasData = false;
    if (!this.#isOn) {
      this.re.set(re);
      this.im.set(im);
      return;
    }
    this.#chooseBands();
    const bands = this.#bands;
    const end = top + bands.subbands - BANDS;
    const signal = this.#signal;
    const other = this.#other;
    this.#analysis.run(bands, re, im, signal.re, signal.im);
    yield;
    this.#decorrelator.run(bands, end, signal.re, signal.im, other.re, other.im);
    yield;
    for (let envelope = 0, from = 0; envelope < this.#parameters.envelopes; envelope++) {
      this.#setMatrices(envelope);
      const to = this.#parameters.ends[envelope] + 1;
      for (let k = 0; k < end; k++) this.#mix(envelope, k, from, to);
      from = to;
      yield;
    }
    const last = this.#parameters.envelopes * STRIDE * MATRIX;
    this.#matrices.copyWithin(0, last, last + STRIDE * MATRIX);
    joinSubbands(bands, signal.re, signal.im, re, im);
    joinSubbands(bands, other.re, other.im, this.re, this.im);
    yield;
  }

  reset(): void {
    this.#isOn = this.#hasData = false;
    this.#parameters.reset();
    this.#analysis.reset();
    this.#decorrelator.reset();
    this.#interPhases.reset();
    this.#overallPhases.reset();
    this.#matrices.fill(0);
  }

  /** 34 bands when any kind of parameter has so many. */
  #chooseBands(): void {
    const { hasIntensity, intensityBands, hasCoherence, coherenceBands } = this.#parameters;
    if (!hasIntensity && !hasCoherence) return;
    const isFine = (hasIntensity && intensityBands === 34) || (hasCoherence && coherenceBands === 34);
    const bands = isFine ? BANDS_34 : BANDS_20;
    if (bands === this.#bands) return;
    this.#bands = bands;
    this.#decorrelator.reset();
    this.#interPhases.reset();
    this.#overallPhases.reset();
    spreadValues(this.#matrices.subarray(0, STRIDE * MATRIX), MATRIX, bands.parameters);
  }

  /** Works out the matrices at the end of an envelope. */
  #setMatrices(envelope: number): void {
    const { parameters, phases } = this.#bands;
    const { isFineIntensity, isMixedByB, hasPhases } = this.#parameters;
    const [intensity, coherence, interPhase, overallPhase] = this.#spreadEnvelope(envelope, this.#bands);
    for (let band = 0; band < parameters; band++) {
      const at = ((envelope + 1) * STRIDE + band) * MATRIX;
      mixingMatrix(isFineIntensity, isMixedByB, intensity[band], coherence[band], this.#matrices, at);
      if (hasPhases && band < phases) this.#turn(band, interPhase[band], overallPhase[band], at);
    }
  }

  #spreadEnvelope(envelope: number, { parameters }: StereoBands): Int8Array[] {
    const { intensity, intensityBands, coherence, coherenceBands, interPhase, overallPhase, phaseBands } = this.#parameters;
    // Phases are those of the lower half of the bands.
    const phased = phaseBands === 17 ? 34 : phaseBands === 11 ? 20 : 10;
    const kinds = [
      [intensity, intensityBands],
      [coherence, coherenceBands],
      [interPhase, phased],
      [overallPhase, phased],
    ] as const;
    return kinds.map(([rows, bands], i) => {
      const to = spread.subarray(i * STRIDE, (i + 1) * STRIDE);
      spreadParameters(rows.subarray(envelope * STRIDE, (envelope + 1) * STRIDE), bands, to, parameters);
      return to;
    });
  }

  /** Left is turned by the overall phase, right by that less the phase between them (§8.6.4.6.3.2). */
  #turn(band: number, interPhase: number, overallPhase: number, at: number): void {
    const inter = this.#interPhases;
    const overall = this.#overallPhases;
    inter.move(band, interPhase);
    overall.move(band, overallPhase);
    const rightCos = overall.cos * inter.cos + overall.sin * inter.sin;
    const rightSin = overall.sin * inter.cos - overall.cos * inter.sin;
    for (let i = at; i < at + 4; i++) {
      const isLeft = ((i - at) & 1) === 0;
      const value = this.#matrices[i];
      this.#matrices[i] = value * (isLeft ? overall.cos : rightCos);
      this.#matrices[i + 4] = value * (isLeft ? overall.sin : rightSin);
    }
  }

  /** Mixes slots `from` to `to` of a sub-band, on the way from one matrix to the next. */
  #mix(envelope: number, k: number, from: number, to: number): void {
    const bands = this.#bands;
    const before = (envelope * STRIDE + bands.parameterOf[k]) * MATRIX;
    const after = before + STRIDE * MATRIX;
    for (let i = 0; i < MATRIX; i++) {
      mix[i] = this.#matrices[before + i];
      step[i] = (this.#matrices[after + i] - mix[i]) / (to - from);
    }
    if (!this.#parameters.hasPhases) mixReal(this.#signal, this.#other, k * SLOTS, from, to);
    else {
      if (k >= bands.negative[0] && k < bands.negative[1]) for (let i = 4; i < MATRIX; i++) [mix[i], step[i]] = [-mix[i], -step[i]];
      mixComplex(this.#signal, this.#other, k * SLOTS, from, to);
    }
  }
}

function mixReal(signal: Subbands, other: Subbands, row: number, from: number, to: number): void {
  let [h11, h12, h21, h22] = mix;
  const [s11, s12, s21, s22] = step;
  for (let at = row + from; at < row + to; at++) {
    h11 += s11;
    h12 += s12;
    h21 += s21;
    h22 += s22;
    const sr = signal.re[at];
    const si = signal.im[at];
    const dr = other.re[at];
    const di = other.im[at];
    signal.re[at] = h11 * sr + h21 * dr;
    signal.im[at] = h11 * si + h21 * di;
    other.re[at] = h12 * sr + h22 * dr;
    other.im[at] = h12 * si + h22 * di;
  }
}

function mixComplex(signal: Subbands, other: Subbands, row: number, from: number, to: number): void {
  for (let at = row + from; at < row + to; at++) {
    for (let i = 0; i < MATRIX; i++) mix[i] += step[i];
    const [h11, h12, h21, h22, i11, i12, i21, i22] = mix;
    const sr = signal.re[at];
    const si = signal.im[at];
    const dr = other.re[at];
    const di = other.im[at];
    signal.re[at] = h11 * sr + h21 * dr - i11 * si - i21 * di;
    signal.im[at] = h11 * si + h21 * di + i11 * sr + i21 * dr;
    other.re[at] = h12 * sr + h22 * dr - i12 * si - i22 * di;
    other.im[at] = h12 * si + h22 * di + i12 * sr + i22 * dr;
  }
}
