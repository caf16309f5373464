import { describe, expect, it } from 'vitest';
import { PeakLimiter } from '../../../src/playback/effects/peak-limiter.ts';
import { randomFrom } from '../../fakes/noise.ts';

const RATE = 48_000;
const CEILING = 0.9;

function noise(frames: number, seed: number): Float32Array {
  const random = randomFrom(seed);
  return Float32Array.from({ length: frames }, () => 2 * random() - 1);
}

/** Runs `planes` through a limiter in quanta of 128 frames; gives the output without the latency. */
function limit(planes: readonly Float32Array[]): Float32Array[] {
  const limiter = new PeakLimiter(RATE, planes.length, CEILING);
  const frames = planes[0].length;
  const padded = planes.map((plane) => Float32Array.from({ length: frames + limiter.latency }, (_, i) => plane[i] ?? 0));
  const output = padded.map((plane) => new Float32Array(plane.length));
  for (let at = 0; at < padded[0].length; at += 128) {
    const quantum = (list: readonly Float32Array[]) => list.map((plane) => plane.subarray(at, at + 128));
    limiter.process(quantum(padded), quantum(output));
  }
  return output.map((plane) => plane.subarray(limiter.latency));
}

const peakOf = (plane: Float32Array) => plane.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);

describe('a limiter', () => {
  it('gives what is below the ceiling as it came', () => {
    const quiet = noise(RATE, 1).map((sample) => sample * 0.85);
    expect(limit([quiet])[0]).toEqual(quiet);
  });

  it('lets nothing above the ceiling through, and turns both channels down alike', () => {
    const loud = noise(RATE, 2).map((sample, i) => sample * (i % 9_000 < 300 ? 6 : 0.8));
    const soft = noise(RATE, 3).map((sample) => sample * 0.1);
    const [first, second] = limit([loud, soft]);
    expect(peakOf(first)).toBeLessThanOrEqual(CEILING + 1e-6);
    for (let i = 0; i < loud.length; i++) {
      if (Math.abs(loud[i]) > 0.01) expect(Math.abs(second[i] - (soft[i] * first[i]) / loud[i])).toBeLessThan(1e-4);
    }
  });

  it('lets go again, to the very samples', () => {
    const quiet = noise(3 * RATE, 4).map((sample) => sample * 0.5);
    const hit = quiet.slice();
    hit[1_000] = 4;
    const [output] = limit([hit]);
    expect(peakOf(output)).toBeLessThanOrEqual(CEILING + 1e-6);
    expect(output.subarray(2 * RATE)).toEqual(quiet.subarray(2 * RATE));
    expect(output.subarray(0, 700)).toEqual(quiet.subarray(0, 700));
  });

  it('changes the gain without a step', () => {
    const constant = new Float32Array(RATE).fill(0.5);
    constant.fill(1.8, 20_000, 20_010);
    const [output] = limit([constant]);
    for (let i = 1; i < 19_990; i++) expect(Math.abs(output[i] - output[i - 1])).toBeLessThan(0.005);
  });
});
