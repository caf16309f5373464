import { type ChannelData, ENVELOPE_STRIDE, NOISE_STRIDE } from './channel-data.ts';
import type { FrequencyBands } from './frequency-bands.ts';
import { MAX_ENVELOPES } from './time-grid.ts';

/** What the levels of a channel amount to, in the energy of samples of 16 bits. */
export interface Energies {
  /** Row by row the energy that the bands of an envelope shall have. */
  readonly envelope: Float64Array;
  /** Row by row the noise in the bands of a noise floor, relative to the rest. */
  readonly noise: Float64Array;
}

/** Room for the energies of a frame. */
export const createEnergies = (): Energies => ({
  envelope: new Float64Array(MAX_ENVELOPES * ENVELOPE_STRIDE),
  noise: new Float64Array(2 * NOISE_STRIDE),
});

/** 2^(i/2), for i from −300 to 300. */
const HALF_POWERS = halfPowers(300);
const exp2 = (halves: number): number => HALF_POWERS[halves + 300];

/** Far above what an encoder asks for; above it damaged data would drown everything. */
const MAX_ENERGY = 1e20;
/** NOISE_FLOOR_OFFSET, as a power of two. */
const NOISE_OFFSET = 6;
/** The balance in the middle: 12, in half steps. */
const MIDDLE = 24;

/** Dequantises a channel of its own (ISO/IEC 14496-3 §4.6.18.3.5). */
export function dequantise({ grid, levels, noise, isCoarse }: ChannelData, bands: FrequencyBands, out: Energies): void {
  const steps = isCoarse ? 2 : 1;
  for (let envelope = 0; envelope < grid.envelopes; envelope++) {
    const row = envelope * ENVELOPE_STRIDE;
    const end = row + bands.envelope[grid.resolutions[envelope]].length - 1;
    for (let i = row; i < end; i++) out.envelope[i] = limited(exp2(steps * levels[i + ENVELOPE_STRIDE] + 12));
  }
  for (let i = 0; i < grid.noises * NOISE_STRIDE; i++) out.noise[i] = exp2(2 * (NOISE_OFFSET - noise[i + NOISE_STRIDE]));
}

/** Dequantises a coupled pair: the first channel has the levels of both, the second how they divide it. */
export function dequantiseCoupled(
  levels: ChannelData,
  balances: ChannelData,
  bands: FrequencyBands,
  left: Energies,
  right: Energies,
): void {
  const { grid, isCoarse } = levels;
  const steps = isCoarse ? 2 : 1;
  for (let envelope = 0; envelope < grid.envelopes; envelope++) {
    const row = envelope * ENVELOPE_STRIDE;
    const end = row + bands.envelope[grid.resolutions[envelope]].length - 1;
    for (let i = row, from = row + ENVELOPE_STRIDE; i < end; i++, from++) {
      const sum = exp2(steps * levels.levels[from] + 14);
      const ratio = exp2(MIDDLE - steps * balances.levels[from]);
      left.envelope[i] = limited(sum / (1 + ratio));
      right.envelope[i] = left.envelope[i] * ratio;
    }
  }
  for (let i = 0, from = NOISE_STRIDE; i < grid.noises * NOISE_STRIDE; i++, from++) {
    const sum = exp2(2 * (NOISE_OFFSET - levels.noise[from] + 1));
    const ratio = exp2(MIDDLE - 2 * balances.noise[from]);
    left.noise[i] = sum / (1 + ratio);
    right.noise[i] = left.noise[i] * ratio;
  }
}

const limited = (energy: number): number => (energy > MAX_ENERGY ? 1 : energy);

function halfPowers(most: number): Float64Array {
  const powers = new Float64Array(2 * most + 1);
  powers[most] = 1;
  powers[most + 1] = Math.SQRT2;
  powers[most - 1] = Math.SQRT1_2;
  for (let i = 2; i <= most; i++) {
    powers[most + i] = 2 * powers[most + i - 2];
    powers[most - i] = powers[most - i + 2] / 2;
  }
  return powers;
}
