import { createBreather } from '../base/breathe.ts';
import { AulosError } from '../errors.ts';
import type { Codec, CodecConfig } from '../media.ts';
import type { Decoder, PacketDecoderFactory } from './decoder.ts';
import { rehearsals } from './rehearsals.ts';
import { SharedDecoder } from './shared.ts';

/** The codecs of the shared family, each a chunk of its own that is loaded at first use. */
const shared: Partial<Record<Codec, () => Promise<PacketDecoderFactory>>> = {
  aac: async () => {
    const { AacDecoder } = await import('./aac/decoder.ts');
    return (config) => new AacDecoder(config);
  },
  alac: async () => {
    const { AlacDecoder } = await import('./alac/decoder.ts');
    return (config) => new AlacDecoder(config);
  },
  flac: async () => {
    const { FlacDecoder } = await import('./flac/decoder.ts');
    return (config) => new FlacDecoder(config);
  },
  mp3: async () => {
    const { Mp3Decoder } = await import('./mp3/decoder.ts');
    return () => new Mp3Decoder();
  },
  opus: async () => {
    const { OpusDecoder } = await import('./opus.ts');
    return (config) => new OpusDecoder(config);
  },
  pcm: async () => {
    const { PcmDecoder } = await import('./pcm.ts');
    return (config) => new PcmDecoder(config);
  },
  vorbis: async () => {
    const { VorbisDecoder } = await import('./vorbis/decoder.ts');
    return (config) => new VorbisDecoder(config);
  },
};

/** A decoder for `config`, ready for its first packet. @throws AulosError `media.unsupported` when no decoder is there for the codec. */
export async function createDecoder(config: CodecConfig): Promise<Decoder> {
  const load = shared[config.codec];
  if (!load) {
    const what = `codec ${config.codecString}`;
    throw new AulosError('media.unsupported', { offset: 0, what }, `aulos has no decoder for ${config.codecString}`);
  }
  const createKernel = await load();
  return new SharedDecoder(createKernel(config), config);
}

/** Times after which a decoder runs at a fair speed; all together they take less than a round trip. */
const REHEARSALS = 4;

/**
 * Loads the decoder of a codec ahead of its first use and has it decode a packet a few times, so that the first sound waits neither for
 * the chunk nor for tables to be filled nor for code to be compiled.
 */
export async function rehearse(codec: Codec): Promise<void> {
  const createKernel = await shared[codec]?.();
  const rehearsal = rehearsals[codec]?.();
  if (!createKernel || !rehearsal) return;
  const kernel = createKernel(rehearsal.config);
  const breathe = createBreather();
  for (let i = 0; i < REHEARSALS; i++) {
    kernel.decode(rehearsal.packet);
    await breathe();
  }
}
