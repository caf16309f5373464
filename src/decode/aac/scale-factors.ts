import type { BitReader } from '../../demux/bit-reader.ts';
import { pow2 } from '../trig.ts';
import { brokenPacket } from './broken-packet.ts';
import { readScaleFactorDifference } from './huffman.ts';
import type { IcsInfo } from './ics-info.ts';
import { INTENSITY_OUT_OF_PHASE_BOOK, NOISE_BOOK, ZERO_BOOK } from './sections.ts';

/** A scale factor of 100 leaves the quantised values as they are (ISO/IEC 14496-3 §4.6.2.3.3). */
const SCALE_FACTOR_OFFSET = 100;
const MAX_SCALE_FACTOR = 255;
/** NOISE_OFFSET, and what the 9-bit start of the noise energies is counted from (§4.6.13.3). */
const NOISE_OFFSET = 90;
const NOISE_PCM_OFFSET = 256;

/** 2^(x/4) for x from −200 to 200, far beyond what can be heard in either direction. */
const LIMIT = 200;
const QUARTER_POWERS = Float64Array.from({ length: 2 * LIMIT + 1 }, (_, i) => pow2((i - LIMIT) / 4));

const gainOf = (quarters: number): number => QUARTER_POWERS[Math.min(Math.max(quarters, -LIMIT), LIMIT) + LIMIT];

/**
 * Reads scale_factor_data() (§4.4.2.8) into `gains`, one per band and group as in `books`: the factor of the dequantised lines; for noise
 * bands the amplitude that the band shall have; for intensity bands the factor from the left channel. All three are coded as
 * differences, each to the last of its own kind.
 */
export function readScaleFactors(bits: BitReader, info: IcsInfo, books: Uint8Array, gains: Float64Array, globalGain: number): void {
  let scaleFactor = globalGain;
  let noiseEnergy = globalGain - NOISE_OFFSET;
  let intensity = 0;
  let isFirstNoise = true;
  for (let i = 0; i < info.groups * info.maxBand; i++) {
    const book = books[i];
    if (book === ZERO_BOOK) {
      gains[i] = 0;
    } else if (book >= INTENSITY_OUT_OF_PHASE_BOOK) {
      intensity += readScaleFactorDifference(bits);
      gains[i] = gainOf(-intensity);
    } else if (book === NOISE_BOOK) {
      noiseEnergy += isFirstNoise ? bits.bits(9) - NOISE_PCM_OFFSET : readScaleFactorDifference(bits);
      isFirstNoise = false;
      gains[i] = gainOf(noiseEnergy);
    } else {
      scaleFactor += readScaleFactorDifference(bits);
      if (scaleFactor < 0 || scaleFactor > MAX_SCALE_FACTOR) throw brokenPacket('scale factor out of range');
      gains[i] = gainOf(scaleFactor - SCALE_FACTOR_OFFSET);
    }
  }
}
