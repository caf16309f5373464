import { raceAbort } from '../base/abort.ts';
import { AulosError } from '../errors.ts';
import type { Codec, CodecConfig, Packet, PcmBlock } from '../media.ts';
import { BlockBuilder } from './block-builder.ts';
import { Concealment } from './concealment.ts';
import type { Decoder } from './decoder.ts';
import type { NativeDecoders } from './native.ts';
import { rehearsals } from './rehearsals.ts';

/** Codecs of which one packet gives one AudioData of as many frames; Opus and Vorbis trim and lag in ways of each browser's own. */
const CODECS: readonly Codec[] = ['aac', 'flac', 'mp3'];

/** A packet of which nothing has come for so long is one that was dropped: browsers need about a millisecond. */
const LOST_MS = 250;

/** What it takes of the W3C's WebCodecs: browsers have it, and packages for Node have the same. */
export interface WebCodecsApi {
  readonly AudioDecoder: typeof AudioDecoder;
  readonly EncodedAudioChunk: typeof EncodedAudioChunk;
}

/** The decoders behind `api`; undefined if there is none. */
export function webCodecs(api: Partial<WebCodecsApi>, name = 'WebCodecs'): NativeDecoders | undefined {
  if (!api.AudioDecoder || !api.EncodedAudioChunk) return undefined;
  return decodersOf(api as WebCodecsApi, name);
}

function decodersOf(api: WebCodecsApi, name: string): NativeDecoders {
  const answers = new Map<string, Promise<boolean>>();
  return {
    name,
    supports: (config) => {
      const key = `${config.codecString} ${config.sampleRate} ${config.channels}`;
      const answer = answers.get(key) ?? probe(api, config);
      answers.set(key, answer);
      return answer;
    },
    create: (config) => new WebCodecsDecoder(api, config),
  };
}

/** `isConfigSupported` says yes to what then fails (toolchain notes), so a real packet of the codec is decoded. */
async function probe(api: WebCodecsApi, config: CodecConfig): Promise<boolean> {
  if (!CODECS.includes(config.codec) || isWebKitGtk()) return false;
  const rehearsal = rehearsals[config.codec]?.();
  const { supported } = await api.AudioDecoder.isConfigSupported(configOf(config)).catch(() => ({ supported: false }));
  if (!supported || !rehearsal) return false;
  const decoder = new WebCodecsDecoder(api, rehearsal.config);
  try {
    const packet: Packet = { data: rehearsal.packets[0], offset: 0, timestamp: 0, duration: 1, join: true, preroll: 0 };
    const blocks = await decoder.decode([packet], AbortSignal.timeout(4 * LOST_MS));
    return decoder.concealed === 0 && blocks.length > 0;
  } catch {
    return false;
  } finally {
    decoder.close();
  }
}

/** Its AAC decoder takes the whole web process down. */
function isWebKitGtk(): boolean {
  const { userAgent = '' } = globalThis.navigator ?? {}; // Node 20 has none
  return /AppleWebKit/.test(userAgent) && /Linux/.test(userAgent) && !/Chrom/.test(userAgent);
}

function configOf({ codecString, sampleRate, channels, description }: CodecConfig): AudioDecoderConfig {
  return { codec: codecString, sampleRate, numberOfChannels: channels, ...(description.length > 0 && { description }) };
}

/** Samples of one packet. */
interface Samples {
  readonly planes: readonly Float32Array[];
  readonly sampleRate: number;
}

/**
 * Decodes with the platform's AudioDecoder (W3C WebCodecs). That one closes at a bad packet, or drops it without a word and shifts all
 * later timestamps; so frames are counted here, what comes out is compared with what went in, and after a loss another decoder is begun
 * with the packets before. It is never flushed midway: that damages what follows.
 */
class WebCodecsDecoder implements Decoder {
  readonly #api: WebCodecsApi;
  readonly #config: CodecConfig;
  readonly #concealment = new Concealment();
  #run: Run | undefined;
  /** The last packets, as many as a decoder that begins anew needs before the next. */
  #past: Packet[] = [];

  constructor(api: WebCodecsApi, config: CodecConfig) {
    this.#api = api;
    this.#config = config;
  }

  get concealed(): number {
    return this.#concealment.count;
  }

