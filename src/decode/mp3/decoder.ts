import { HEADER_BYTES, MAX_FRAME_BYTES, type MpegAudioHeader, parseMpegAudioHeader } from '../../demux/mpeg-audio-header.ts';
import { AulosError } from '../../errors.ts';
import type { DecodedFrames, PacketDecoder } from '../decoder.ts';
import { type Steps, takeAll } from '../steps.ts';
import { Layer1 } from './layer1.ts';
import { Layer2 } from './layer2.ts';
import { Layer3 } from './layer3.ts';

/** Largest number of samples in a frame. */
const MAX_SAMPLES = 1152;

/** Bytes of the CRC that may follow a header; it is not checked, since a frame with a wrong one mostly still sounds right. */
const CRC_BYTES = 2;

/** Decodes frames of MPEG audio: layers I, II and III of MPEG-1, 2 and 2.5, one frame to a packet. */
export class Mp3Decoder implements PacketDecoder {
  readonly #planes = [new Float32Array(MAX_SAMPLES), new Float32Array(MAX_SAMPLES)];
  /** By number, less one. */
  readonly #layers = [new Layer1(), new Layer2(), new Layer3()] as const;
  #word = 0;
  #header: MpegAudioHeader | undefined;
  readonly #decoded = { planes: this.#planes, frames: 0, channels: 0, sampleRate: 0 };

  decode(data: Uint8Array): DecodedFrames {
    return takeAll(this.decodeInSteps(data));
  }

  *decodeInSteps(data: Uint8Array): Steps<DecodedFrames> {
    const header = this.#headerOf(data);
    const layer = this.#layers[header.layer - 1];
    yield* layer.decode(header, data, HEADER_BYTES + (header.hasCrc ? CRC_BYTES : 0), this.#planes);
    this.#decoded.frames = header.samples;
    this.#decoded.channels = header.channels;
    this.#decoded.sampleRate = header.sampleRate;
    return this.#decoded;
  }

  reset(): void {
    for (const layer of this.#layers) layer.reset();
  }

  #headerOf(data: Uint8Array): MpegAudioHeader {
    const word = data.length < HEADER_BYTES ? 0 : ((data[0] << 24) | (data[1] << 16) | (data[2] << 8) | data[3]) >>> 0;
    if (word !== this.#word || !this.#header) this.#header = parseMpegAudioHeader(word);
    this.#word = word;
    const header = this.#header;
    if (!header) throw new AulosError('decode.failed', { what: 'frame header' }, 'a packet is not a frame of MPEG audio');
    if (data.length > MAX_FRAME_BYTES) throw new AulosError('decode.failed', { what: 'frame size' }, 'an MPEG audio frame is too long');
    return header;
  }
}
