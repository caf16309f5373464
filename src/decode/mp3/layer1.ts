import { BitReader } from '../../demux/bit-reader.ts';
import type { MpegAudioHeader } from '../../demux/mpeg-audio-header.ts';
import { AulosError } from '../../errors.ts';
import type { Steps } from '../steps.ts';
import { levelOf, PART_SLOTS, SCALE_FACTORS, SUBBANDS, SubbandChannel, sharedFrom } from './subband-samples.ts';

/** The allocation that no frame may have, lest its samples look like a sync word (ISO/IEC 11172-3 §2.4.2.5). */
const FORBIDDEN_ALLOCATION = 15;

/**
 * Decodes layer I frames (ISO/IEC 11172-3 §2.4.1.5, §2.4.3.2): for each subband how many bits a sample has, a scale factor, and twelve
 * samples.
 */
export class Layer1 {
  readonly #reader = new BitReader(() => new AulosError('decode.failed', { what: 'frame size' }, 'a layer I frame ends too early'));
  readonly #channels = [new SubbandChannel(), new SubbandChannel()];

  /** Decodes one frame into `planes`; `offset` is where its bit allocation begins. @throws AulosError `decode.failed`. */
  *decode(header: MpegAudioHeader, data: Uint8Array, offset: number, planes: readonly Float32Array[]): Steps<void> {
    const { channels } = header;
    const shared = channels === 2 ? sharedFrom(header, SUBBANDS) : SUBBANDS;
    this.#reader.load(data);
    this.#reader.skip(offset * 8);
    this.#readAllocation(channels, shared);
    this.#readScaleFactors(channels);
    this.#readSamples(channels, shared);
    yield;
    for (let channel = 0; channel < channels; channel++) {
      const { synthesis, samples } = this.#channels[channel];
      synthesis.synthesise(samples, PART_SLOTS, planes[channel], 0);
    }
  }

  /** Forgets earlier frames. */
  reset(): void {
    for (const { synthesis } of this.#channels) synthesis.reset();
  }

  #readAllocation(channels: number, shared: number): void {
    const [left, right] = this.#channels;
    for (let subband = 0; subband < SUBBANDS; subband++) {
      left.levels[subband] = this.#readLevels();
      right.levels[subband] = channels === 2 && subband < shared ? this.#readLevels() : left.levels[subband];
    }
  }

  /** Allocation 1 is two bits a sample. The code of all ones is not used, so that a level of zero lies in the middle. */
  #readLevels(): number {
    const allocation = this.#reader.bits(4);
    if (allocation === FORBIDDEN_ALLOCATION) {
      throw new AulosError('decode.failed', { what: 'bit allocation' }, 'a layer I frame has the forbidden bit allocation');
    }
    return allocation === 0 ? 0 : 2 ** (allocation + 1) - 1;
  }

  #readScaleFactors(channels: number): void {
    for (let subband = 0; subband < SUBBANDS; subband++) {
      for (let channel = 0; channel < channels; channel++) {
        const { levels, scales } = this.#channels[channel];
        if (levels[subband] > 0) scales[subband] = SCALE_FACTORS[this.#reader.bits(6)];
      }
    }
  }

  #readSamples(channels: number, shared: number): void {
    const [left, right] = this.#channels;
    for (let at = 0; at < PART_SLOTS * SUBBANDS; at++) {
      const subband = at % SUBBANDS;
      const level = this.#readLevel(left.levels[subband]);
      left.samples[at] = level * left.scales[subband];
      if (channels === 1) continue;
      right.samples[at] = (subband < shared ? this.#readLevel(right.levels[subband]) : level) * right.scales[subband];
    }
  }

  #readLevel(levels: number): number {
    return levels === 0 ? 0 : levelOf(this.#reader.bits(32 - Math.clz32(levels)), levels);
  }
}
