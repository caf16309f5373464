/**
 * The two resolutions of parametric stereo (ISO/IEC 14496-3 §8.6.4.3): streams have parameters for 10, 20 or 34 bands, and those of 10 are
 * spread over 20. Below, the QMF bands are split further; *sub-bands* are what that gives, in the order of the standard.
 */
export interface StereoBands {
  readonly parameters: 20 | 34;
  /** Sub-bands in all; the last ones are QMF bands from `split` on, unsplit. */
  readonly subbands: number;
  /** QMF bands that are split. */
  readonly split: number;
  /** Parameter band of each sub-band (tables 8.48 and 8.49). */
  readonly parameterOf: Uint8Array;
  /** Parameter bands that have phases. */
  readonly phases: number;
  /** Sub-bands of negative frequency, in which phases turn the other way: from the first to before the last. */
  readonly negative: readonly [start: number, end: number];
  /** Sub-bands that are decorrelated by all-pass filters; from the second number on by a delay of one slot, between by one of 14. */
  readonly allPass: number;
  readonly shortDelay: number;
  /** Sub-band from which on the all-pass filters fade. */
  readonly decayStart: number;
  /** Centre frequencies of the sub-bands with all-pass filters, in QMF bands. */
  readonly centres: readonly number[];
}

/** A digit of base 36 for each sub-band. */
const mapOf = (digits: string): Uint8Array => Uint8Array.from(digits, (digit) => Number.parseInt(digit, 36));

const CENTRES_20 = [-3, -1, 1, 3, 5, 7, 10, 14, 18, 22].map((eighths) => eighths / 8);
const CENTRES_34 = [
  2, 6, 10, 14, 18, 22, 26, 30, 34, -10, -6, -2, 51, 57, 15, 21, 27, 33, 39, 45, 54, 66, 78, 42, 102, 66, 78, 90, 102, 114, 126, 90,
].map((parts) => parts / 24);

/** The resolution of 20 parameter bands: 3 QMF bands split into 10. */
export const BANDS_20: StereoBands = {
  parameters: 20,
  subbands: 71,
  split: 3,
  parameterOf: mapOf('100123456789abcdeefffgggghhhhhiiiiiiiiiiiijjjjjjjjjjjjjjjjjjjjjjjjjjjjj'),
  phases: 11,
  negative: [0, 2],
  allPass: 30,
  shortDelay: 42,
  decayStart: 10,
  centres: [...CENTRES_20, ...Array.from({ length: 20 }, (_, i) => i + 3.5)],
};

/** The resolution of 34 parameter bands: 5 QMF bands split into 32. */
export const BANDS_34: StereoBands = {
  parameters: 34,
  subbands: 91,
  split: 5,
  parameterOf: mapOf('012345667210aa456789abc9ebcdefgdghijklmmnnooppqqrrrssstttuuuvvvvwwwwxxxxxxxxxxxxxxxxxxxxxxx'),
  phases: 17,
  negative: [9, 14],
  allPass: 50,
  shortDelay: 62,
  decayStart: 32,
  centres: [...CENTRES_34, ...Array.from({ length: 18 }, (_, i) => i + 5.5)],
};
