import type { ChannelData } from './channel-data.ts';
import type { EnvelopeGains } from './envelope-gains.ts';
import type { FrequencyBands } from './frequency-bands.ts';
import { NOISE } from './noise-table.ts';
import { BANDS, STRIDE } from './subbands.ts';

/** h_smooth, newest slot first (§4.6.18.7.6). */
const SMOOTHING = [0.33333333333333, 0.30150283239582, 0.21816949906249, 0.11516383427084, 0.03183050093751];
/** Slots before the current one that smoothing reaches back to. */
const REACH = 4;
const NOISE_LENGTH = 512;

/** Gains and noise amplitudes of one band slot by slot, behind {@link REACH} slots of the frame before. */
const gains = new Float64Array(REACH + STRIDE);
const noises = new Float64Array(REACH + STRIDE);

/** Assembles the replicated bands of one channel (ISO/IEC 14496-3 §4.6.18.7.6): gains, noise and sinusoids, smoothed if asked for. */
export class HfAdjuster {
  #noiseIndex = 0;
  #sineIndex = 0;
  /** The last {@link REACH} gains and noise amplitudes of each replicated band. */
  readonly #gainsBefore = new Float64Array(BANDS * REACH);
  readonly #noisesBefore = new Float64Array(BANDS * REACH);

  /** Adjusts the bands `re` + j·`im` in place. `isNew`: their frequency tables are not those of the frame before. */
  run(
    { grid }: ChannelData,
    { start, count }: FrequencyBands,
    envelopes: EnvelopeGains,
    isSmoothed: boolean,
    isNew: boolean,
    re: Float64Array,
    im: Float64Array,
  ): void {
    if (isNew) this.#noiseIndex = 0;
    const first = 2 * grid.borders[0];
    const end = 2 * grid.borders[grid.envelopes];
    for (let m = 0; m < count; m++) {
      this.#lineUp(m, isNew, envelopes, grid);
      for (let envelope = 0; envelope < grid.envelopes; envelope++) {
        const isTransient = envelope === grid.transient || envelope === grid.earlierTransient;
        const sine = envelopes.sine[envelope * BANDS + m];
        const isFiltered = isSmoothed && !isTransient;
        const to = 2 * grid.borders[envelope + 1];
        for (let slot = 2 * grid.borders[envelope]; slot < to; slot++) {
          const at = (start + m) * STRIDE + slot;
          const line = REACH + slot - first;
          const gain = isFiltered ? smoothed(gains, line) : gains[line];
          re[at] *= gain;
          im[at] *= gain;
          if (sine !== 0) addSine(re, im, at, sine, this.#sineIndex + slot - first, start + m);
          else if (!isTransient) {
            const noise = isFiltered ? smoothed(noises, line) : noises[line];
            const index = 2 * ((this.#noiseIndex + (slot - first) * count + m + 1) % NOISE_LENGTH);
            re[at] += noise * NOISE[index];
            im[at] += noise * NOISE[index + 1];
          }
        }
      }
      this.#remember(m, end - first);
    }
    this.#noiseIndex = (this.#noiseIndex + (end - first) * count) % NOISE_LENGTH;
    this.#sineIndex = (this.#sineIndex + end - first) & 3;
  }

  reset(): void {
    this.#noiseIndex = this.#sineIndex = 0;
  }

  #lineUp(m: number, isNew: boolean, { gain, noise }: EnvelopeGains, { borders, envelopes }: ChannelData['grid']): void {
    for (let i = 0; i < REACH; i++) {
      gains[i] = isNew ? gain[m] : this.#gainsBefore[m * REACH + i];
      noises[i] = isNew ? noise[m] : this.#noisesBefore[m * REACH + i];
    }
    const offset = REACH - 2 * borders[0];
    for (let envelope = 0; envelope < envelopes; envelope++) {
      const from = offset + 2 * borders[envelope];
      const to = offset + 2 * borders[envelope + 1];
      gains.fill(gain[envelope * BANDS + m], from, to);
      noises.fill(noise[envelope * BANDS + m], from, to);
    }
  }

  #remember(m: number, slots: number): void {
    for (let i = 0; i < REACH; i++) {
      this.#gainsBefore[m * REACH + i] = gains[slots + i];
      this.#noisesBefore[m * REACH + i] = noises[slots + i];
    }
  }
}

function smoothed(line: Float64Array, at: number): number {
  return (
    line[at] * SMOOTHING[0] +
    line[at - 1] * SMOOTHING[1] +
    line[at - 2] * SMOOTHING[2] +
    line[at - 3] * SMOOTHING[3] +
    line[at - 4] * SMOOTHING[4]
  );
}

/** Sinusoids turn by 90 degrees from slot to slot, in odd bands the other way round. */
function addSine(re: Float64Array, im: Float64Array, at: number, amplitude: number, index: number, band: number): void {
  const sign = index & 2 ? -amplitude : amplitude;
  if ((index & 1) === 0) re[at] += sign;
  else im[at] += band & 1 ? -sign : sign;
}
