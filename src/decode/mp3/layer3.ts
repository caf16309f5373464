import { type MpegAudioHeader, sideInfoBytes } from '../../demux/mpeg-audio-header.ts';
import { AulosError } from '../../errors.ts';
import type { Steps } from '../steps.ts';
import { type Bands, type BandTables, bandTablesOf } from './bands.ts';
import { BitReader } from './bit-reader.ts';
import { HuffmanDecoder } from './huffman.ts';
import { HybridFilterBank } from './hybrid.ts';
import { requantise } from './requantise.ts';
import { Reservoir } from './reservoir.ts';
import { ScaleFactors } from './scale-factors.ts';
import { type Granule, SideInfo } from './side-info.ts';
import { intensityStereo, LOW_RATE_PANORAMAS, MPEG1_PANORAMA, midSide } from './stereo.ts';
import { SynthesisFilterBank } from './synthesis.ts';

const LINES = 576;
const TIME_SLOTS = 18;

/** Bits of the mode extension in joint stereo (ISO/IEC 11172-3 §2.4.2.3). */
const INTENSITY = 1;
const MID_SIDE = 2;

/** What a channel carries from granule to granule, and its room to work in. */
class Channel {
  readonly scaleFactors = new ScaleFactors();
  readonly spectrum = new Float64Array(LINES);
  /** Lines of `spectrum` from the lowest on that may differ from zero. */
  count = 0;
  readonly hybrid = new HybridFilterBank();
  readonly synthesis = new SynthesisFilterBank();

  reset(): void {
    this.hybrid.reset();
    this.synthesis.reset();
  }
}

/** Decodes layer III frames (ISO/IEC 11172-3 §2.4.3.4): side information, main data, stereo, filter banks. */
export class Layer3 {
  readonly #sideInfo = new SideInfo();
  readonly #reservoir = new Reservoir();
  readonly #reader = new BitReader(this.#reservoir.bytes);
  readonly #huffman = new HuffmanDecoder(this.#reader);
  readonly #channels = [new Channel(), new Channel()];
  readonly #lines = new Int16Array(LINES);
  readonly #samples = new Float64Array(LINES);

  /**
   * Decodes one frame into `planes`; `offset` is where its side information begins. A frame whose main data began in frames that were not
   * received, as after a seek, gives silence into which the last block fades. @throws AulosError `decode.failed`.
   */
  *decode(header: MpegAudioHeader, data: Uint8Array, offset: number, planes: readonly Float32Array[]): Steps<void> {
    const isMpeg1 = header.version === 1;
    const mainData = offset + sideInfoBytes(header);
    if (data.length < mainData) throw new AulosError('decode.failed', { what: 'frame size' }, 'a frame ends inside its side information');
    this.#sideInfo.parse(data, offset, header);
    const start = this.#reservoir.append(data, mainData, this.#sideInfo.mainDataBegin);
    this.#reader.position = start * 8;
    for (let granule = 0; granule < (isMpeg1 ? 2 : 1); granule++) {
      if (start < 0) this.#silence(header.channels);
      else yield* this.#granule(header, granule);
      for (let channel = 0; channel < header.channels; channel++) {
        this.#filter(header, granule, channel, planes[channel]);
        yield;
      }
    }
  }

  /** Forgets earlier frames. */
  reset(): void {
    this.#reservoir.reset();
    for (const channel of this.#channels) channel.reset();
  }

  /** Reads the spectra of a granule's channels. */
  *#granule(header: MpegAudioHeader, index: number): Steps<void> {
    for (let channel = 0; channel < header.channels; channel++) {
      this.#spectrum(header, index, channel);
      yield;
    }
    if (!header.isJointStereo || header.channels === 1 || header.modeExtension === 0) return;
    const [left, right] = this.#channels;
    if (header.modeExtension & INTENSITY) this.#intensity(header, this.#sideInfo.granules[index * 2 + 1]);
    else midSide(left.spectrum, right.spectrum, 0, Math.max(left.count, right.count));
    left.count = right.count = Math.max(left.count, right.count);
  }

  #spectrum(header: MpegAudioHeader, index: number, channelIndex: number): void {
    const granule = this.#sideInfo.granules[index * 2 + channelIndex];
    const channel = this.#channels[channelIndex];
    const reader = this.#reader;
    // Damaged frames may claim more than there is; what is there is decoded.
    const end = Math.min(reader.position + granule.bits, this.#reservoir.length * 8);
    if (header.version === 1) channel.scaleFactors.readMpeg1(reader, granule, index === 0 ? 0 : this.#sideInfo.shared[channelIndex]);
    else channel.scaleFactors.readLowRate(reader, granule, isIntensityChannel(header, channelIndex));
    channel.count = this.#huffman.decode(granule, end, this.#lines);
    const bands = bandsOf(granule, bandTablesOf(header.sampleRate));
    requantise(this.#lines, channel.count, this.#huffman.largest, granule, bands, channel.scaleFactors.factors, channel.spectrum);
    reader.position = end;
  }

  #intensity(header: MpegAudioHeader, granule: Granule): void {
    const [left, right] = this.#channels;
    const isMpeg1 = header.version === 1;
    const panorama = isMpeg1 ? MPEG1_PANORAMA : LOW_RATE_PANORAMAS[granule.scaleFactorLengths & 1];
    const neutral = isMpeg1 ? 3 : 0;
    const bands = bandsOf(granule, bandTablesOf(header.sampleRate));
    const isMidSide = (header.modeExtension & MID_SIDE) !== 0;
    intensityStereo(left.spectrum, right.spectrum, bands, right.scaleFactors.positions, panorama, neutral, isMidSide);
  }

  #silence(channels: number): void {
    for (let channel = 0; channel < channels; channel++) {
      this.#channels[channel].spectrum.fill(0);
      this.#channels[channel].count = 0;
    }
  }

  #filter(header: MpegAudioHeader, index: number, channelIndex: number, plane: Float32Array): void {
    const granule = this.#sideInfo.granules[index * 2 + channelIndex];
    const { spectrum, count, hybrid, synthesis } = this.#channels[channelIndex];
    hybrid.transform(spectrum, count, granule, bandsOf(granule, bandTablesOf(header.sampleRate)), this.#samples);
    synthesis.synthesise(this.#samples, TIME_SLOTS, plane, index * LINES);
  }
}

const bandsOf = (granule: Granule, tables: BandTables): Bands =>
  granule.isShort ? (granule.isMixed ? tables.mixed : tables.short) : tables.long;

const isIntensityChannel = (header: MpegAudioHeader, channel: number): boolean =>
  channel === 1 && header.isJointStereo && (header.modeExtension & INTENSITY) !== 0;
