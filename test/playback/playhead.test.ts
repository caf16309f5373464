import { expect, test } from 'vitest';
import { playheadAt } from '../../src/playback/playhead.ts';
import { Pump, type PumpReport } from '../../src/playback/pump.ts';

const report: PumpReport = {
  state: 'playing',
  epoch: 1,
  position: 10,
  since: 8,
  rate: 1,
  rateBefore: 0,
  contextTime: 50,
  queuedSeconds: 2,
  renderedFrames: 0,
  underruns: 0,
};

test.each<[what: string, change: Partial<PumpReport>, heardTime: number, position: number]>([
  ['lags by the latency of the output', {}, 49.97, 9.97],
  ['goes on between reports', {}, 51, 11],
  ['does not run past what was queued, when reports stay away', {}, 60, 12],
  ['stands at the beginning of a stretch until that is heard', { since: 10 }, 49.9, 10],
  ['reaches the last frame rendered after a pause', { state: 'paused' }, 49.98, 9.98],
  ['stands still after that', { state: 'paused' }, 70, 10],
  ['stands still while starved', { state: 'starved', queuedSeconds: 0.3 }, 70, 10],
  ['goes as fast as the sound', { rate: 2 }, 50.5, 11],
  ['does not run past what was queued, however fast', { rate: 3 }, 51, 12],
  ['goes at the rate before until the first of another is heard', { rate: 2, rateBefore: 0.5, since: 10 }, 49.9, 9.95],
  ['goes on at one rate from where that is heard', { rate: 2, rateBefore: 1, since: 9 }, 49.6, 9.2],
  ['is at the end when all is played', { state: 'ended' }, 49.9, 10],
])('the playhead %s', (_, change, heardTime, position) => {
  expect(playheadAt({ ...report, ...change }, heardTime)).toBeCloseTo(position, 9);
});

test('whatever part of a second a frame takes, each report tells the same of a moment', () => {
  const RATE = 44_100;
  let frames = 0;
  const feed = {
    epoch: 0,
    queued: RATE,
    isComplete: false,
    get position() {
      return frames / RATE;
    },
    read: ([plane]: readonly Float32Array[]) => (frames += plane.length) && plane.length,
    settle() {},
    finish() {},
  };
  const pump = new Pump(feed, RATE);
  pump.wantsToPlay = true;
  const told = Array.from({ length: 50 }, () => {
    pump.render([new Float32Array(128)]);
    return playheadAt(pump.report(frames / RATE), 0.123_456_7);
  });
  expect(new Set(told)).toEqual(new Set([0.123457]));
});
