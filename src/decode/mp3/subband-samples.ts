import type { MpegAudioHeader } from '../../demux/mpeg-audio-header.ts';
import { SynthesisFilterBank } from './synthesis.ts';

/** Bands of equal width that the synthesis filter bank joins. */
export const SUBBANDS = 32;

/** Time slots that layers I and II decode with one set of scale factors. */
export const PART_SLOTS = 12;

/** By index: 2 · 2^(−i/3) (ISO/IEC 11172-3 table B.1); the last one is reserved. */
export const SCALE_FACTORS = Float64Array.from({ length: 64 }, (_, i) => 2 ** (1 - i / 3));

/**
 * What `code`, one of `levels` evenly spaced ones, stands for before it is scaled, within ±1. The requantisation of ISO/IEC 11172-3
 * §2.4.3.2 (layer I) and the constants C and D of table B.4 (layer II) both come down to this.
 */
export const levelOf = (code: number, levels: number): number => (2 * code + 1 - levels) / levels;

/** The subband from which on, of `subbands` coded ones, both channels share samples and differ in scale factors only (§2.4.2.3). */
export const sharedFrom = ({ isJointStereo, modeExtension }: MpegAudioHeader, subbands: number): number =>
  isJointStereo ? Math.min(subbands, 4 * (modeExtension + 1)) : subbands;

/** The subbands of one channel in a frame of layer I or II. */
export class SubbandChannel {
  /** By subband, the levels that its samples are quantised to; 0 where it is silent. */
  readonly levels = new Uint16Array(SUBBANDS);
  /** By part of the frame × 32 + subband. */
  readonly scales = new Float64Array(3 * SUBBANDS);
  /** Samples of one part, by time slot × 32 + subband. */
  readonly samples = new Float64Array(PART_SLOTS * SUBBANDS);
  readonly synthesis = new SynthesisFilterBank();
}
