import { FlacFrameHeader } from './flac-frame.ts';
import { flacDescription, parseStreamInfo, STREAM_INFO_BYTES } from './flac-stream-info.ts';
import { OggHeaders } from './ogg-headers.ts';
import type { OggFormat, OggMapping } from './ogg-mapping.ts';

/** Offset of the body of STREAMINFO in the first packet. */
const STREAM_INFO_AT = 17;

/** What a metadata block may hold, by its type. */
const HOLDS: Readonly<Record<number, 'comment' | 'picture'>> = { 4: 'comment', 6: 'picture' };

/** FLAC in Ogg (RFC 9639 §10.1): a packet with STREAMINFO, one for each other metadata block, then one for each frame. */
export class OggFlac implements OggMapping {
  readonly #frame = new FlacFrameHeader();
  #streamInfo: Uint8Array | undefined;
  readonly #headers = new OggHeaders();

  /** First `7f FLAC │ version 16 │ headers 16 │ fLaC │ metadata block`, then plain metadata blocks. A frame begins with ff. */
  readHeader(packet: Uint8Array): boolean {
    if (packet[0] === 0xff) return false;
    const isFirst = packet[0] === 0x7f && packet.length >= STREAM_INFO_AT + STREAM_INFO_BYTES;
    if (isFirst) this.#streamInfo = packet.slice(STREAM_INFO_AT, STREAM_INFO_AT + STREAM_INFO_BYTES);
    this.#headers.pass(packet, isFirst ? undefined : HOLDS[packet[0] & 0x7f], 4);
    return true;
  }

  describe(): OggFormat | undefined {
    if (!this.#streamInfo) return undefined;
    const { sampleRate, channels, bits } = parseStreamInfo(this.#streamInfo);
    if (sampleRate === 0) return undefined;
    return {
      config: { codec: 'flac', codecString: 'flac', sampleRate, channels, description: flacDescription(this.#streamInfo) },
      tags: this.#headers.tags,
      pictures: this.#headers.pictures,
      codecDelay: 0,
      prerollFrames: 0,
      bitsPerSample: bits,
    };
  }

  framesOf(packet: Uint8Array): number {
    return this.#frame.parse(packet, 0) ? this.#frame.blockSize : 0;
  }
}
