import type { ReplayGain, Tags } from '../media.ts';

/** Names as Vorbis comments, TXXX frames, APE items and iTunes' free items have them. */
const NAMES: Readonly<Record<string, keyof ReplayGain>> = {
  replaygain_track_gain: 'trackGain',
  replaygain_track_peak: 'trackPeak',
  replaygain_album_gain: 'albumGain',
  replaygain_album_peak: 'albumPeak',
};

/** RFC 7845 §5.2.1: 256ths of a dB towards −23 LUFS, which is 5 dB below where ReplayGain aims. */
const R128_NAMES: Readonly<Record<string, keyof ReplayGain>> = { r128_track_gain: 'trackGain', r128_album_gain: 'albumGain' };
const R128_BELOW = 5;

/** No honest tag asks for more. */
const MAX_GAIN = 64;
const MAX_PEAK = 64;

/** The loudness that tags tell of (`-3.51 dB`, `0.988`); undefined if they tell nothing that can be believed. */
export function replayGainOf(tags: Tags): ReplayGain | undefined {
  const found: { -readonly [name in keyof ReplayGain]: number } = {};
  for (const [tag, name] of Object.entries(R128_NAMES)) {
    const value = numberIn(tags[tag]);
    if (value !== undefined && Math.abs(value) <= 32_768) found[name] = value / 256 + R128_BELOW;
  }
  for (const [tag, name] of Object.entries(NAMES)) {
    const value = numberIn(tags[tag]);
    if (value !== undefined && isBelievable(name, value)) found[name] = value;
  }
  return Object.keys(found).length > 0 ? found : undefined;
}

const isBelievable = (name: keyof ReplayGain, value: number): boolean =>
  name.endsWith('Peak') ? value >= 0 && value <= MAX_PEAK : Math.abs(value) <= MAX_GAIN;

/** The number that a text begins with; a comma is a decimal point of some programs. */
function numberIn(text = ''): number | undefined {
  const [number] = /^\s*[+-]?(\d+([.,]\d*)?|[.,]\d+)/.exec(text) ?? [];
  return number === undefined ? undefined : Number(number.replace(',', '.'));
}
