import type { AudioSpecificConfig } from '../../../demux/audio-specific-config.ts';
import type { BitReader } from '../../../demux/bit-reader.ts';
import type { DecodedFrames } from '../../decoder.ts';
import type { Steps } from '../../steps.ts';
import type { ElementSlot } from '../channel-layout.ts';
import type { ParametricStereo } from '../ps/stereo.ts';
import { SbrElement } from './element.ts';

/** A channel element, and the planes that it is decoded to in the end. */
interface Element {
  readonly slot: ElementSlot;
  readonly outputs: readonly number[];
  readonly sbr: SbrElement;
}

/** What makes HE-AAC of a decoded AAC core: spectral band replication (ISO/IEC 14496-3 §4.6.18) and parametric stereo (§8.6.4). */
export class SbrDecoder {
  readonly #core: readonly Float32Array[];
  readonly #elements: readonly Element[];
  readonly #frames: DecodedFrames;

  /**
   * `core` are the planes that the core is decoded to; `slots` say which of them belong together. The tools of parametric stereo are a chunk
   * of their own, which is loaded for a stream that has it. Rejects if it cannot be.
   */
  static async create(audio: AudioSpecificConfig, slots: readonly ElementSlot[], core: readonly Float32Array[]): Promise<SbrDecoder> {
    const stereo = audio.hasParametricStereo ? new (await import('../ps/stereo.ts')).ParametricStereo() : undefined;
    return new SbrDecoder(audio, slots, core, stereo);
  }

  /** Parametric stereo is of one single channel. */
  private constructor(
    { sampleRate, decoded }: AudioSpecificConfig,
    slots: readonly ElementSlot[],
    core: readonly Float32Array[],
    stereo: ParametricStereo | undefined,
  ) {
    this.#core = core;
    this.#elements = slots.map((slot) => ({
      slot,
      sbr: new SbrElement(slot.planes.length, 2 * sampleRate, decoded.replication === 'downsampled', stereo),
      outputs: stereo ? [0, 1] : slot.planes,
    }));
    const { channels, framesPerPacket: frames } = decoded;
    const planes = Array.from({ length: channels }, () => new Float32Array(frames));
    this.#frames = { planes, frames, channels, sampleRate: decoded.sampleRate };
  }

  /** Reads what the packet has for the element in `slot`, from behind extension_type up to bit `end`. */
  read(slot: ElementSlot, bits: BitReader, end: number, hasCrc: boolean): void {
    this.#elements.find((element) => element.slot === slot)?.sbr.read(bits, end, hasCrc);
  }

  /** Decodes a packet once its core has been decoded; the frames are valid until the next call. */
  *run(): Steps<DecodedFrames> {
    const { planes } = this.#frames;
    for (const { slot, outputs, sbr } of this.#elements)
      yield* sbr.run(
        slot.planes.map((plane) => this.#core[plane]),
        outputs.map((plane) => planes[plane]),
      );
    return this.#frames;
  }

  /** Forgets earlier packets. */
  reset(): void {
    for (const { sbr } of this.#elements) sbr.reset();
  }
}
