import { AulosError } from '../errors.ts';
import type { Codec, CodecConfig } from '../media.ts';
import type { DecodedFrames, PacketDecoder } from './decoder.ts';
import type { NativeDecoders } from './native.ts';
import { SharedDecoder } from './shared.ts';

/** What is used of the package `node-av`: FFmpeg's own interface (libavcodec/avcodec.h). */
interface NodeAv {
  readonly Codec: { findDecoder(id: number): object | null };
  readonly CodecContext: new () => Context;
  readonly Frame: new () => Frame;
  readonly Packet: new () => AvPacket;
  readonly [constant: string]: unknown;
}

interface Context {
  sampleRate: number;
  threadCount: number;
  extraData: Buffer | null;
  allocContext3(codec: object): void;
  open2Sync(codec: object): number;
  sendPacketSync(packet: AvPacket): number;
  receiveFrameSync(frame: Frame): number;
  flushBuffers(): void;
}

interface AvPacket {
  data: Buffer | null;
  alloc(): void;
}

interface Frame {
  readonly format: number;
  readonly nbSamples: number;
  readonly sampleRate: number;
  readonly channels: number;
  readonly extendedData: Buffer[] | null;
  readonly data: Buffer[] | null;
  alloc(): void;
  unref(): void;
}

const CODECS: Partial<Record<Codec, string>> = {
  aac: 'AV_CODEC_ID_AAC',
  alac: 'AV_CODEC_ID_ALAC',
  flac: 'AV_CODEC_ID_FLAC',
  mp3: 'AV_CODEC_ID_MP3',
};

/** FFmpeg's decoders, where the application has installed the package `node-av` (its FFmpeg is GPL; aulos does not depend on it). */
export async function nodeAv(): Promise<NativeDecoders | undefined> {
  const name = 'node-av';
  const av = (await import(name).catch(() => undefined)) as NodeAv | undefined;
  if (!av) return undefined;
  const codecOf = ({ codec }: CodecConfig) => av.Codec.findDecoder(Number(av[CODECS[codec] ?? ''] ?? 0));
  return {
    name,
    supports: async (config) => codecOf(config) !== null,
    create: (config) => new SharedDecoder(new NodeAvDecoder(av, codecOf(config)!, config), config),
  };
}

class NodeAvDecoder implements PacketDecoder {
  readonly #context: Context;
  readonly #packet: AvPacket;
  readonly #frame: Frame;
  readonly #samples: (frame: Frame) => Float32Array[];

  constructor(av: NodeAv, codec: object, { codec: codecKind, description, sampleRate }: CodecConfig) {
    this.#context = new av.CodecContext();
    this.#context.allocContext3(codec);
    this.#context.sampleRate = sampleRate;
    this.#context.threadCount = 1; // more would delay frames
    if (description.length > 0) this.#context.extraData = Buffer.from(codecKind === 'alac' ? alacAtom(description) : description);
    this.#packet = new av.Packet();
    this.#packet.alloc();
    this.#frame = new av.Frame();
    this.#frame.alloc();
    this.#samples = samplesByFormat(av);
    const result = this.#context.open2Sync(codec);
    if (result < 0) throw brokenPacket(`FFmpeg does not begin (${result})`);
  }

  decode(data: Uint8Array): DecodedFrames {
    this.#packet.data = Buffer.from(data);
    const sent = this.#context.sendPacketSync(this.#packet);
    if (sent < 0) throw brokenPacket(`FFmpeg refuses it (${sent})`);
    const received = this.#context.receiveFrameSync(this.#frame);
    if (received < 0) throw brokenPacket(`FFmpeg gives nothing for it (${received})`);
    const { nbSamples, channels, sampleRate } = this.#frame;
    const planes = this.#samples(this.#frame);
    this.#frame.unref();
    return { planes, frames: nbSamples, channels, sampleRate };
  }

  reset(): void {
    this.#context.flushBuffers();
  }
}

/** FFmpeg wants the whole box: `size 32 │ "alac" │ version and flags 32 │ ALACSpecificConfig`. */
const alacAtom = (config: Uint8Array): Uint8Array =>
  Uint8Array.of(0, 0, 0, 12 + config.length, 0x61, 0x6c, 0x61, 0x63, 0, 0, 0, 0, ...config);

/** The samples of a frame as planes of ±1, by its sample format; planar ones have a buffer for each channel. */
function samplesByFormat(av: NodeAv): (frame: Frame) => Float32Array[] {
  const readers: Record<string, (buffer: Buffer, i: number) => number> = {
    S16: (buffer, i) => buffer.readInt16LE(2 * i) / 2 ** 15,
    S32: (buffer, i) => buffer.readInt32LE(4 * i) / 2 ** 31,
    FLT: (buffer, i) => buffer.readFloatLE(4 * i),
  };
  const formats = new Map<number, { read: (buffer: Buffer, i: number) => number; isPlanar: boolean }>();
  for (const [name, read] of Object.entries(readers)) {
    formats.set(Number(av[`AV_SAMPLE_FMT_${name}`]), { read, isPlanar: false });
    formats.set(Number(av[`AV_SAMPLE_FMT_${name}P`]), { read, isPlanar: true });
  }
  return ({ format, nbSamples, channels, extendedData, data }) => {
    const known = formats.get(format);
    const buffers = extendedData ?? data;
    if (!known || !buffers) throw brokenPacket(`samples of format ${format}`);
    const { read, isPlanar } = known;
    return Array.from({ length: channels }, (_, c) =>
      Float32Array.from({ length: nbSamples }, (_, i) => (isPlanar ? read(buffers[c], i) : read(buffers[0], i * channels + c))),
    );
  };
}

const brokenPacket = (what: string): AulosError<'decode.failed'> => new AulosError('decode.failed', { what }, `broken packet: ${what}`);
