import { type ChannelData, ENVELOPE_STRIDE, NOISE_STRIDE } from './channel-data.ts';
import type { Energies } from './dequantisation.ts';
import type { FrequencyBands } from './frequency-bands.ts';
import type { SbrHeader } from './header.ts';
import { BANDS, STRIDE } from './subbands.ts';
import { MAX_ENVELOPES } from './time-grid.ts';

/** Limiter gains by bs_limiter_gains: −3 dB, 0 dB, 3 dB, none. */
const LIMITER_GAINS = [0.70795, 1, 1.41254, 1e10];
const MAX_GAIN = 1e5;
/** 2 dB: what the limiter took is given back up to here. */
const MAX_BOOST = 1.584893192;
/** The smallest step of single floats: keeps ratios of nothing to nothing at one. */
const EPSILON = 2 ** -23;

const original = new Float64Array(BANDS);
const current = new Float64Array(BANDS);
const noiseRatio = new Float64Array(BANDS);
const hasSinusoid = new Uint8Array(BANDS);
const isTonal = new Uint8Array(BANDS);

/**
 * What each band of each envelope is to be multiplied with, and how much noise and which sinusoids are added
 * (ISO/IEC 14496-3 §4.6.18.7.2 to §4.6.18.7.5), for one channel. Bands count from the first replicated one.
 */
export class EnvelopeGains {
  /** Row by row for each envelope, 64 apart: gains of the replicated bands. */
  readonly gain = new Float64Array(MAX_ENVELOPES * BANDS);
  /** Amplitudes of the noise, as `gain`. */
  readonly noise = new Float64Array(MAX_ENVELOPES * BANDS);
  /** Amplitudes of sinusoids. */
  readonly sine = new Float64Array(MAX_ENVELOPES * BANDS);
  /** Bands that had a sinusoid at the end of the frame before. */
  readonly #sinusoidsBefore = new Uint8Array(BANDS);

  /** Works them out for the replicated bands `re` + j·`im` of a frame. */
  run(data: ChannelData, bands: FrequencyBands, header: SbrHeader, energies: Energies, re: Float64Array, im: Float64Array): void {
    const { grid } = data;
    // Limiter bands may end below the top, where the last patch was left out: nothing is there.
    this.gain.fill(0);
    this.noise.fill(0);
    this.sine.fill(0);
    for (let envelope = 0; envelope < grid.envelopes; envelope++) {
      const borders = bands.envelope[grid.resolutions[envelope]];
      const floor = grid.noises > 1 && grid.borders[envelope] >= grid.noiseBorders[1] ? 1 : 0;
      spread(energies.envelope, envelope * ENVELOPE_STRIDE, borders, original);
      spread(energies.noise, floor * NOISE_STRIDE, bands.noise, noiseRatio);
      this.#mapSinusoids(data, bands, borders, envelope);
      measure(re, im, bands, 2 * grid.borders[envelope], 2 * grid.borders[envelope + 1]);
      if (!header.interpolatesFrequency) average(borders);
      const isTransient = envelope === grid.transient || envelope === grid.earlierTransient;
      for (let i = 0; i + 1 < bands.limiter.length; i++) {
        const from = bands.limiter[i] - bands.start;
        this.#balance(envelope * BANDS, from, bands.limiter[i + 1] - bands.start, isTransient, LIMITER_GAINS[header.limiterGains]);
      }
    }
    this.#sinusoidsBefore.set(hasSinusoid);
  }

  reset(): void {
    this.#sinusoidsBefore.fill(0);
  }

  /** A sinusoid stands in the middle of its band; one that is new begins with the transient (§4.6.18.7.2). */
  #mapSinusoids({ sinusoids, grid }: ChannelData, bands: FrequencyBands, borders: readonly number[], envelope: number): void {
    const [, high] = bands.envelope;
    hasSinusoid.fill(0);
    for (let i = 0; i + 1 < high.length; i++) {
      const middle = ((high[i] + high[i + 1]) >> 1) - bands.start;
      if (sinusoids[i] && (envelope >= grid.transient || this.#sinusoidsBefore[middle])) hasSinusoid[middle] = 1;
    }
    for (let i = 0; i + 1 < borders.length; i++) {
      const from = borders[i] - bands.start;
      const to = borders[i + 1] - bands.start;
      let isAny = 0;
      for (let m = from; m < to; m++) isAny |= hasSinusoid[m];
      isTonal.fill(isAny, from, to);
    }
  }

  /** Gains of one limiter band (§4.6.18.7.5). */
  #balance(row: number, from: number, to: number, isTransient: boolean, limiterGain: number): void {
    const { gain, noise, sine } = this;
    let wanted = EPSILON;
    let given = EPSILON;
    for (let m = from; m < to; m++) {
      const q = noiseRatio[m];
      const tone = original[m] / (1 + q);
      noise[row + m] = Math.sqrt(tone * q);
      sine[row + m] = hasSinusoid[m] ? Math.sqrt(tone) : 0;
      const energy = isTonal[m] ? tone * q : isTransient ? original[m] : tone;
      gain[row + m] = Math.sqrt(energy / (1 + current[m]));
      wanted += original[m];
      given += current[m];
    }
    const most = Math.min(MAX_GAIN, limiterGain * Math.sqrt(wanted / given));
    let limited = EPSILON;
    for (let m = from; m < to; m++) {
      if (gain[row + m] > most) {
        noise[row + m] *= most / gain[row + m];
        gain[row + m] = most;
      }
      const added = hasSinusoid[m] ? sine[row + m] : isTransient ? 0 : noise[row + m];
      limited += current[m] * gain[row + m] * gain[row + m] + added * added;
    }
    const boost = Math.min(MAX_BOOST, Math.sqrt(wanted / limited));
    for (let m = from; m < to; m++) {
      gain[row + m] *= boost;
      noise[row + m] *= boost;
      sine[row + m] *= boost;
    }
  }
}

/** Gives every QMF band the value of the band of `borders` that it is in. */
function spread(values: Float64Array, row: number, borders: readonly number[], out: Float64Array): void {
  for (let i = 0; i + 1 < borders.length; i++) out.fill(values[row + i], borders[i] - borders[0], borders[i + 1] - borders[0]);
}

/** Mean energies of the bands between two slots (§4.6.18.7.3). */
function measure(re: Float64Array, im: Float64Array, { start, count }: FrequencyBands, from: number, to: number): void {
  for (let m = 0; m < count; m++) {
    const row = (start + m) * STRIDE;
    let sum = 0;
    for (let i = row + from; i < row + to; i++) sum += re[i] * re[i] + im[i] * im[i];
    current[m] = sum / (to - from);
  }
}

function average(borders: readonly number[]): void {
  for (let i = 0; i + 1 < borders.length; i++) {
    const from = borders[i] - borders[0];
    const to = borders[i + 1] - borders[0];
    let sum = 0;
    for (let m = from; m < to; m++) sum += current[m];
    current.fill(sum / (to - from), from, to);
  }
}
