import type { BitReader } from '../../demux/bit-reader.ts';
import { quarterPowers } from '../trig.ts';
import { brokenPacket } from './broken-packet.ts';
import { differenceTable, longEntry, SHORT_SHIFT } from './huffman.ts';
import type { IcsInfo } from './ics-info.ts';
import { NOISE_BOOK, ZERO_BOOK } from './sections.ts';
import { SCALE_FACTOR_BOOK } from './tables.ts';

/** A scale factor of 100 leaves the quantised values as they are (ISO/IEC 14496-3 §4.6.2.3.3). */
const SCALE_FACTOR_OFFSET = 100;
const MAX_SCALE_FACTOR = 255;
/** NOISE_OFFSET, and what the 9-bit start of the noise energies is counted from (§4.6.13.3). */
const NOISE_OFFSET = 90;
const NOISE_PCM_OFFSET = 256;

/** 2^(x/4) for x from −200 to 200, far beyond what can be heard in either direction. */
const LIMIT = 200;
const QUARTER_POWERS = quarterPowers(-LIMIT, LIMIT);

/**
 * Reads scale_factor_data() (§4.4.2.8) into `gains`, one per band and group as in `books`: the factor of the dequantised lines; for noise
 * bands the amplitude that the band shall have; for intensity bands the factor from the left channel. All three are coded as
 * differences, each to the last of its own kind.
 */
export function readScaleFactors(bits: BitReader, info: IcsInfo, books: Uint8Array, gains: Float64Array, globalGain: number): void {
  bits.requireWithinEnd(); // 128 codewords of at most 19 bits are 304 bytes
  const { view } = bits;
  let { position } = bits;
  let scaleFactor = globalGain;
  let noiseEnergy = globalGain - NOISE_OFFSET;
  let intensity = 0;
  let isFirstNoise = true;
  const count = info.groups * info.maxBand;
  for (let i = 0; i < count; i++) {
    const book = books[i];
    if (book === ZERO_BOOK) {
      gains[i] = 0;
      continue;
    }
    const word = view.getUint32(position >> 3) << (position & 7);
    let difference: number;
    if (book === NOISE_BOOK && isFirstNoise) {
      isFirstNoise = false;
      difference = (word >>> 23) - NOISE_PCM_OFFSET;
      position += 9;
    } else {
      const entry = differenceTable.short[word >>> SHORT_SHIFT] || longEntry(differenceTable, word);
      difference = (entry >> 5) + SCALE_FACTOR_BOOK.lowest;
      position += entry & 31;
    }
    let quarters: number;
    if (book < NOISE_BOOK) {
      quarters = (scaleFactor += difference) - SCALE_FACTOR_OFFSET;
      if (scaleFactor < 0 || scaleFactor > MAX_SCALE_FACTOR) throw brokenPacket('scale factor out of range');
    } else if (book === NOISE_BOOK) {
      quarters = noiseEnergy += difference;
    } else {
      quarters = -(intensity += difference);
    }
    gains[i] = QUARTER_POWERS[Math.min(Math.max(quarters, -LIMIT), LIMIT) + LIMIT];
  }
  bits.position = position;
}
