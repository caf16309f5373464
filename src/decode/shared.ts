import { createBreather } from '../base/breathe.ts';
import { isAulosError } from '../errors.ts';
import type { CodecConfig, Packet, PcmBlock } from '../media.ts';
import { BlockBuilder } from './block-builder.ts';
import { Concealment } from './concealment.ts';
import type { DecodedFrames, Decoder, PacketDecoder } from './decoder.ts';
import { type Breather, takeCalmly } from './steps.ts';

/** Turns the synchronous kernel of one codec into a {@link Decoder}: batches, conceals, clamps, and lets go of the thread between packets. */
export class SharedDecoder implements Decoder {
  readonly #kernel: PacketDecoder;
  readonly #config: CodecConfig;
  readonly #concealment = new Concealment();
  readonly #breathe: Breather;
  /** Nothing was decoded before the next packet, which may lack its beginning for that. */
  #isFresh = true;

  /** `breathe` may count what has held the thread before. */
  constructor(kernel: PacketDecoder, config: CodecConfig, breathe = createBreather()) {
    this.#kernel = kernel;
    this.#config = config;
    this.#breathe = breathe;
  }

  get concealed(): number {
    return this.#concealment.count;
  }

  async decode(packets: readonly Packet[], signal: AbortSignal): Promise<PcmBlock[]> {
    signal.throwIfAborted();
    const builder = new BlockBuilder();
    let expected = 0;
    for (const packet of packets) expected += packet.duration;
    for (const packet of packets) {
      if (this.#kernel.ready) await this.#kernel.ready;
      const pause = this.#breathe(); // also behind what made the kernel ready
      if (pause) await pause;
      const wasFresh = this.#isFresh;
      const { planes, frames, channels, sampleRate } = await this.#decodeOrConceal(packet, builder);
      const missing = wasFresh ? Math.max(0, packet.duration - frames) : 0;
      builder.append(planes, frames, channels, sampleRate, packet.timestamp, expected, missing);
      expected -= packet.duration;
    }
    return builder.finish();
  }

  reset(): void {
    this.#kernel.reset();
    this.#concealment.reset();
    this.#isFresh = true;
  }

  close(): void {}

  async #decodeOrConceal(packet: Packet, builder: BlockBuilder): Promise<DecodedFrames> {
    try {
      const decoded = await decodeCalmly(this.#kernel, packet.data, this.#breathe);
      this.#isFresh = false;
      return decoded;
    } catch (error) {
      if (!isAulosError(error, 'decode.failed')) throw error;
      this.#concealment.add(packet, this.#config.sampleRate, error);
      this.#isFresh = true;
      const { channels = this.#config.channels, sampleRate = this.#config.sampleRate } = builder;
      const silence = new Float32Array(packet.duration);
      return { planes: Array<Float32Array>(channels).fill(silence), frames: packet.duration, channels, sampleRate };
    }
  }
}

/** Decodes a packet, in steps with a breath between them if the kernel has any. @throws AulosError `decode.failed`. */
export async function decodeCalmly(kernel: PacketDecoder, data: Uint8Array, breathe: Breather): Promise<DecodedFrames> {
  return kernel.decodeInSteps ? takeCalmly(kernel.decodeInSteps(data), breathe) : kernel.decode(data);
}
