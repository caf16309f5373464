import { expect, test } from 'vitest';
import { replayGainFactor } from '../../src/playback/replay-gain.ts';

const db = (factor: number) => 20 * Math.log10(factor);

test.each([
  ['off', { trackGain: -9, albumGain: -7 }, 0],
  ['track', { trackGain: -9, albumGain: -7 }, -9],
  ['album', { trackGain: -9, albumGain: -7 }, -7],
  ['album', { trackGain: -9 }, -9],
  ['track', { albumGain: -7 }, -7],
  ['track', {}, -6],
  ['track', undefined, -6],
  ['track', { trackGain: 6, trackPeak: 0.4 }, 6],
  ['track', { trackGain: 6, trackPeak: 0.8 }, db(1 / 0.8)],
  ['album', { albumGain: 6, trackPeak: 0.2, albumPeak: 1 }, 0],
] as const)('%s of %o is %d dB', (mode, gains, expected) => {
  expect(db(replayGainFactor(gains, mode))).toBeCloseTo(expected, 9);
});
