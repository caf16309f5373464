import type { ReplayGain } from '../media.ts';

/** Which loudness is made the same: that of each track, that of albums, or none. */
export type ReplayGainMode = 'off' | 'track' | 'album';

/** What a recording without a gain is taken for, dB: no louder than most that have one. */
const UNKNOWN_DB = -6;

/**
 * The factor by which the samples of a track are multiplied (ReplayGain 2.0). The album's gain stands in for the track's where that is
 * missing, and the other way round; a known peak keeps the factor below clipping.
 */
export function replayGainFactor({ trackGain, albumGain, trackPeak, albumPeak }: ReplayGain = {}, mode: ReplayGainMode): number {
  if (mode === 'off') return 1;
  const isAlbum = mode === 'album' ? albumGain !== undefined : trackGain === undefined;
  const gain = (isAlbum ? albumGain : trackGain) ?? UNKNOWN_DB;
  const peak = (isAlbum ? albumPeak : trackPeak) ?? trackPeak ?? albumPeak ?? 0;
  const factor = 10 ** (gain / 20);
  return peak * factor > 1 ? 1 / peak : factor;
}
