import type { MpegAudioHeader } from '../../demux/mpeg-audio-header.ts';

/** What the bit allocation of one subband may say. */
export interface Allocation {
  /** Width of its code. */
  readonly bits: number;
  /** Levels that samples are quantised to, by code; 0: none are sent. */
  readonly levels: readonly number[];
}

/**
 * The allocations of the subbands that a layer II frame has. Table B.2 a to d of ISO/IEC 11172-3 by sampling rate and bit rate per channel
 * (free format counts as a high one), table B.1 of 13818-3 at the lower sampling rates.
 */
export function allocationsOf({ version, sampleRate, bitRate, channels }: MpegAudioHeader): readonly Allocation[] {
  if (version !== 1) return LOW_SAMPLE_RATES;
  const perChannel = (bitRate || Infinity) / channels;
  if (perChannel < 56_000) return sampleRate === 32_000 ? TABLE_D : TABLE_C;
  return sampleRate === 48_000 || perChannel < 96_000 ? TABLE_A : TABLE_B;
}

/** 2^n − 1 for n from `first` to `last`. */
const powers = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => 2 ** (first + i) - 1);

/** `count` subbands whose code has `bits`; of the levels, as many as it can choose from. */
const subbands = (count: number, bits: number, levels: readonly number[]): Allocation[] =>
  Array<Allocation>(count).fill({ bits, levels: levels.slice(0, 2 ** bits) });

const LOWEST = [0, 3, ...powers(3, 16)];
const LOW = [0, 3, 5, 7, 9, ...powers(4, 13), 65_535];
const MIDDLE = [0, 3, 5, 7, 9, 15, 31, 65_535];
const HIGH = [0, 3, 5, 65_535];
const AT_LOW_BIT_RATES = [0, 3, 5, 9, ...powers(4, 15)];
const LOW_AT_LOW_SAMPLE_RATES = [0, 3, 5, 7, 9, ...powers(4, 14)];

const TABLE_B = [...subbands(3, 4, LOWEST), ...subbands(8, 4, LOW), ...subbands(12, 3, MIDDLE), ...subbands(7, 2, HIGH)];
const TABLE_A = TABLE_B.slice(0, 27);
const TABLE_D = [...subbands(2, 4, AT_LOW_BIT_RATES), ...subbands(10, 3, AT_LOW_BIT_RATES)];
const TABLE_C = TABLE_D.slice(0, 8);
const LOW_SAMPLE_RATES = [
  ...subbands(4, 4, LOW_AT_LOW_SAMPLE_RATES),
  ...subbands(7, 3, AT_LOW_BIT_RATES),
  ...subbands(19, 2, AT_LOW_BIT_RATES),
];