  async decode(packets: readonly Packet[], signal: AbortSignal): Promise<PcmBlock[]> {
    signal.throwIfAborted();
    const samples = (await this.#decodeAll(packets, signal)) ?? (await this.#decodeEach(packets, signal));
    const builder = new BlockBuilder();
    let expected = packets.reduce((sum, { duration }) => sum + duration, 0);
    for (const [i, packet] of packets.entries()) {
      const { planes, sampleRate } = samples[i] ?? this.#conceal(packet, builder);
      builder.append(planes, planes[0].length, planes.length, sampleRate, packet.timestamp, expected);
      expected -= packet.duration;
    }
    return builder.finish();
  }

  reset(): void {
    this.#restart();
    this.#past = [];
    this.#concealment.reset();
  }

  close(): void {
    this.#restart();
  }

  /** Undefined if not every packet gave samples; then the decoder has to begin anew. */
  async #decodeAll(packets: readonly Packet[], signal: AbortSignal): Promise<Samples[] | undefined> {
    const samples = await this.#current().decode(packets, signal);
    if (samples.length !== packets.length) {
      this.#restart();
      return undefined;
    }
    this.#remember(packets);
    return samples;
  }

  /** One at a time, to find those that are lost. */
  async #decodeEach(packets: readonly Packet[], signal: AbortSignal): Promise<(Samples | undefined)[]> {
    const samples: (Samples | undefined)[] = [];
    for (const packet of packets) {
      if (!this.#run) await this.#current().decode(this.#past, signal);
      samples.push((await this.#decodeAll([packet], signal))?.[0]);
    }
    return samples;
  }

  #current(): Run {
    this.#run ??= new Run(this.#api, configOf(this.#config));
    return this.#run;
  }

  #restart(): void {
    this.#run?.close();
    this.#run = undefined;
  }

  #remember(packets: readonly Packet[]): void {
    const preroll = Math.max(1, ...packets.map((packet) => packet.preroll));
    this.#past = [...this.#past, ...packets].slice(-preroll);
  }

  #conceal(packet: Packet, { channels = this.#config.channels, sampleRate = this.#config.sampleRate }: BlockBuilder): Samples {
    const cause = new AulosError(
      'decode.failed',
      { offset: packet.offset, what: 'refused by the browser' },
      'the browser refused a packet',
    );
    this.#concealment.add(packet, this.#config.sampleRate, cause);
    return { planes: Array<Float32Array>(channels).fill(new Float32Array(packet.duration)), sampleRate };
  }
}

/** One AudioDecoder from its first packet to its end. */
class Run {
  readonly #decoder: AudioDecoder;
  readonly #api: WebCodecsApi;
  #outputs: Samples[] = [];
  #hasFailed = false;
  #onOutput: () => void = () => {};

  constructor(api: WebCodecsApi, config: AudioDecoderConfig) {
    this.#api = api;
    this.#decoder = new api.AudioDecoder({
      output: (data) => {
        this.#outputs.push(takeSamples(data));
        this.#onOutput();
      },
      error: () => {
        this.#hasFailed = true;
        this.#onOutput();
      },
    });
    this.#decoder.configure(config);
  }

  /** Samples of the packets, in order; fewer if some were lost, after which it is of no more use. */
  async decode(packets: readonly Packet[], signal: AbortSignal): Promise<Samples[]> {
    this.#outputs = [];
    for (const { data, timestamp } of packets) {
      if (this.#decoder.state !== 'configured') break;
      this.#decoder.decode(new this.#api.EncodedAudioChunk({ type: 'key', timestamp, data: data as Uint8Array<ArrayBuffer> }));
    }
    await this.#arrived(packets.length, signal);
    return this.#outputs;
  }

  close(): void {
    if (this.#decoder.state !== 'closed') this.#decoder.close();
  }

  /** Settles when `count` outputs are there, at an error, or when nothing has come for {@link LOST_MS}. */
  async #arrived(count: number, signal: AbortSignal): Promise<void> {
    for (let seen = -1; seen < this.#outputs.length && this.#outputs.length < count && !this.#hasFailed; ) {
      seen = this.#outputs.length;
      let timer: ReturnType<typeof setTimeout> | undefined;
      const output = new Promise<void>((resolve) => {
        this.#onOutput = resolve;
        timer = setTimeout(resolve, LOST_MS);
      });
      await raceAbort(output, signal).finally(() => clearTimeout(timer));
    }
  }
}

function takeSamples(data: AudioData): Samples {
  const planes = Array.from({ length: data.numberOfChannels }, (_, planeIndex) => {
    const plane = new Float32Array(data.numberOfFrames);
    data.copyTo(plane, { planeIndex, format: 'f32-planar' });
    return plane;
  });
  const { sampleRate } = data;
  data.close();
  return { planes, sampleRate };
}
