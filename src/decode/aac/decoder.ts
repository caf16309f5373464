import { loadPart } from '../../base/part.ts';
import { type AudioSpecificConfig, parseAudioSpecificConfig } from '../../demux/audio-specific-config.ts';
import { BitReader } from '../../demux/bit-reader.ts';
import { readProgramConfig } from '../../demux/program-config.ts';
import type { CodecConfig } from '../../media.ts';
import type { DecodedFrames, PacketDecoder } from '../decoder.ts';
import { type Steps, takeAll } from '../steps.ts';
import { brokenPacket } from './broken-packet.ts';
import { ChannelElement } from './channel-element.ts';
import { type ElementSlot, layoutOf } from './channel-layout.ts';
import { FilterBank } from './filter-bank.ts';
import { frameFormatOf } from './frame-format.ts';
import { NoiseGenerator } from './noise.ts';
import type { SbrDecoder } from './sbr/decoder.ts';

/** id_syn_ele (ISO/IEC 14496-3 §4.5.2.1). */
const SINGLE_CHANNEL = 0;
const CHANNEL_PAIR = 1;
const LFE_CHANNEL = 3;
const DATA_STREAM = 4;
const PROGRAM_CONFIG = 5;
const FILL = 6;
const END = 7;

/** extension_type of SBR data without and with a CRC (§4.5.2.9.1). */
const SBR_DATA = 13;
const SBR_DATA_CRC = 14;

/** Far above what the standard allows: 8 channels of at most 6,144 bits. */
const MAX_PACKET_BYTES = 1 << 16;

/**
 * Decodes AAC-LC (ISO/IEC 14496-3 §4), mono to 7.1, and HE-AAC, v1 and v2, whose tools are a chunk of their own that is then loaded.
 * A packet is one raw_data_block; the planes come in the order of WAVE files. `config.description` is an AudioSpecificConfig.
 */
export class AacDecoder implements PacketDecoder {
  readonly #bits = new BitReader(() => brokenPacket('it ends too early'));
  readonly #noise = new NoiseGenerator();
  readonly #elements: readonly ChannelElement[];
  readonly #frames: DecodedFrames;
  #replication: SbrDecoder | undefined;
  #ready: Promise<void> | undefined;

  /** @throws AulosError `media.unsupported`, `media.malformed` or `media.truncated`, for the description. */
  constructor(config: CodecConfig) {
    const audio = parseAudioSpecificConfig(config.description);
    const format = frameFormatOf(audio);
    const planes = Array.from({ length: audio.channels }, () => new Float32Array(audio.frameLength));
    const tools = { format, filterBank: new FilterBank(format), noise: this.#noise, planes };
    this.#elements = layoutOf(audio).map((slot) => new ChannelElement(slot, tools));
    this.#frames = { planes, frames: audio.frameLength, channels: audio.channels, sampleRate: audio.sampleRate };
    if (audio.decoded.replication !== 'none') this.#ready = this.#loadReplication(audio);
  }

  /** Pending while the tools of HE-AAC are loaded, which may reject with `decode.unavailable`. */
  get ready(): Promise<void> | undefined {
    return this.#ready;
  }

  decode(data: Uint8Array): DecodedFrames {
    return takeAll(this.decodeInSteps(data));
  }

  *decodeInSteps(data: Uint8Array): Steps<DecodedFrames> {
    if (data.length > MAX_PACKET_BYTES) throw brokenPacket('it is too large');
    this.#bits.load(data);
    for (const element of this.#elements) element.isDecoded = false;
    yield* this.#readDataBlock();
    for (const element of this.#elements) if (!element.isDecoded) element.silence();
    return this.#replication ? yield* this.#replication.run() : this.#frames;
  }

  reset(): void {
    this.#noise.reset();
    for (const element of this.#elements) element.reset();
    this.#replication?.reset();
  }

  #loadReplication(audio: AudioSpecificConfig): Promise<void> {
    const slots = this.#elements.map(({ slot }) => slot);
    const create = async () => {
      const { SbrDecoder } = await import('./sbr/decoder.ts');
      return SbrDecoder.create(audio, slots, this.#frames.planes);
    };
    const loaded = loadPart('HE-AAC', create).then((replication) => {
      this.#replication = replication;
      this.#ready = undefined;
    });
    loaded.catch(() => {}); // whoever waits for it hears of it
    return loaded;
  }

  /** Reads raw_data_block() (§4.4.2.1, Table 4.3): id_syn_ele:3 and what belongs to it, until the id says END. */
  *#readDataBlock(): Steps<void> {
    const bits = this.#bits;
    let last: ChannelElement | undefined;
    for (let id = bits.bits(3); id !== END; id = bits.bits(3)) {
      if (id === SINGLE_CHANNEL) last = yield* this.#decodeElement('single');
      else if (id === CHANNEL_PAIR) last = yield* this.#decodeElement('pair');
      else if (id === LFE_CHANNEL) last = yield* this.#decodeElement('lfe');
      else if (id === DATA_STREAM) skipDataStream(bits);
      else if (id === FILL) this.#readFill(last);
      else if (id === PROGRAM_CONFIG)
        readProgramConfig(bits); // says again what the AudioSpecificConfig said
      else throw brokenPacket('it has a coupling channel, which is not played');
    }
  }

  *#decodeElement(kind: ElementSlot['kind']): Steps<ChannelElement> {
    const tag = this.#bits.bits(4);
    for (const element of this.#elements) {
      const { slot } = element;
      if (element.isDecoded || slot.kind !== kind || (slot.tag !== undefined && slot.tag !== tag)) continue;
      yield* element.decode(this.#bits);
      return element;
    }
    throw brokenPacket('it has channels that were not announced');
  }

  /** fill_element(): count:4 (+8 − 1) | bytes; among them what SBR adds to the channel element before. */
  #readFill(element: ChannelElement | undefined): void {
    const bits = this.#bits;
    let count = bits.bits(4);
    if (count === 15) count += bits.bits(8) - 1;
    const end = bits.position + count * 8;
    if (count > 0 && element && this.#replication && end <= bits.end) {
      const type = bits.bits(4);
      if (type === SBR_DATA || type === SBR_DATA_CRC) this.#replication.read(element.slot, bits, end, type === SBR_DATA_CRC);
    }
    bits.position = end;
  }
}

/** data_stream_element(): tag:4 data_byte_align_flag:1 count:8 (+8) | byte alignment if so flagged | bytes. */
function skipDataStream(bits: BitReader): void {
  bits.bits(4);
  const isAligned = bits.flag();
  let count = bits.bits(8);
  if (count === 255) count += bits.bits(8);
  if (isAligned) bits.align();
  bits.skip(count * 8);
}
