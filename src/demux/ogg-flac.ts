import type { Tags } from '../media.ts';
import { FlacFrameHeader } from './flac-frame.ts';
import { flacDescription, parseStreamInfo, STREAM_INFO_BYTES } from './flac-stream-info.ts';
import type { OggFormat, OggMapping } from './ogg-mapping.ts';
import { parseVorbisComment } from './vorbis-comment.ts';

/** Offset of the body of STREAMINFO in the first packet. */
const STREAM_INFO_AT = 17;

const VORBIS_COMMENT = 4;

/** FLAC in Ogg (RFC 9639 §10.1): a packet with STREAMINFO, one for each other metadata block, then one for each frame. */
export class OggFlac implements OggMapping {
  readonly #frame = new FlacFrameHeader();
  #streamInfo: Uint8Array | undefined;
  #tags: Tags = {};

  /** First `7f FLAC │ version 16 │ headers 16 │ fLaC │ metadata block`, then plain metadata blocks. A frame begins with ff. */
  readHeader(packet: Uint8Array): boolean {
    if (packet[0] === 0xff) return false;
    const isFirst = packet[0] === 0x7f && packet.length >= STREAM_INFO_AT + STREAM_INFO_BYTES;
    if (isFirst) this.#streamInfo = packet.slice(STREAM_INFO_AT, STREAM_INFO_AT + STREAM_INFO_BYTES);
    else if ((packet[0] & 0x7f) === VORBIS_COMMENT) this.#tags = parseVorbisComment(packet.subarray(4));
    return true;
  }

  describe(): OggFormat | undefined {
    if (!this.#streamInfo) return undefined;
    const { sampleRate, channels, bits } = parseStreamInfo(this.#streamInfo);
    if (sampleRate === 0) return undefined;
    return {
      config: { codec: 'flac', codecString: 'flac', sampleRate, channels, description: flacDescription(this.#streamInfo) },
      tags: this.#tags,
      codecDelay: 0,
      prerollFrames: 0,
      bitsPerSample: bits,
    };
  }

  framesOf(packet: Uint8Array): number {
    return this.#frame.parse(packet, 0) ? this.#frame.blockSize : 0;
  }
}
