import { createBreather, nextTask } from '../base/breathe.ts';
import { AulosError, isAulosError } from '../errors.ts';
import type { Codec, CodecConfig } from '../media.ts';
import type { Decoder, PacketDecoderFactory } from './decoder.ts';
import { LinkDecoder } from './link-decoder.ts';
import type { DecoderChoice, NativeDecoders } from './native.ts';
import { rehearsals } from './rehearsals.ts';
import { decodeCalmly, SharedDecoder } from './shared.ts';

/** The codecs of the shared family, each a chunk of its own that is loaded at first use. */
const shared: Record<Codec, () => Promise<PacketDecoderFactory>> = {
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
    return (config, breathe) => VorbisDecoder.create(config, breathe);
  },
};

/** How a decoder is chosen. */
export interface DecoderOptions {
  /** @default 'auto' */
  readonly decoder?: DecoderChoice;
  /** Finds the platform's, if it has any; asked only when they are wanted. @default WebCodecs, where there are any */
  readonly native?: () => Promise<NativeDecoders | undefined>;
}

/** Decoders that were wanted so far. */
let wanted = 0;

/**
 * A decoder for `config`, ready for its first packet.
 * @throws AulosError `media.unsupported` when the codec, or what it uses, is not decoded; `decode.unavailable` when the platform's decoder
 * is asked for and cannot do it.
 */
export async function createDecoder(config: CodecConfig, options: DecoderOptions = {}): Promise<Decoder> {
  wanted++;
  const make = (link: CodecConfig) => chooseDecoder(link, options);
  return new LinkDecoder(await make(config), config, make);
}

async function chooseDecoder(config: CodecConfig, { decoder = 'auto', native = findWebCodecs }: DecoderOptions): Promise<Decoder> {
  if (decoder === 'native') return nativeDecoder(config, await native());
  try {
    return await sharedDecoder(config);
  } catch (error) {
    if (decoder === 'shared' || !isAulosError(error, 'media.unsupported')) throw error;
    const family = await native();
    if (!(await family?.supports(config))) throw error;
    return family!.create(config);
  }
}

const findWebCodecs = async () => (await import('./webcodecs.ts')).webCodecs(globalThis);

async function sharedDecoder(config: CodecConfig): Promise<Decoder> {
  const breathe = createBreather();
  const createKernel = await shared[config.codec]();
  await breathe(); // the chunk has filled tables when it was run; the kernel fills its own
  return new SharedDecoder(await createKernel(config, breathe), config, breathe);
}

async function nativeDecoder(config: CodecConfig, native: NativeDecoders | undefined): Promise<Decoder> {
  if (await native?.supports(config)) return native!.create(config);
  const family = native?.name ?? 'this platform';
  throw new AulosError('decode.unavailable', { codec: config.codecString }, `${family} does not decode ${config.codecString}`);
}

/**
 * Loads the decoder of a codec ahead of its first use and has it decode a few packets, so that the first sound waits neither for
 * the chunk nor for tables to be filled nor for code to be compiled. Ends early when a decoder is wanted: it needs the thread.
 */
export async function rehearse(codec: Codec): Promise<void> {
  const before = wanted;
  const breathe = createBreather();
  const createKernel = await shared[codec]();
  const rehearsal = rehearsals[codec]?.();
  if (!rehearsal) return;
  await breathe();
  const kernel = await createKernel(rehearsal.config, breathe);
  for (let i = 0, spentMs = 0; wanted === before && spentMs < rehearsal.ms; i++) {
    await nextTask(); // each time, for on the same thread the rest is made ready that the first bytes need
    const begunAt = performance.now();
    await decodeCalmly(kernel, rehearsal.packets[i % rehearsal.packets.length], breathe);
    spentMs += performance.now() - begunAt;
  }
}
