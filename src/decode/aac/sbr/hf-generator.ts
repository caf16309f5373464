import type { ChannelData } from './channel-data.ts';
import type { FrequencyBands } from './frequency-bands.ts';
import { LOW_BANDS, LOW_STRIDE, STRIDE, T_HF_ADJ } from './subbands.ts';

/** Chirp factors by bs_invf_mode: off, low, middle, strong. */
const CHIRPS = [0, 0.75, 0.9, 0.98];
/** Between off and low, either way. */
const CHIRP_OF_CHANGE = 0.6;
const LEAST_CHIRP = 0.015625;

/** Prediction coefficients α₀, α₁ of the bands of the core; computed for one frame at a time. */
const alpha0r = new Float64Array(LOW_BANDS);
const alpha0i = new Float64Array(LOW_BANDS);
const alpha1r = new Float64Array(LOW_BANDS);
const alpha1i = new Float64Array(LOW_BANDS);

/** Against a singular covariance (§4.6.18.6.2). */
const RELAXATION = 1 / 1.000001;
const MAX_ALPHA_SQUARED = 16;

/** Bands of the core copied upwards, whitened as far as the stream asks (ISO/IEC 14496-3 §4.6.18.6), for one channel. */
export class HfGenerator {
  /** Of the noise bands. */
  readonly #chirps = new Float64Array(5);

  /**
   * Fills the bands from `bands.start` on of `highRe` + j·`highIm` in the QMF slots of the frame's envelopes, from the bands of the core.
   */
  run(
    data: ChannelData,
    bands: FrequencyBands,
    lowRe: Float64Array,
    lowIm: Float64Array,
    highRe: Float64Array,
    highIm: Float64Array,
  ): void {
    this.#moveChirps(data, bands.noise.length - 1);
    const { patches, noise, masterStart, start: firstBand, count: bandCount } = bands;
    const firstSource = patches.reduce((least, { source }) => Math.min(least, source), masterStart);
    for (let band = firstSource; band < masterStart; band++) predict(lowRe, lowIm, band);

    const { borders, envelopes } = data.grid;
    const from = 2 * borders[0];
    const to = 2 * borders[envelopes];
    let noiseBand = 0;
    let end = firstBand;
    for (const { source, start, count } of patches) {
      for (let i = 0; i < count; i++) {
        while (noiseBand < noise.length - 2 && start + i >= noise[noiseBand + 1]) noiseBand++;
        whiten(source + i, this.#chirps[noiseBand], lowRe, lowIm, highRe, highIm, (start + i) * STRIDE, from, to);
      }
      end = start + count;
    }
    highRe.fill(0, end * STRIDE, (firstBand + bandCount) * STRIDE); // a last patch that was left out
    highIm.fill(0, end * STRIDE, (firstBand + bandCount) * STRIDE);
  }

  reset(): void {
    this.#chirps.fill(0);
  }

  /** Chirp factors follow their modes gently (§4.6.18.6.2). */
  #moveChirps({ filterModes, earlierFilterModes }: ChannelData, count: number): void {
    for (let i = 0; i < count; i++) {
      const isChange = filterModes[i] + earlierFilterModes[i] === 1;
      const goal = isChange ? CHIRP_OF_CHANGE : CHIRPS[filterModes[i]];
      const before = this.#chirps[i];
      const chirp = goal < before ? 0.75 * goal + 0.25 * before : 0.90625 * goal + 0.09375 * before;
      this.#chirps[i] = chirp < LEAST_CHIRP ? 0 : chirp;
    }
  }
}

/** Linear prediction of second order by the covariance method over the frame. */
function predict(re: Float64Array, im: Float64Array, band: number): void {
  const at = band * LOW_STRIDE;
  let p0 = 0; // Σ |x|² of slots 1 … 37, which both energies share
  let p1r = 0; // Σ x(n + 1)·x*(n), the same
  let p1i = 0;
  let p02r = 0; // Σ x(n + 2)·x*(n) of slots 0 … 37
  let p02i = 0;
  let xr = re[at];
  let xi = im[at];
  let yr = re[at + 1];
  let yi = im[at + 1];
  const firstEnergy = xr * xr + xi * xi;
  const firstR = yr * xr + yi * xi;
  const firstI = yi * xr - yr * xi;
  for (let i = at; i < at + 38; i++) {
    const zr = re[i + 2];
    const zi = im[i + 2];
    p02r += zr * xr + zi * xi;
    p02i += zi * xr - zr * xi;
    if (i < at + 37) {
      p0 += yr * yr + yi * yi;
      p1r += zr * yr + zi * yi;
      p1i += zi * yr - zr * yi;
    }
    xr = yr;
    xi = yi;
    yr = zr;
    yi = zi;
  }
  // Now x is slot 38 and y slot 39.
  const p11 = p0 + xr * xr + xi * xi;
  const p22 = p0 + firstEnergy;
  const p12r = p1r + firstR;
  const p12i = p1i + firstI;
  const p01r = p1r + yr * xr + yi * xi;
  const p01i = p1i + yi * xr - yr * xi;

  const determinant = p22 * p11 - (p12r * p12r + p12i * p12i) * RELAXATION;
  let a1r = 0;
  let a1i = 0;
  let a0r = 0;
  let a0i = 0;
  if (determinant !== 0) {
    a1r = (p01r * p12r - p01i * p12i - p02r * p11) / determinant;
    a1i = (p01i * p12r + p01r * p12i - p02i * p11) / determinant;
  }
  if (p11 !== 0) {
    a0r = -(p01r + a1r * p12r + a1i * p12i) / p11;
    a0i = -(p01i + a1i * p12r - a1r * p12i) / p11;
  }
  const isStable = a1r * a1r + a1i * a1i < MAX_ALPHA_SQUARED && a0r * a0r + a0i * a0i < MAX_ALPHA_SQUARED;
  alpha0r[band] = isStable ? a0r : 0;
  alpha0i[band] = isStable ? a0i : 0;
  alpha1r[band] = isStable ? a1r : 0;
  alpha1i[band] = isStable ? a1i : 0;
}

/** X_high(n) = X_low(n) + chirp·α₀·X_low(n − 1) + chirp²·α₁·X_low(n − 2) */
function whiten(
  source: number,
  chirp: number,
  lowRe: Float64Array,
  lowIm: Float64Array,
  highRe: Float64Array,
  highIm: Float64Array,
  out: number,
  from: number,
  to: number,
): void {
  const a0r = alpha0r[source] * chirp;
  const a0i = alpha0i[source] * chirp;
  const a1r = alpha1r[source] * chirp * chirp;
  const a1i = alpha1i[source] * chirp * chirp;
  const low = source * LOW_STRIDE + T_HF_ADJ;
  for (let slot = from; slot < to; slot++) {
    const at = low + slot;
    const yr = lowRe[at - 1];
    const yi = lowIm[at - 1];
    const zr = lowRe[at - 2];
    const zi = lowIm[at - 2];
    highRe[out + slot] = lowRe[at] + a0r * yr - a0i * yi + a1r * zr - a1i * zi;
    highIm[out + slot] = lowIm[at] + a0r * yi + a0i * yr + a1r * zi + a1i * zr;
  }
}
