import { AulosError } from '../errors.ts';
import type { CodecConfig, PcmFormat } from '../media.ts';
import type { DecodedFrames, PacketDecoder } from './decoder.ts';

/** PCM of every {@link PcmFormat}, any number of channels. Integers are divided by 2^(bits − 1); a last partial frame is dropped. */
export class PcmDecoder implements PacketDecoder {
  readonly #readSample: SampleReader;
  readonly #stride: number;
  readonly #planes: Float32Array[];
  readonly #decoded: { planes: Float32Array[]; frames: number; channels: number; sampleRate: number };
  #view: DataView = new DataView(new ArrayBuffer(0));

  /** @throws AulosError `media.unsupported` for a width that the encoding does not have. */
  constructor({ channels, sampleRate, pcm }: CodecConfig) {
    const readSample = pcm && sampleReader(pcm);
    if (!readSample) {
      const what = pcm ? `PCM ${pcm.encoding} ${pcm.bits} bits` : 'PCM without a format';
      throw new AulosError('media.unsupported', { offset: 0, what }, `not supported: ${what}`);
    }
    this.#readSample = readSample;
    this.#stride = pcm.stride ?? pcm.bits / 8;
    this.#planes = Array.from({ length: channels }, () => new Float32Array(0));
    this.#decoded = { planes: this.#planes, frames: 0, channels, sampleRate };
  }

  /** @throws AulosError `decode.failed` for a packet without a whole frame. */
  decode(data: Uint8Array): DecodedFrames {
    const { channels } = this.#decoded;
    const frameBytes = this.#stride * channels;
    const frames = Math.floor(data.length / frameBytes);
    if (frames === 0)
      throw new AulosError('decode.failed', { what: 'PCM packet' }, `${data.length} bytes hold no PCM frame of ${frameBytes}`);
    if (data.buffer !== this.#view.buffer) this.#view = new DataView(data.buffer);
    for (let c = 0; c < channels; c++) {
      if (this.#planes[c].length < frames) this.#planes[c] = new Float32Array(frames);
      deinterleave(this.#readSample, this.#view, data.byteOffset + c * this.#stride, frameBytes, this.#planes[c], frames);
    }
    this.#decoded.frames = frames;
    return this.#decoded;
  }

  /** Nothing to forget: every sample stands alone. */
  reset(): void {}
}

/** Gives the sample at byte `at`, ±1.0 = full scale. */
type SampleReader = (view: DataView, at: number) => number;

function deinterleave(readSample: SampleReader, view: DataView, at: number, step: number, plane: Float32Array, frames: number): void {
  for (let i = 0; i < frames; i++) plane[i] = readSample(view, at + i * step);
}

function sampleReader({ encoding, bits, bigEndian }: PcmFormat): SampleReader | undefined {
  const little = !bigEndian;
  switch (`${encoding}${bits}`) {
    case 'uint8':
      return (view, at) => (view.getUint8(at) - 128) / 2 ** 7;
    case 'int8':
      return (view, at) => view.getInt8(at) / 2 ** 7;
    case 'int16':
      return (view, at) => view.getInt16(at, little) / 2 ** 15;
    case 'int24':
      return little
        ? (view, at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23
        : (view, at) => ((view.getInt16(at) << 8) | view.getUint8(at + 2)) / 2 ** 23;
    case 'int32':
      return (view, at) => view.getInt32(at, little) / 2 ** 31;
    case 'int64':
      return (view, at) => Number(view.getBigInt64(at, little)) / 2 ** 63;
    case 'float32':
      return (view, at) => view.getFloat32(at, little);
    case 'float64':
      return (view, at) => view.getFloat64(at, little);
    case 'alaw8':
      return (view, at) => ALAW[view.getUint8(at)];
    case 'mulaw8':
      return (view, at) => MULAW[view.getUint8(at)];
    default:
      return undefined;
  }
}

/**
 * ITU-T G.711 A-law, 13 bits scaled to 16: even bits are inverted, then `sign 1 │ exponent 3 │ mantissa 4`, sign 1 = positive.
 * Exponent 0 has the step of exponent 1 without its leading one; values are the middles of their steps.
 */
const ALAW = Float32Array.from({ length: 256 }, (_, code) => {
  const inverted = code ^ 0x55;
  const exponent = (inverted >> 4) & 7;
  const mantissa = ((inverted & 15) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 256) << (exponent - 1);
  return (inverted & 0x80 ? magnitude : -magnitude) / 2 ** 15;
});

/** ITU-T G.711 µ-law, 14 bits scaled to 16: all bits are inverted, then `sign 1 │ exponent 3 │ mantissa 4`, sign 1 = negative, bias 33. */
const MULAW = Float32Array.from({ length: 256 }, (_, code) => {
  const inverted = ~code;
  const exponent = (inverted >> 4) & 7;
  const magnitude = ((((inverted & 15) << 3) + 132) << exponent) - 132;
  return (inverted & 0x80 ? 0 - magnitude : magnitude) / 2 ** 15; // 0 − 0 is no negative zero
});
