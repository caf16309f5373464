import { BitReader } from '../../demux/bit-reader.ts';
import type { MpegAudioHeader } from '../../demux/mpeg-audio-header.ts';
import { AulosError } from '../../errors.ts';
import type { Steps } from '../steps.ts';
import { type Allocation, allocationsOf } from './layer2-allocation.ts';
import { levelOf, PART_SLOTS, SCALE_FACTORS, SUBBANDS, SubbandChannel, sharedFrom } from './subband-samples.ts';

/** Parts of a frame that each may have scale factors of their own. */
const PARTS = 3;

/** By scfsi (ISO/IEC 11172-3 §2.4.2.6): which of the scale factors sent each part has. */
const SCALE_FACTOR_OF_PART = [
  [0, 1, 2],
  [0, 0, 1],
  [0, 0, 0],
  [0, 1, 1],
];

/** By levels, the bits of one code for three samples, where that takes fewer than three codes (§2.4.3.3.4). */
const GROUPED_BITS: Readonly<Record<number, number>> = { 3: 5, 5: 7, 9: 10 };

/**
 * Decodes layer II frames (ISO/IEC 11172-3 §2.4.1.6, §2.4.3.3; 13818-3 §2.4 for the lower rates): for each subband the levels of its
 * samples, which of its parts share scale factors, those, and three parts of twelve samples, three at a time.
 */
export class Layer2 {
  readonly #reader = new BitReader(() => new AulosError('decode.failed', { what: 'frame size' }, 'a layer II frame ends too early'));
  readonly #channels = [new SubbandChannel(), new SubbandChannel()];
  /** By subband × 2 + channel. */
  readonly #selections = new Uint8Array(2 * SUBBANDS);
  /** The three samples that were read last, before scaling. */
  readonly #triple = new Float64Array(3);

  /** Decodes one frame into `planes`; `offset` is where its bit allocation begins. @throws AulosError `decode.failed`. */
  *decode(header: MpegAudioHeader, data: Uint8Array, offset: number, planes: readonly Float32Array[]): Steps<void> {
    const { channels } = header;
    const allocations = allocationsOf(header);
    const shared = channels === 2 ? sharedFrom(header, allocations.length) : SUBBANDS;
    this.#reader.load(data);
    this.#reader.skip(offset * 8);
    this.#readAllocation(allocations, channels, shared);
    this.#readScaleFactors(channels);
    for (let part = 0; part < PARTS; part++) {
      for (let slot = 0; slot < PART_SLOTS; slot += 3) this.#readTriples(part, slot, channels, shared);
      yield;
      for (let channel = 0; channel < channels; channel++) {
        const { synthesis, samples } = this.#channels[channel];
        synthesis.synthesise(samples, PART_SLOTS, planes[channel], part * PART_SLOTS * SUBBANDS);
      }
    }
  }

  /** Forgets earlier frames. */
  reset(): void {
    for (const { synthesis } of this.#channels) synthesis.reset();
  }

  #readAllocation(allocations: readonly Allocation[], channels: number, shared: number): void {
    const [left, right] = this.#channels;
    for (const { levels } of this.#channels) levels.fill(0);
    for (const [subband, { bits, levels }] of allocations.entries()) {
      left.levels[subband] = levels[this.#reader.bits(bits)];
      right.levels[subband] = channels === 2 && subband < shared ? levels[this.#reader.bits(bits)] : left.levels[subband];
    }
  }

  #readScaleFactors(channels: number): void {
    const reader = this.#reader;
    for (let subband = 0; subband < SUBBANDS; subband++) {
      for (let channel = 0; channel < channels; channel++) {
        if (this.#channels[channel].levels[subband] > 0) this.#selections[subband * 2 + channel] = reader.bits(2);
      }
    }
    for (let subband = 0; subband < SUBBANDS; subband++) {
      for (let channel = 0; channel < channels; channel++) {
        const { levels, scales } = this.#channels[channel];
        if (levels[subband] === 0) continue;
        const ofPart = SCALE_FACTOR_OF_PART[this.#selections[subband * 2 + channel]];
        for (let part = 0; part < PARTS; part++) {
          const isSent = part === 0 || ofPart[part] !== ofPart[part - 1];
          scales[part * SUBBANDS + subband] = isSent ? SCALE_FACTORS[reader.bits(6)] : scales[(part - 1) * SUBBANDS + subband];
        }
      }
    }
  }

  /** Reads the samples of three time slots of `part`, from `slot` on. */
  #readTriples(part: number, slot: number, channels: number, shared: number): void {
    for (let subband = 0; subband < SUBBANDS; subband++) {
      for (let channel = 0; channel < channels; channel++) {
        const { levels, scales, samples } = this.#channels[channel];
        if (channel === 0 || subband < shared) this.#readTriple(levels[subband]);
        const scale = scales[part * SUBBANDS + subband];
        for (let i = 0; i < 3; i++) samples[(slot + i) * SUBBANDS + subband] = this.#triple[i] * scale;
      }
    }
  }

  #readTriple(levels: number): void {
    const triple = this.#triple;
    if (levels === 0) {
      triple.fill(0);
      return;
    }
    const groupedBits = GROUPED_BITS[levels];
    if (!groupedBits) {
      const bits = 32 - Math.clz32(levels);
      for (let i = 0; i < 3; i++) triple[i] = levelOf(this.#reader.bits(bits), levels);
      return;
    }
    // Three digits to the base `levels`, the lowest first.
    let code = this.#reader.bits(groupedBits);
    for (let i = 0; i < 3; i++) {
      triple[i] = levelOf(code % levels, levels);
      code = Math.floor(code / levels);
    }
  }
}
