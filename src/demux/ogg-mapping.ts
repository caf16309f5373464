import type { CodecConfig, Tags } from '../media.ts';
import { OggFlac } from './ogg-flac.ts';
import type { OggPicture } from './ogg-headers.ts';
import { OggOpus } from './ogg-opus.ts';
import { OggVorbis } from './ogg-vorbis.ts';

/** How the packets of one codec lie in Ogg. It is fed the packets of a stream in order until the first that is sound. */
export interface OggMapping {
  /** Takes a header packet; false for a packet of sound. */
  readHeader(packet: Uint8Array): boolean;
  /** What the headers say; undefined if some are missing or malformed. */
  describe(): OggFormat | undefined;
  /** Frames that a packet decodes to when it follows `previous`; 0 if it is damaged. */
  framesOf(packet: Uint8Array, previous: Uint8Array | undefined): number;
}

/** What the headers of a stream say. */
export interface OggFormat {
  readonly config: CodecConfig;
  readonly tags: Tags;
  readonly pictures: readonly OggPicture[];
  /** Frames at the start that are not meant to be heard. */
  readonly codecDelay: number;
  /** Frames that a decoder needs before those wanted. */
  readonly prerollFrames: number;
  /** For lossless codecs. */
  readonly bitsPerSample?: number;
}

/** The mapping of the codec whose first packet this is; undefined if it is none that aulos knows. */
export function mappingOf(firstPacket: Uint8Array): OggMapping | undefined {
  const magic = String.fromCharCode(...firstPacket.subarray(0, 8));
  if (magic === 'OpusHead') return new OggOpus();
  if (magic.startsWith('\x01vorbis')) return new OggVorbis();
  if (magic.startsWith('\x7fFLAC')) return new OggFlac();
  return undefined;
}
