import { crc8 } from './flac-crc.ts';

/** No frame header is longer: 4 fixed bytes, 7 of coded number, 2 of block size, 2 of sample rate, CRC-8. */
export const MAX_FRAME_HEADER_BYTES = 16;

/** How the two subframes of a stereo frame become left and right (RFC 9639 §4.2). */
export type Stereo = 'independent' | 'left-side' | 'side-right' | 'mid-side';

const STEREO: readonly Stereo[] = ['left-side', 'side-right', 'mid-side'];

/** By sample rate bits (§9.1.2); 0 = as STREAMINFO says. 12 to 14 are spelled out in the header, 15 is forbidden. */
const SAMPLE_RATES = [0, 88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];

/** By bit depth bits (§9.1.4); 0 = as STREAMINFO says, 3 is reserved. */
const BIT_DEPTHS = [0, 8, 12, -1, 16, 20, 24, 32];

/**
 * A frame header (RFC 9639 §9.1), reused from frame to frame so that reading one allocates nothing.
 *
 *     11111111 1111100V BBBBRRRR CCCCDDD0 │ coded number 8–56 │ block size 0/8/16 │ rate 0/8/16 │ CRC-8
 *                     │ │   │    │   └ bit depth
 *                     │ │   │    └ channels
 *                     │ │   └ sample rate
 *                     │ └ block size
 *                     └ 1: variable block size
 */
export class FlacFrameHeader {
  /** Bytes of the header, CRC-8 included. */
  length = 0;
  /** True if `number` counts frames (samples per channel), false if it counts FLAC frames of the stream's one block size. */
  variable = false;
  number = 0;
  /** Samples per channel, 1 to 65,536. */
  blockSize = 0;
  /** Hz; 0 = as STREAMINFO says. */
  sampleRate = 0;
  channels = 0;
  stereo: Stereo = 'independent';
  /** Bits of a sample; 0 = as STREAMINFO says. */
  bits = 0;

  /** Reads the header at `bytes[at]`; false, with fields undefined, if there is no whole valid one. */
  parse(bytes: Uint8Array, at: number): boolean {
    if (at + 6 > bytes.length || bytes[at] !== 0xff || (bytes[at + 1] & 0xfe) !== 0xf8) return false;
    this.variable = (bytes[at + 1] & 1) === 1;
    const blockCode = bytes[at + 2] >> 4;
    const rateCode = bytes[at + 2] & 15;
    this.bits = BIT_DEPTHS[(bytes[at + 3] >> 1) & 7];
    if (blockCode === 0 || rateCode === 15 || this.bits < 0 || bytes[at + 3] & 1) return false;
    if (!this.#setChannels(bytes[at + 3] >> 4)) return false;
    let end = this.#readNumber(bytes, at + 4);
    if (end === 0) return false;
    end = this.#readBlockSize(blockCode, bytes, end);
    end = this.#readSampleRate(rateCode, bytes, end);
    if (end >= bytes.length || crc8(bytes, at, end) !== bytes[end]) return false;
    this.length = end + 1 - at;
    return true;
  }

  /** First frame (sample per channel) of the block, given the block size of a stream whose block size is fixed. */
  firstFrame(fixedBlockSize: number): number {
    return this.variable ? this.number : this.number * fixedBlockSize;
  }

  /** §9.1.3 */
  #setChannels(code: number): boolean {
    if (code > 10) return false;
    this.stereo = code < 8 ? 'independent' : STEREO[code - 8];
    this.channels = code < 8 ? code + 1 : 2;
    return true;
  }

  /** §9.1.5: as UTF-8, extended to 36 bits. Gives the offset behind it; 0 if it is malformed. */
  #readNumber(bytes: Uint8Array, at: number): number {
    const lead = bytes[at];
    const ones = Math.clz32(~(lead << 24));
    if (ones === 1 || ones === 8) return 0;
    this.number = ones === 0 ? lead : lead & (0x7f >> ones);
    const end = at + Math.max(1, ones);
    for (let i = at + 1; i < end; i++) {
      if ((bytes[i] & 0xc0) !== 0x80) return 0;
      this.number = this.number * 64 + (bytes[i] & 0x3f);
    }
    return end;
  }

  /** §9.1.1 and §9.1.6 */
  #readBlockSize(code: number, bytes: Uint8Array, at: number): number {
    if (code === 6) {
      this.blockSize = bytes[at] + 1;
      return at + 1;
    }
    if (code === 7) {
      this.blockSize = ((bytes[at] << 8) | bytes[at + 1]) + 1;
      return at + 2;
    }
    this.blockSize = code === 1 ? 192 : code < 6 ? 144 << code : 1 << code;
    return at;
  }

  /** §9.1.2 and §9.1.7 */
  #readSampleRate(code: number, bytes: Uint8Array, at: number): number {
    if (code < 12) {
      this.sampleRate = SAMPLE_RATES[code];
      return at;
    }
    if (code === 12) {
      this.sampleRate = bytes[at] * 1_000;
      return at + 1;
    }
    this.sampleRate = ((bytes[at] << 8) | bytes[at + 1]) * (code === 13 ? 1 : 10);
    return at + 2;
  }
}
