import { type MpegAudioHeader, sideInfoBytes } from '../../demux/mpeg-audio-header.ts';
import { AulosError } from '../../errors.ts';
import { type BandTables, bandTablesOf } from './bands.ts';
import { BitReader } from './bit-reader.ts';

/** Block type of three short windows (ISO/IEC 11172-3 §2.4.2.7); 0 is normal, 1 start, 3 stop. */
export const SHORT_BLOCK = 2;

/** Bytes of the longest side information, of MPEG-1 stereo. */
const MAX_BYTES = 32;

/** How one channel of one granule is coded (ISO/IEC 11172-3 §2.4.1.7; the names are those of §2.4.2.7). */
export class Granule {
  /** Bits of scale factors and Huffman codes together (part2_3_length). */
  bits = 0;
  /** Lines coded in pairs, from the lowest on (twice big_values). */
  pairedLines = 0;
  globalGain = 0;
  /** scalefac_compress: how many bits each group of scale factors has. */
  scaleFactorLengths = 0;
  blockType = 0;
  /** True if the lowest subbands have a long window though the block is short. */
  isMixed = false;
  /** Huffman book of each of the three regions of paired lines. */
  readonly books = new Uint8Array(3);
  /** Line at which each region ends. */
  readonly regionEnds = new Uint16Array(3);
  readonly subblockGain = new Uint8Array(3);
  hasPreEmphasis = false;
  /** Quarters of an octave by which one step of a scale factor lowers a band: 2 or 4. */
  scaleFactorStep = 2;
  /** Book of the lines coded in fours. */
  quadBook = 0;

  /** True if this is a short block (mixed or not). */
  get isShort(): boolean {
    return this.blockType === SHORT_BLOCK;
  }
}

/** The side information of a frame: what comes between header and main data. Parsed in place, so that decoding allocates nothing. */
export class SideInfo {
  /** Bytes by which the main data begins before the end of this side information, in earlier frames. */
  mainDataBegin = 0;
  /** Four bits per channel: which groups of scale factors the second granule takes over from the first. */
  readonly shared = new Uint8Array(2);
  /** By granule × 2 + channel. */
  readonly granules: readonly Granule[] = [new Granule(), new Granule(), new Granule(), new Granule()];
  readonly #reader = new BitReader(new Uint8Array(MAX_BYTES + 3));

  /** Parses the side information at `offset` of `data`; at least {@link sideInfoBytes} are there. @throws AulosError `decode.failed`. */
  parse(data: Uint8Array, offset: number, header: MpegAudioHeader): void {
    const { channels } = header;
    const isMpeg1 = header.version === 1;
    const reader = this.#reader;
    for (let i = 0; i < sideInfoBytes(header); i++) reader.bytes[i] = data[offset + i];
    reader.position = 0;
    this.mainDataBegin = reader.read(isMpeg1 ? 9 : 8);
    const privateBits = isMpeg1 ? (channels === 1 ? 5 : 3) : channels;
    reader.read(privateBits);
    if (isMpeg1) for (let channel = 0; channel < channels; channel++) this.shared[channel] = reader.read(4);
    const bands = bandTablesOf(header.sampleRate);
    for (let granule = 0; granule < (isMpeg1 ? 2 : 1); granule++)
      for (let channel = 0; channel < channels; channel++) parseGranule(this.granules[granule * 2 + channel], reader, isMpeg1, bands);
  }
}

/** scalefac_compress from which the lower rates imply pre-emphasis (ISO/IEC 13818-3 §2.4.3.2). */
const LSF_PRE_EMPHASIS = 500;

function parseGranule(granule: Granule, reader: BitReader, isMpeg1: boolean, { long, short }: BandTables): void {
  granule.bits = reader.read(12);
  granule.pairedLines = reader.read(9) * 2;
  if (granule.pairedLines > 576) throw new AulosError('decode.failed', { what: 'big_values' }, 'a granule claims more than 576 lines');
  granule.globalGain = reader.read(8);
  granule.scaleFactorLengths = reader.read(isMpeg1 ? 4 : 9);
  const isWindowSwitched = reader.read(1) === 1;
  if (isWindowSwitched) {
    granule.blockType = reader.read(2);
    if (granule.blockType === 0) throw new AulosError('decode.failed', { what: 'block type' }, 'a granule has the reserved block type');
    granule.isMixed = reader.read(1) === 1;
    for (let region = 0; region < 2; region++) granule.books[region] = reader.read(5);
    for (let window = 0; window < 3; window++) granule.subblockGain[window] = reader.read(3);
    granule.regionEnds[0] = granule.isShort ? short.ends[8] : long.ends[7];
    granule.regionEnds[1] = 576;
  } else {
    granule.blockType = 0;
    granule.isMixed = false;
    for (let region = 0; region < 3; region++) granule.books[region] = reader.read(5);
    granule.subblockGain.fill(0);
    const first = reader.read(4);
    granule.regionEnds[0] = long.ends[first];
    granule.regionEnds[1] = long.ends[Math.min(first + 1 + reader.read(3), long.ends.length - 1)];
  }
  granule.regionEnds[2] = 576;
  granule.hasPreEmphasis = isMpeg1 ? reader.read(1) === 1 : granule.scaleFactorLengths >= LSF_PRE_EMPHASIS;
  granule.scaleFactorStep = reader.read(1) ? 4 : 2;
  granule.quadBook = reader.read(1);
}
