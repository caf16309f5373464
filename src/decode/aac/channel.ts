import type { BitReader } from '../../demux/bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';
import type { FilterBank } from './filter-bank.ts';
import type { FrameFormat } from './frame-format.ts';
import { IcsInfo, readIcsInfo } from './ics-info.ts';
import type { NoiseGenerator } from './noise.ts';
import { Pulses } from './pulse.ts';
import { readScaleFactors } from './scale-factors.ts';
import { readSections } from './sections.ts';
import { readSpectrum } from './spectrum.ts';
import { TnsFilters } from './tns.ts';

/** Most bands of a channel: 8 groups of 15, or a long window with 51. */
const MAX_BANDS = 128;

/** One channel: what the current packet says of it, and what it keeps from the one before. */
export class Channel {
  readonly info: IcsInfo;
  /** Code book of each band, group after group. */
  readonly books = new Uint8Array(MAX_BANDS);
  /** Factor of each band, as `books`. */
  readonly gains = new Float64Array(MAX_BANDS);
  readonly spectrum: Float64Array;
  readonly #format: FrameFormat;
  readonly #pulses = new Pulses();
  readonly #tns = new TnsFilters();
  readonly #overlap: Float64Array;

  constructor(format: FrameFormat) {
    this.#format = format;
    this.info = new IcsInfo(format);
    this.spectrum = new Float64Array(format.long.lines);
    this.#overlap = new Float64Array(format.long.lines / 2);
  }

  /**
   * Reads individual_channel_stream() (ISO/IEC 14496-3 §4.4.2.7, Table 4.50), up to the dequantised lines:
   *
   *     global_gain:8 | ics_info unless common | sections | scale factors | pulses | TNS | gain_control_data_present:1 | spectrum
   */
  read(bits: BitReader, hasCommonWindow: boolean, noise: NoiseGenerator): void {
    const { info, books, gains } = this;
    const globalGain = bits.bits(8);
    if (!hasCommonWindow) readIcsInfo(bits, info, this.#format);
    readSections(bits, info, books);
    readScaleFactors(bits, info, books, gains, globalGain);
    this.#pulses.read(bits, info);
    this.#tns.read(bits, info);
    if (bits.flag()) throw brokenPacket('gain control, which AAC-LC has not');
    readSpectrum(bits, info, books, gains, noise, this.spectrum);
    this.#pulses.apply(info, gains, this.spectrum);
  }

  /** Gives the samples of the packet, once stereo is undone. */
  synthesise(filterBank: FilterBank, plane: Float32Array): void {
    this.#tns.apply(this.info, this.spectrum);
    filterBank.run(this.spectrum, this.info, this.#overlap, plane);
  }

  /** Forgets the packet before. */
  reset(): void {
    this.info.shape = 0;
    this.#overlap.fill(0);
  }
}
