import type { AudioSpecificConfig } from '../../demux/audio-specific-config.ts';
import type { Placement, ProgramConfig } from '../../demux/program-config.ts';

/** A channel element that packets have, and the output planes of its channels. */
export interface ElementSlot {
  readonly kind: 'single' | 'pair' | 'lfe';
  /** Which element: its tag where a program_config_element gives tags, else undefined, and those of a kind come in order. */
  readonly tag: number | undefined;
  readonly planes: readonly number[];
}

/** Loudspeakers in the order of WAVE files (and of ffmpeg), in which the planes stand. */
const SPEAKERS = ['FL', 'FR', 'FC', 'LFE', 'BL', 'BR', 'FLC', 'FRC', 'BC', 'SL', 'SR', 'TFL', 'TFR'] as const;
type Speaker = (typeof SPEAKERS)[number];

/**
 * Elements of the fixed layouts by channelConfiguration (ISO/IEC 14496-3 §1.6.3.5), in stream order.
 * 7 is front-wide by the standard; but encoders have always used it for plain 7.1, and decoders (ffmpeg, Apple's) take it for that.
 */
const FIXED_LAYOUTS: Readonly<Record<number, readonly string[]>> = {
  1: ['FC'],
  2: ['FL FR'],
  3: ['FC', 'FL FR'],
  4: ['FC', 'FL FR', 'BC'],
  5: ['FC', 'FL FR', 'BL BR'],
  6: ['FC', 'FL FR', 'BL BR', 'LFE'],
  7: ['FC', 'FL FR', 'SL SR', 'BL BR', 'LFE'],
  11: ['FC', 'FL FR', 'BL BR', 'BC', 'LFE'],
  12: ['FC', 'FL FR', 'SL SR', 'BL BR', 'LFE'],
  14: ['FC', 'FL FR', 'BL BR', 'LFE', 'TFL TFR'],
};

/** Where the elements of a stream go. */
export function layoutOf({ channelConfiguration, program }: AudioSpecificConfig): readonly ElementSlot[] {
  if (program) return programLayout(program);
  const elements = FIXED_LAYOUTS[channelConfiguration].map((element) => element.split(' ') as Speaker[]);
  const present = SPEAKERS.filter((speaker) => elements.flat().includes(speaker));
  return elements.map((speakers) => ({
    kind: speakers.length === 2 ? 'pair' : speakers[0] === 'LFE' ? 'lfe' : 'single',
    tag: undefined,
    planes: speakers.map((speaker) => present.indexOf(speaker)),
  }));
}

/**
 * What the elements in one place of the room are meant for, by their numbers of channels in stream order: front from the middle
 * outwards, back from the sides to the middle.
 */
const PLACED_SPEAKERS: Readonly<Record<Placement, Readonly<Record<string, string>>>> = {
  front: { 1: 'FC', 2: 'FL FR', 12: 'FC FL FR', 22: 'FLC FRC FL FR', 122: 'FC FLC FRC FL FR' },
  side: { 2: 'SL SR' },
  back: { 1: 'BC', 2: 'BL BR', 21: 'BL BR BC', 22: 'SL SR BL BR', 221: 'SL SR BL BR BC' },
  lfe: { 1: 'LFE' },
};

/** A layout that fits no loudspeakers we know keeps the order of the stream, as with ffmpeg. */
function programLayout({ elements, channels }: ProgramConfig): readonly ElementSlot[] {
  const speakers = (['front', 'side', 'back', 'lfe'] as const).flatMap((placement) => {
    const sizes = elements.filter((element) => element.placement === placement).map(({ isPair }) => (isPair ? 2 : 1));
    return (PLACED_SPEAKERS[placement][sizes.join('')]?.split(' ') ?? []) as Speaker[];
  });
  const isKnown = speakers.length === channels && new Set(speakers).size === channels;
  const present = SPEAKERS.filter((speaker) => speakers.includes(speaker));
  let channel = 0;
  const nextPlane = (): number => (isKnown ? present.indexOf(speakers[channel++]) : channel++);
  return elements.map(({ placement, isPair, tag }) => ({
    kind: placement === 'lfe' ? 'lfe' : isPair ? 'pair' : 'single',
    tag,
    planes: isPair ? [nextPlane(), nextPlane()] : [nextPlane()],
  }));
}
