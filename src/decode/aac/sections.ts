import type { BitReader } from '../../demux/bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';
import type { IcsInfo } from './ics-info.ts';

/** Code books that are none (ISO/IEC 14496-3 §4.6.3.1). */
export const ZERO_BOOK = 0;
export const NOISE_BOOK = 13;
export const INTENSITY_OUT_OF_PHASE_BOOK = 14;
export const INTENSITY_BOOK = 15;

const RESERVED_BOOK = 12;

/**
 * Reads section_data() (§4.4.2.7): runs of bands that share a code book, into `books`, which holds `info.maxBand` entries per group.
 * Lengths are 3 bits (short windows) or 5; all ones mean that another length follows and is added.
 */
export function readSections(bits: BitReader, info: IcsInfo, books: Uint8Array): void {
  const lengthBits = info.isShort ? 3 : 5;
  const more = (1 << lengthBits) - 1;
  for (let group = 0; group < info.groups; group++) {
    const first = group * info.maxBand;
    for (let band = 0; band < info.maxBand; ) {
      const book = bits.bits(4);
      if (book === RESERVED_BOOK) throw brokenPacket('reserved code book');
      let end = band;
      let part: number;
      do end += part = bits.bits(lengthBits);
      while (part === more);
      if (end > info.maxBand) throw brokenPacket('section beyond max_sfb');
      books.fill(book, first + band, first + end);
      band = end;
    }
  }
}
