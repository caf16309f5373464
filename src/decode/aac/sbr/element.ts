import type { BitReader } from '../../../demux/bit-reader.ts';
import { isAulosError } from '../../../errors.ts';
import type { Steps } from '../../steps.ts';
import type { ParametricStereo } from '../ps/stereo.ts';
import { SbrChannel } from './channel.ts';
import { dequantise, dequantiseCoupled } from './dequantisation.ts';
import { type FrequencyBands, frequencyBandsOf } from './frequency-bands.ts';
import { areOfOneSpectrum, readSbrHeader, type SbrHeader } from './header.ts';
import { limiterBorders } from './limiter-bands.ts';
import { QmfSynthesis } from './qmf-synthesis.ts';
import { LOW_BANDS } from './subbands.ts';

const CRC_BITS = 10;
/** bs_extension_id (§4.5.2.8.2.3). */
const PARAMETRIC_STEREO = 2;

/** What the last header set up. */
interface Setup {
  readonly header: SbrHeader;
  readonly bands: FrequencyBands;
}

/** SBR of one channel element: reads its payloads, and turns frames of the core into frames of twice the rate. */
export class SbrElement {
  readonly #sampleRate: number;
  readonly #channels: readonly SbrChannel[];
  readonly #syntheses: readonly QmfSynthesis[];
  /** Undefined until a header comes, and again after damage: then the core is but upsampled. */
  #setup: Setup | undefined;
  #isNew = false;
  #isCoupled = false;
  #hasData = false;
  readonly #stereo: ParametricStereo | undefined;

  /** `sampleRate` is that of the output in Hz, were it not downsampled. A single channel with `stereo` becomes two. */
  constructor(channels: number, sampleRate: number, isDownsampled: boolean, stereo: ParametricStereo | undefined) {
    this.#sampleRate = sampleRate;
    this.#channels = Array.from({ length: channels }, () => new SbrChannel());
    this.#stereo = stereo;
    this.#syntheses = Array.from({ length: stereo ? 2 : channels }, () => new QmfSynthesis(isDownsampled));
  }

  /**
   * Reads sbr_extension_data() (ISO/IEC 14496-3 §4.4.2.8, table 4.62) from behind its extension_type up to bit `end`:
   *
   *     crc:10 if there is one | header_flag:1 | header | data | fill bits
   *
   * Damage does not throw: the frame is upsampled without replication, and so are others until the next header.
   */
  read(bits: BitReader, end: number, hasCrc: boolean): void {
    const outerEnd = bits.end;
    bits.end = end;
    try {
      if (hasCrc) bits.bits(CRC_BITS);
      if (bits.flag()) this.#setUp(readSbrHeader(bits));
      if (this.#setup) this.#readData(bits, this.#setup);
    } catch (error) {
      if (!isAulosError(error, 'decode.failed')) throw error;
      this.#giveUp();
    } finally {
      bits.end = outerEnd;
    }
  }

  /** Decodes a frame from the `core`, a plane per channel, to `planes`. */
  *run(core: readonly Float32Array[], planes: readonly Float32Array[]): Steps<void> {
    if (this.#setup && !this.#hasData) this.#giveUp();
    const replication = this.#setup && { ...this.#setup, isNew: this.#isNew };
    if (this.#setup) this.#dequantise(this.#setup.bands);
    for (let i = 0; i < this.#channels.length; i++) {
      yield* this.#channels[i].run(core[i], replication);
    }
    const { re, im } = this.#channels[0];
    const top = replication ? replication.bands.start + replication.bands.count : LOW_BANDS;
    if (this.#stereo) yield* this.#stereo.run(re, im, top);
    const outputs = this.#stereo ? [this.#channels[0], this.#stereo] : this.#channels;
    for (const [i, output] of outputs.entries()) {
      this.#syntheses[i].run(output.re, output.im, planes[i]);
      yield;
    }
    this.#hasData = false;
    this.#isNew = false;
  }

  /** Forgets what came before. */
  reset(): void {
    this.#giveUp();
    for (const channel of this.#channels) channel.reset();
    this.#stereo?.reset();
    for (const synthesis of this.#syntheses) synthesis.reset();
  }

  #setUp(header: SbrHeader): void {
    if (this.#setup && areOfOneSpectrum(header, this.#setup.header)) {
      const { bands } = this.#setup;
      const limiter = limiterBorders(header.limiterBands, bands.envelope[0], bands.patches);
      this.#setup = { header, bands: { ...bands, limiter } };
      return;
    }
    this.#setup = undefined;
    this.#setup = { header, bands: frequencyBandsOf(header, this.#sampleRate) };
    this.#isNew = true;
  }

  /**
   * Reads sbr_single_channel_element() or sbr_channel_pair_element() (tables 4.65 and 4.66):
   *
   *     extra:1 (+4 per channel) | pair: coupling:1
   *     grid | directions | filter modes | levels | noise | sinusoids
   */
  #readData(bits: BitReader, { header, bands }: Setup): void {
    const [first, second] = this.#channels.map(({ data }) => data);
    if (bits.flag()) bits.bits(4 * this.#channels.length);
    this.#isCoupled = second !== undefined && bits.flag();
    first.readGrid(bits, header.isCoarse);
    if (this.#isCoupled) second.copyGrid(first);
    else second?.readGrid(bits, header.isCoarse);
    first.readDirections(bits);
    second?.readDirections(bits);
    first.readFilterModes(bits, bands);
    second?.readFilterModes(bits, bands, this.#isCoupled ? first : undefined);
    first.readLevels(bits, bands, false);
    if (this.#isCoupled) first.readNoise(bits, bands, false);
    second?.readLevels(bits, bands, this.#isCoupled);
    if (!this.#isCoupled) first.readNoise(bits, bands, false);
    second?.readNoise(bits, bands, this.#isCoupled);
    first.readSinusoids(bits, bands);
    second?.readSinusoids(bits, bands);
    this.#hasData = true;
    if (bits.flag()) this.#readExtensions(bits);
  }

  /** Reads what is behind bs_extended_data: size:4 (+8) | extensions, of which one with id:2 = 2 is parametric stereo. */
  #readExtensions(bits: BitReader): void {
    let size = bits.bits(4);
    if (size === 15) size += bits.bits(8);
    const end = bits.position + 8 * size;
    while (end - bits.position > 7 && bits.bits(2) === PARAMETRIC_STEREO && this.#stereo) this.#stereo.read(bits, end);
  }

  #dequantise(bands: FrequencyBands): void {
    const [first, second] = this.#channels;
    if (second && this.#isCoupled) dequantiseCoupled(first.data, second.data, bands, first.energies, second.energies);
    else for (const { data, energies } of this.#channels) dequantise(data, bands, energies);
  }

  #giveUp(): void {
    this.#setup = undefined;
    this.#hasData = false;
    for (const { data } of this.#channels) data.reset();
  }
}
