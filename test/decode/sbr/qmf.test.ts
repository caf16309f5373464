import { describe, expect, it } from 'vitest';
import { dct4 } from '../../../src/decode/aac/sbr/dct4.ts';
import { NOISE } from '../../../src/decode/aac/sbr/noise-table.ts';
import { QmfAnalysis } from '../../../src/decode/aac/sbr/qmf-analysis.ts';
import { QmfSynthesis } from '../../../src/decode/aac/sbr/qmf-synthesis.ts';
import { QMF_WINDOW } from '../../../src/decode/aac/sbr/qmf-window.ts';
import { BANDS, LOW_BANDS, LOW_STRIDE, SLOTS, STRIDE, T_HF_GEN } from '../../../src/decode/aac/sbr/subbands.ts';

const FRAMES = 8;

describe('the QMF banks', () => {
  it('stand on a transform that is the DCT-IV', () => {
    const input = Float64Array.from({ length: 64 }, (_, n) => Math.sin(n * n));
    const output = input.slice();
    dct4(output);
    for (let k = 0; k < 64; k++) {
      const expected = input.reduce((sum, x, n) => sum + x * Math.cos((Math.PI / 64) * (k + 0.5) * (n + 0.5)), 0);
      expect(output[k]).toBeCloseTo(expected, 12);
    }
  });

  it('have a window of which the 320 coefficients with even index are half as much as all 640', () => {
    const sum = (values: Float64Array) => values.reduce((total, value, i) => total + ((i / 128) & 1 ? -value : value), 0);
    const all = sum(QMF_WINDOW);
    const even = sum(QMF_WINDOW.map((value, i) => (i % 2 ? 0 : value)));
    expect(QMF_WINDOW).toHaveLength(640);
    expect(Math.abs(even / all - 0.5)).toBeLessThan(1e-4);
    // Coefficients as the standard has them (table 4.A.87).
    for (const [i, value] of [
      [0, 0],
      [1, -0.0005525286],
      [127, -0.0121849995],
      [128, 0.013271822],
      [256, 0.3611589903],
      [320, 0.85373856],
      [384, -0.3611589903],
      [639, -0.0005525286],
    ])
      expect(QMF_WINDOW[i]).toBeCloseTo(value, 7);
  });

  // The prototype is nearly perfect: its ripple is 0.1 % of the amplitude.
  it.each([
    ['', false, 578, 2],
    [', downsampled', true, 289, 1],
  ])('give back what they split%s', (_, isDownsampled, delay, factor) => {
    const input = Float32Array.from({ length: 1024 * FRAMES }, (_, i) => 0.5 * Math.sin(0.05 * i) + 0.3 * Math.sin(1.3 * i));
    const output = passThrough(input, isDownsampled);
    let signal = 0;
    let error = 0;
    for (let i = 1024; i < input.length - 1024; i++) {
      signal += input[i] ** 2;
      error += (output[i * factor + delay] - input[i]) ** 2;
    }
    expect(10 * Math.log10(signal / error)).toBeGreaterThan(55);
  });

  it('upsample without an image above the band of the core', () => {
    const input = Float32Array.from({ length: 1024 * FRAMES }, (_, i) => Math.sin(1.3 * i));
    const output = passThrough(input, false);
    const amplitudeAt = (angle: number) => {
      let re = 0;
      let im = 0;
      for (let i = 4096; i < 12_288; i++) {
        const hann = Math.sin((Math.PI * (i - 4096)) / 8192) ** 2;
        re += hann * output[i] * Math.cos(angle * i);
        im += hann * output[i] * Math.sin(angle * i);
      }
      return Math.hypot(re, im) / 2048;
    };
    expect(amplitudeAt(0.65)).toBeCloseTo(1, 2);
    expect(20 * Math.log10(amplitudeAt(Math.PI - 0.65))).toBeLessThan(-80);
  });
});

function passThrough(input: Float32Array, isDownsampled: boolean): Float32Array {
  const analysis = new QmfAnalysis();
  const synthesis = new QmfSynthesis(isDownsampled);
  const frame = isDownsampled ? 1024 : 2048;
  const output = new Float32Array(FRAMES * frame);
  const low = [new Float64Array(LOW_BANDS * LOW_STRIDE), new Float64Array(LOW_BANDS * LOW_STRIDE)];
  const all = [new Float64Array(BANDS * STRIDE), new Float64Array(BANDS * STRIDE)];
  for (let i = 0; i < FRAMES; i++) {
    analysis.run(input.subarray(1024 * i, 1024 * (i + 1)), low[0], low[1]);
    for (const part of [0, 1])
      for (let band = 0; band < LOW_BANDS; band++) {
        const at = band * LOW_STRIDE + T_HF_GEN;
        all[part].set(low[part].subarray(at, at + SLOTS), band * STRIDE);
      }
    synthesis.run(all[0], all[1], output.subarray(frame * i, frame * (i + 1)));
  }
  return output;
}

describe('the noise table', () => {
  it('has 512 complex numbers of variance one, as the standard begins and ends', () => {
    expect(NOISE).toHaveLength(1024);
    expect(NOISE.reduce((sum, value) => sum + value * value, 0) / 512).toBeCloseTo(1, 2);
    for (const [i, value] of [
      [0, -0.99948153278296],
      [1, -0.59483417516607],
      [2, 0.97113454393991],
      [3, -0.67528515225647],
    ])
      expect(NOISE[i]).toBeCloseTo(value, 5);
  });
});
