import type { BitReader } from '../../../demux/bit-reader.ts';
import { brokenPacket } from '../broken-packet.ts';
import {
  COARSE_BALANCES,
  COARSE_LEVELS,
  type DifferenceCodes,
  FINE_BALANCES,
  FINE_LEVELS,
  NOISE_BALANCES,
  NOISE_LEVELS,
} from './code-books.ts';
import type { FrequencyBands } from './frequency-bands.ts';
import { MAX_ENVELOPES, TimeGrid } from './time-grid.ts';

/** From the levels of an envelope to those of the next. */
export const ENVELOPE_STRIDE = 64;
/** From the levels of a noise floor to those of the next. */
export const NOISE_STRIDE = 5;

const MAX_LEVEL = 127;
const MAX_NOISE = 30;

/** What the frames of a stream say of one channel, still quantised. */
export class ChannelData {
  readonly grid = new TimeGrid();
  /** Levels are in steps of 3 dB instead of 1.5 dB. */
  isCoarse = false;
  /** Row by row for each envelope the level, or balance, of its bands; row 0 is the last of the frame before. */
  readonly levels = new Int16Array((MAX_ENVELOPES + 1) * ENVELOPE_STRIDE);
  /** As `levels`, of the noise floors. */
  readonly noise = new Int16Array(3 * NOISE_STRIDE);
  /** bs_invf_mode of each noise band: how much of the tonality of the source is to be whitened. */
  readonly filterModes = new Uint8Array(NOISE_STRIDE);
  readonly earlierFilterModes = new Uint8Array(NOISE_STRIDE);
  /** bs_add_harmonic: 1 for each band of high resolution that holds a sinusoid. */
  readonly sinusoids = new Uint8Array(ENVELOPE_STRIDE);
  readonly #levelsOverTime = new Uint8Array(MAX_ENVELOPES);
  readonly #noiseOverTime = new Uint8Array(2);

  /** Reads sbr_grid(). */
  readGrid(bits: BitReader, isCoarse: boolean): void {
    this.grid.read(bits);
    this.isCoarse = isCoarse && !this.grid.isSingle;
  }

  /** Shares the grid of the first channel of a coupled pair. */
  copyGrid(other: ChannelData): void {
    this.grid.copyFrom(other.grid);
    this.isCoarse = other.isCoarse;
  }

  /** Reads sbr_dtdf(): a bit per envelope and noise floor, 1 for differences in time. */
  readDirections(bits: BitReader): void {
    for (let i = 0; i < this.grid.envelopes; i++) this.#levelsOverTime[i] = bits.bits(1);
    for (let i = 0; i < this.grid.noises; i++) this.#noiseOverTime[i] = bits.bits(1);
  }

  /** Reads sbr_invf(), two bits per noise band; a coupled channel shares those of the `other`. */
  readFilterModes(bits: BitReader, bands: FrequencyBands, other?: ChannelData): void {
    this.earlierFilterModes.set(this.filterModes);
    if (other) this.filterModes.set(other.filterModes);
    else for (let i = 0; i < bands.noise.length - 1; i++) this.filterModes[i] = bits.bits(2);
  }

  /** Reads sbr_envelope() (table 4.72); balances have only every other value. */
  readLevels(bits: BitReader, bands: FrequencyBands, isBalance: boolean): void {
    const { grid, levels, isCoarse } = this;
    const codes = isBalance ? (isCoarse ? COARSE_BALANCES : FINE_BALANCES) : isCoarse ? COARSE_LEVELS : FINE_LEVELS;
    const startBits = 7 - (isBalance ? 1 : 0) - (isCoarse ? 1 : 0);
    const step = isBalance ? 2 : 1;
    for (let envelope = 0; envelope < grid.envelopes; envelope++) {
      const resolution = grid.resolutions[envelope];
      const before = envelope > 0 ? grid.resolutions[envelope - 1] : grid.earlierResolution;
      const row = (envelope + 1) * ENVELOPE_STRIDE;
      const count = bands.envelope[resolution].length - 1;
      const isOdd = (bands.envelope[1].length - 1) & 1;
      if (!this.#levelsOverTime[envelope]) readUpwards(bits, codes, startBits, step, levels, row, count, MAX_LEVEL);
      else {
        for (let band = 0; band < count; band++) {
          const same = resolution === before ? band : resolution === 1 ? (band + isOdd) >> 1 : Math.max(0, 2 * band - isOdd);
          levels[row + band] = checked(levels[row - ENVELOPE_STRIDE + same] + step * codes.time.read(bits), MAX_LEVEL);
        }
      }
    }
    const last = grid.envelopes * ENVELOPE_STRIDE;
    levels.copyWithin(0, last, last + ENVELOPE_STRIDE);
  }

  /** Reads sbr_noise() (table 4.73). */
  readNoise(bits: BitReader, bands: FrequencyBands, isBalance: boolean): void {
    const { grid, noise } = this;
    const codes = isBalance ? NOISE_BALANCES : NOISE_LEVELS;
    const step = isBalance ? 2 : 1;
    const count = bands.noise.length - 1;
    for (let floor = 0; floor < grid.noises; floor++) {
      const row = (floor + 1) * NOISE_STRIDE;
      if (!this.#noiseOverTime[floor]) readUpwards(bits, codes, 5, step, noise, row, count, MAX_NOISE);
      else
        for (let band = row; band < row + count; band++)
          noise[band] = checked(noise[band - NOISE_STRIDE] + step * codes.time.read(bits), MAX_NOISE);
    }
    const last = grid.noises * NOISE_STRIDE;
    noise.copyWithin(0, last, last + NOISE_STRIDE);
  }

  /** Reads bs_add_harmonic_flag and, if set, sbr_sinusoidal_coding(). */
  readSinusoids(bits: BitReader, bands: FrequencyBands): void {
    this.sinusoids.fill(0);
    if (!bits.flag()) return;
    for (let band = 0; band < bands.envelope[1].length - 1; band++) this.sinusoids[band] = bits.bits(1);
  }

  reset(): void {
    this.grid.reset();
    this.levels.fill(0);
    this.noise.fill(0);
    this.filterModes.fill(0);
  }
}

/** A start value and the differences of each band from the one below. */
function readUpwards(
  bits: BitReader,
  codes: DifferenceCodes,
  startBits: number,
  step: number,
  values: Int16Array,
  row: number,
  count: number,
  most: number,
): void {
  values[row] = checked(step * bits.bits(startBits), most);
  for (let i = row + 1; i < row + count; i++) values[i] = checked(values[i - 1] + step * codes.frequency.read(bits), most);
}

function checked(value: number, most: number): number {
  if (value < 0 || value > most) throw brokenPacket('SBR level');
  return value;
}
