import { OpusDecoder as LibOpus } from 'opus-decoder';
import { opusPacketFrames } from '../demux/opus-packet.ts';
import { AulosError } from '../errors.ts';
import type { CodecConfig } from '../media.ts';
import type { DecodedFrames, PacketDecoder } from './decoder.ts';
import { vorbisOrder } from './vorbis-order.ts';

/** How the channels lie in the streams of a packet (RFC 7845 §5.1.1). */
interface Mapping {
  readonly channels: number;
  readonly streamCount: number;
  readonly coupledStreamCount: number;
  /** For each channel in our order, the decoded one that it is. */
  readonly channelMappingTable: number[];
}

/** `OpusHead` up to the mapping table: magic 8 bytes │ version │ channels │ pre-skip 16 │ rate 32 │ gain 16le │ family */
const HEAD_BYTES = 19;

/** Opus by libopus in WebAssembly, channel mapping families 0 and 1, at 48 kHz; with the gain that the head asks for. */
export class OpusDecoder implements PacketDecoder {
  readonly #mapping: Mapping;
  readonly #gain: number;
  #libOpus: LibOpus;
  #ready: Promise<void> | undefined;

  /** @throws AulosError `media.unsupported`. */
  constructor({ description }: CodecConfig) {
    this.#mapping = readMapping(description);
    const gain = new DataView(description.buffer, description.byteOffset).getInt16(16, true);
    this.#gain = 10 ** (gain / 256 / 20); // dB in 8.8 bits
    this.#libOpus = this.#start();
  }

  /** Pending while an instance starts, which may reject with `decode.unavailable`. */
  get ready(): Promise<void> | undefined {
    return this.#ready;
  }

  decode(data: Uint8Array): DecodedFrames {
    if (opusPacketFrames(data) === 0) throw brokenPacket('its length is not valid');
    const { channelData, samplesDecoded } = this.#decodeOrRestart(data);
    if (samplesDecoded === 0) throw brokenPacket('libopus refuses it');
    if (this.#gain !== 1) for (const plane of channelData) amplify(plane, this.#gain);
    return { planes: channelData, frames: samplesDecoded, channels: this.#mapping.channels, sampleRate: 48_000 };
  }

  reset(): void {
    if (this.#ready) return; // it starts without a past
    this.#libOpus.free();
    this.#libOpus = this.#start();
  }

  #start(): LibOpus {
    const libOpus = new LibOpus({ ...this.#mapping });
    const started = libOpus.ready.then(
      () => {
        if (this.#ready === started) this.#ready = undefined;
      },
      (cause: unknown) => {
        throw new AulosError('decode.unavailable', { codec: 'opus' }, 'libopus does not start here', { cause });
      },
    );
    started.catch(() => {}); // whoever waits for it hears of it
    this.#ready = started;
    return libOpus;
  }

  /** An instance that has trapped is not to be trusted any more. */
  #decodeOrRestart(data: Uint8Array) {
    try {
      return this.#libOpus.decodeFrame(data);
    } catch (cause) {
      this.#libOpus = this.#start();
      throw brokenPacket('libopus fails on it', cause);
    }
  }
}

/** Family 1 has a table: `streams 8 │ coupled streams 8 │ for each channel which decoded one it is 8`. */
function readMapping(head: Uint8Array): Mapping {
  const [channels, family] = [head[9], head[18]];
  if (head.length < HEAD_BYTES || channels === 0) throw unsupported('Opus without its head');
  if (family === 0 && channels <= 2) {
    return { channels, streamCount: 1, coupledStreamCount: channels - 1, channelMappingTable: channels === 2 ? [0, 1] : [0] };
  }
  if (family !== 1 || channels > 8) throw unsupported(`Opus with ${channels} channels of mapping family ${family}`);
  const [streamCount, coupledStreamCount] = [head[19], head[20]];
  const table = head.subarray(21, 21 + channels);
  const decoded = streamCount + coupledStreamCount;
  const isWhole = table.length === channels && table.every((index) => index < decoded || index === 255);
  if (!isWhole || streamCount === 0 || coupledStreamCount > streamCount || decoded > 255)
    throw unsupported('a broken Opus channel mapping');
  return { channels, streamCount, coupledStreamCount, channelMappingTable: vorbisOrder(channels).map((channel) => table[channel]) };
}

function amplify(plane: Float32Array, gain: number): void {
  for (let i = 0; i < plane.length; i++) plane[i] *= gain;
}

const unsupported = (what: string): AulosError => new AulosError('media.unsupported', { offset: 0, what }, `not supported: ${what}`);

const brokenPacket = (what: string, cause?: unknown): AulosError<'decode.failed'> =>
  new AulosError('decode.failed', { what }, `broken Opus packet: ${what}`, { cause });
