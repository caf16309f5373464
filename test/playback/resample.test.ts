import { describe, expect, test } from 'vitest';
import { Resampler } from '../../src/playback/resample.ts';

const sine = (frequency: number, rate: number, seconds: number) =>
  Float32Array.from({ length: rate * seconds }, (_, i) => Math.sin((2 * Math.PI * frequency * i) / rate));

function resample(input: Float32Array, from: number, to: number, cut: number): Float32Array {
  const resampler = new Resampler(from, to, 1);
  const parts: Float32Array[] = [];
  for (let at = 0; at < input.length; at += cut) parts.push(resampler.process([input.subarray(at, at + cut)])[0]);
  parts.push(resampler.finish()[0]);
  const output = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    output.set(part, at);
    at += part.length;
  }
  return output;
}

/** Largest difference away from the ends, where the filter has neighbours on both sides. */
function worst(actual: Float32Array, expected: Float32Array): number {
  let worst = 0;
  for (let i = 500; i < expected.length - 500; i++) worst = Math.max(worst, Math.abs(actual[i] - expected[i]));
  return worst;
}

describe('a resampler', () => {
  test.each([
    [44_100, 48_000],
    [48_000, 44_100],
    [96_000, 44_100],
    [22_050, 48_000],
    [8_000, 44_100],
  ])('turns %i Hz into %i Hz within -80 dB, in time and of the right length', (from, to) => {
    const output = resample(sine(997, from, 1), from, to, 1_000);
    const expected = sine(997, to, 1);
    expect(Math.abs(output.length - expected.length)).toBeLessThanOrEqual(1);
    expect(worst(output, expected)).toBeLessThan(1e-4);
  });

  test('gives the same however the input is cut', () => {
    const input = sine(440, 44_100, 1);
    expect(worst(resample(input, 44_100, 48_000, 37), resample(input, 44_100, 48_000, 44_100))).toBeLessThan(1e-5);
  });

  test('lets nothing alias from above the new band', () => {
    const output = resample(sine(30_000, 96_000, 1), 96_000, 44_100, 4_096);
    expect(worst(output, new Float32Array(44_100))).toBeLessThan(1e-4);
  });

  test('begins anew after a reset', () => {
    const resampler = new Resampler(44_100, 48_000, 1);
    const input = [sine(440, 44_100, 1)];
    const [first] = resampler.process(input);
    resampler.reset();
    expect(resampler.process(input)[0]).toEqual(first);
  });
});
