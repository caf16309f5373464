import { AulosError, isAulosError } from '../errors.ts';
import type { CodecConfig, Packet, PcmBlock } from '../media.ts';
import type { Decoder, PacketDecoder } from './decoder.ts';

/** Concealed packets in one second of media above which a stream is not worth listening to. */
const MAX_CONCEALED_PER_SECOND = 3;

/** Turns the synchronous kernel of one codec into a {@link Decoder}: batches, conceals, clamps. */
export class SharedDecoder implements Decoder {
  readonly #kernel: PacketDecoder;
  readonly #config: CodecConfig;
  /** Nothing was decoded before the next packet, which may lack its beginning for that. */
  #isFresh = true;
  #concealed = 0;
  #concealedAt: number[] = [];

  constructor(kernel: PacketDecoder, config: CodecConfig) {
    this.#kernel = kernel;
    this.#config = config;
  }

  get concealed(): number {
    return this.#concealed;
  }

  async decode(packets: readonly Packet[], signal: AbortSignal): Promise<PcmBlock[]> {
    signal.throwIfAborted();
    const blocks: PcmBlock[] = [];
    let open: OpenBlock | undefined;
    let spare = 0;
    for (const packet of packets) spare += packet.duration;
    for (const packet of packets) {
      if (this.#kernel.ready) await this.#kernel.ready;
      const wasFresh = this.#isFresh;
      const { planes, frames, channels, sampleRate } = this.#decodeOrConceal(packet, open);
      const missing = wasFresh ? Math.max(0, packet.duration - frames) : 0;
      if (!open || open.sampleRate !== sampleRate || open.planes.length !== channels || open.length + missing + frames > open.capacity) {
        if (open) blocks.push(close(open));
        open = openBlock(packet.timestamp, sampleRate, channels, Math.max(spare, missing + frames));
      }
      open.length += missing;
      for (let c = 0; c < channels; c++) open.planes[c].set(planes[c].subarray(0, frames), open.length);
      open.length += frames;
      spare -= packet.duration;
    }
    if (open) blocks.push(close(open));
    return blocks;
  }

  reset(): void {
    this.#kernel.reset();
    this.#isFresh = true;
    this.#concealedAt = [];
  }

  close(): void {}

  #decodeOrConceal(packet: Packet, open: OpenBlock | undefined) {
    try {
      const decoded = this.#kernel.decode(packet.data);
      this.#isFresh = false;
      return decoded;
    } catch (error) {
      if (!isAulosError(error, 'decode.failed')) throw error;
      this.#countConcealed(packet, error);
      this.#isFresh = true;
      const channels = open?.planes.length ?? this.#config.channels;
      const silence = new Float32Array(packet.duration);
      const sampleRate = open?.sampleRate ?? this.#config.sampleRate;
      return { planes: Array<Float32Array>(channels).fill(silence), frames: packet.duration, channels, sampleRate };
    }
  }

  #countConcealed(packet: Packet, cause: AulosError): void {
    this.#concealed++;
    const since = packet.timestamp - this.#config.sampleRate;
    this.#concealedAt = this.#concealedAt.filter((timestamp) => timestamp > since);
    this.#concealedAt.push(packet.timestamp);
    if (this.#concealedAt.length <= MAX_CONCEALED_PER_SECOND) return;
    throw new AulosError(
      'decode.failed',
      { offset: packet.offset, what: 'too many damaged packets' },
      `more than ${MAX_CONCEALED_PER_SECOND} packets in a second could not be decoded, the last one at byte ${packet.offset}`,
      { cause },
    );
  }
}

interface OpenBlock {
  readonly timestamp: number;
  readonly sampleRate: number;
  readonly planes: Float32Array[];
  readonly capacity: number;
  length: number;
}

function openBlock(timestamp: number, sampleRate: number, channels: number, capacity: number): OpenBlock {
  const planes = Array.from({ length: channels }, () => new Float32Array(capacity));
  return { timestamp, sampleRate, planes, capacity, length: 0 };
}

function close({ timestamp, sampleRate, planes, length, capacity }: OpenBlock): PcmBlock {
  for (const plane of planes) clamp(plane);
  return { timestamp, sampleRate, planes: length === capacity ? planes : planes.map((plane) => plane.slice(0, length)) };
}

/** Bits of 8, the largest magnitude that leaves a decoder. */
const LIMIT_BITS = 0x41000000;

/**
 * Decoders compute ±1.0; damaged input may give anything. The bits of a float without its sign are ordered as its magnitude is, with
 * infinity and NaN on top, so one pass over integers tells, at a quarter of the cost, whether there is anything to clamp.
 */
function clamp(plane: Float32Array): void {
  const bits = new Int32Array(plane.buffer, plane.byteOffset, plane.length);
  let excess = 0;
  for (let i = 0; i < bits.length; i++) excess |= LIMIT_BITS - (bits[i] & 0x7fffffff);
  if (excess >= 0) return;
  for (let i = 0; i < plane.length; i++) plane[i] = Number.isNaN(plane[i]) ? 0 : Math.max(-8, Math.min(8, plane[i]));
}
