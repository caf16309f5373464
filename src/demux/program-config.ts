import type { BitReader } from './bit-reader.ts';

/** Where a channel element of a program stands in the room. */
export type Placement = 'front' | 'side' | 'back' | 'lfe';

/** A channel element that a program_config_element announces. */
export interface ProgramElement {
  readonly placement: Placement;
  /** True for a channel_pair_element. */
  readonly isPair: boolean;
  /** element_instance_tag, by which the elements of a packet refer to this one. */
  readonly tag: number;
}

/** A channel layout that is written out in the stream (channelConfiguration 0). */
export interface ProgramConfig {
  /** In stream order: front from the middle outwards, side, back from the sides to the middle, LFE. */
  readonly elements: readonly ProgramElement[];
  readonly channels: number;
  /** The stream mixes coupling channels into others. */
  readonly isCoupled: boolean;
}

/**
 * Reads a program_config_element, comment included (ISO/IEC 14496-3 §4.4.1.1).
 *
 *     tag:4 object_type:2 sampling_frequency_index:4 front:4 side:4 back:4 lfe:2 assoc_data:3 valid_cc:4
 *     mono_mixdown? +4 | stereo_mixdown? +4 | matrix_mixdown? +3
 *     (is_cpe:1 tag:4) × (front + side + back) | tag:4 × lfe | tag:4 × assoc_data | (ind_sw:1 tag:4) × valid_cc
 *     byte alignment | comment bytes:8 | comment
 */
export function readProgramConfig(bits: BitReader): ProgramConfig {
  const program = readProgramFields(bits);
  bits.align();
  bits.skip(bits.bits(8) * 8);
  return program;
}

/** As {@link readProgramConfig}, but stops before the byte alignment. */
export function readProgramFields(bits: BitReader): ProgramConfig {
  bits.bits(4 + 2 + 4);
  const counts = { front: bits.bits(4), side: bits.bits(4), back: bits.bits(4), lfe: bits.bits(2) };
  const associatedData = bits.bits(3);
  const coupling = bits.bits(4);
  for (const size of [4, 4, 3]) if (bits.flag()) bits.bits(size);
  const elements: ProgramElement[] = [];
  for (const placement of ['front', 'side', 'back', 'lfe'] as const)
    for (let i = 0; i < counts[placement]; i++) elements.push({ placement, isPair: placement !== 'lfe' && bits.flag(), tag: bits.bits(4) });
  bits.skip(associatedData * 4 + coupling * 5);
  bits.requireWithinEnd();
  const channels = elements.reduce((sum, { isPair }) => sum + (isPair ? 2 : 1), 0);
  return { elements, channels, isCoupled: coupling > 0 };
}
