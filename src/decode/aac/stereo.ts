import type { BitReader } from '../../demux/bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';
import type { Channel } from './channel.ts';
import type { IcsInfo } from './ics-info.ts';
import { INTENSITY_BOOK, INTENSITY_OUT_OF_PHASE_BOOK, NOISE_BOOK } from './sections.ts';

const BAND_MASK = 1;
const ALL_BANDS = 2;

/** Which bands of a channel pair with common windows are coded together (ms_mask_present, ms_used). */
export class StereoMask {
  readonly #used = new Uint8Array(128);

  /** Reads ms_mask_present:2 and, if it is 1, a bit per band and group (ISO/IEC 14496-3 §4.4.2.1, Table 4.5). */
  read(bits: BitReader, info: IcsInfo): void {
    const present = bits.bits(2);
    if (present > ALL_BANDS) throw brokenPacket('ms_mask_present');
    const count = info.groups * info.maxBand;
    if (present === BAND_MASK) for (let i = 0; i < count; i++) this.#used[i] = bits.bits(1);
    else this.#used.fill(present === ALL_BANDS ? 1 : 0, 0, count);
  }

  /** True if the mask is set for the band with that index in the channels' `books`. */
  isUsed(index: number): boolean {
    return this.#used[index] === 1;
  }
}

/**
 * Makes left and right, in place, from what a pair with common windows was coded as: M/S (§4.6.8.1), intensity (§4.6.8.2), or noise that
 * is the same in both channels but for its energy (§4.6.13.3).
 */
export function applyStereo(left: Channel, right: Channel, mask: StereoMask): void {
  const { groups, maxBand, windowsInGroup, window: format } = right.info;
  let first = 0;
  let index = 0;
  for (let group = 0; group < groups; group++) {
    const end = first + windowsInGroup[group] * format.lines;
    for (let band = 0; band < maxBand; band++, index++) {
      const ratio = ratioToLeft(left, right, mask, index);
      const isMidSide = ratio === undefined && mask.isUsed(index) && left.books[index] < NOISE_BOOK && right.books[index] < NOISE_BOOK;
      if (!isMidSide && ratio === undefined) continue;
      for (let window = first; window < end; window += format.lines) {
        const from = window + format.bands[band];
        const to = window + format.bands[band + 1];
        if (ratio === undefined) midSideToLeftRight(left.spectrum, right.spectrum, from, to);
        else for (let i = from; i < to; i++) right.spectrum[i] = left.spectrum[i] * ratio;
      }
    }
    first = end;
  }
}

/** What the left band is multiplied with to give the right one; undefined where the right one has lines of its own. */
function ratioToLeft(left: Channel, right: Channel, mask: StereoMask, index: number): number | undefined {
  const book = right.books[index];
  if (book === INTENSITY_BOOK || book === INTENSITY_OUT_OF_PHASE_BOOK) {
    // The mask turns the phase. By the letter only one that is written out does; Fraunhofer's decoders and ffmpeg take any.
    const isInPhase = (book === INTENSITY_BOOK) !== mask.isUsed(index);
    return isInPhase ? right.gains[index] : -right.gains[index];
  }
  const isCommonNoise = book === NOISE_BOOK && left.books[index] === NOISE_BOOK && mask.isUsed(index);
  return isCommonNoise ? right.gains[index] / left.gains[index] : undefined;
}

function midSideToLeftRight(left: Float64Array, right: Float64Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    const mid = left[i];
    const side = right[i];
    left[i] = mid + side;
    right[i] = mid - side;
  }
}
