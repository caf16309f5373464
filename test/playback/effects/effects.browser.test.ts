import { describe, expect, it } from 'vitest';
import { Balance } from '../../../src/playback/effects/balance.ts';
import type { Effect } from '../../../src/playback/effects/effect.ts';
import { EQUALIZER_BANDS, Equalizer } from '../../../src/playback/effects/equalizer.ts';
import { Limiter } from '../../../src/playback/effects/limiter.ts';

const RATE = 48_000;

/** What a browser makes of `planes` behind `effect`. */
async function render(effect: Effect, planes: readonly Float32Array<ArrayBuffer>[], extraFrames = 0): Promise<Float32Array[]> {
  const length = planes[0].length;
  const context = new OfflineAudioContext(2, length + extraFrames, RATE);
  const buffer = new AudioBuffer({ numberOfChannels: planes.length, length, sampleRate: RATE });
  for (const [channel, plane] of planes.entries()) buffer.copyToChannel(plane, channel);
  const source = new AudioBufferSourceNode(context, { buffer });
  const { input, output } = await effect.attach(context);
  source.connect(input);
  output.connect(context.destination);
  source.start();
  const rendered = await context.startRendering();
  return [0, 1].map((channel) => rendered.getChannelData(channel));
}

const sine = (frequency: number, seconds = 1) =>
  Float32Array.from({ length: seconds * RATE }, (_, i) => 0.1 * Math.sin((2 * Math.PI * frequency * i) / RATE));
const loudness = (plane: Float32Array) => Math.sqrt(plane.slice(plane.length / 2).reduce((sum, sample) => sum + sample * sample, 0));
const decibels = (after: Float32Array, before: Float32Array) => 20 * Math.log10(loudness(after) / loudness(before));

describe('the equalizer', () => {
  it.each([1, 3, 5, 8])('raises and lowers band %d at its centre by what is asked for, and leaves others', async (band) => {
    for (const gain of [12, -9]) {
      const equalizer = new Equalizer();
      equalizer.gains = EQUALIZER_BANDS.map((_, i) => (i === band ? gain : 0));
      const centre = sine(EQUALIZER_BANDS[band]);
      const far = sine(EQUALIZER_BANDS[band >= 5 ? band - 4 : band + 4]);
      expect(decibels((await render(equalizer, [centre]))[0], centre)).toBeCloseTo(gain, 1);
      expect(Math.abs(decibels((await render(equalizer, [far]))[0], far))).toBeLessThan(0.3);
    }
  });

  it('shelves the ends', async () => {
    const equalizer = new Equalizer();
    equalizer.gains = EQUALIZER_BANDS.map((_, i) => (i === 0 ? 6 : i === 9 ? -6 : 0));
    const [low, high] = [sine(10, 2), sine(22_000)];
    expect(decibels((await render(equalizer, [low]))[0], low)).toBeCloseTo(6, 0);
    expect(decibels((await render(equalizer, [high]))[0], high)).toBeCloseTo(-6, 0);
  });

  it('is not heard when it is flat, and refuses what it cannot do', async () => {
    const sound = sine(440);
    const equalizer = new Equalizer();
    const [left] = await render(equalizer, [sound]);
    expect(Math.max(...left.map((sample, i) => Math.abs(sample - sound[i])))).toBeLessThan(1e-5);
    expect(() => Object.assign(equalizer, { gains: [1, 2] })).toThrow(RangeError);
    expect(() => Object.assign(equalizer, { gains: EQUALIZER_BANDS.map(() => 13) })).toThrow(RangeError);
    expect(() => Object.assign(equalizer, { gains: EQUALIZER_BANDS.map(() => Number.NaN) })).toThrow(RangeError);
    expect(equalizer.gains).toEqual(EQUALIZER_BANDS.map(() => 0));
  });
});

describe('the balance', () => {
  const [left, right] = [sine(300), sine(700)];
  it.each([
    [0, false, [1, 0], [0, 1]],
    [-1, false, [1, 0], [0, 0]],
    [0.25, false, [0.75, 0], [0, 1]],
    [0, true, [0.5, 0.5], [0.5, 0.5]],
    [1, true, [0, 0], [0.5, 0.5]],
  ] as const)('%d, mono %s', async (balance, isMono, toLeft, toRight) => {
    const effect = new Balance();
    effect.balance = balance;
    effect.isMono = isMono;
    const rendered = await render(effect, [left, right]);
    for (const [channel, [fromLeft, fromRight]] of [toLeft, toRight].entries()) {
      const error = rendered[channel].map((sample, i) => Math.abs(sample - fromLeft * left[i] - fromRight * right[i]));
      expect(Math.max(...error)).toBeLessThan(1e-6);
    }
  });

  it('refuses what is no balance', () => {
    for (const balance of [1.1, -2, Number.NaN]) expect(() => Object.assign(new Balance(), { balance })).toThrow(RangeError);
  });
});

describe('the limiter', () => {
  const moduleUrl = new URL('../../../src/playback/effects/limiter-worklet.browser.ts', import.meta.url);

  it('gives quiet sound as it came, 239 frames later, and keeps loud sound below its ceiling', async () => {
    const quiet = sine(440);
    const [same] = await render(new Limiter({ moduleUrl }), [quiet, quiet], 239);
    expect(same.subarray(239)).toEqual(quiet);
    const loud = quiet.map((sample) => sample * 30);
    const [limited] = await render(new Limiter({ moduleUrl, ceilingDb: -3 }), [loud, loud], 239);
    expect(Math.max(...limited)).toBeLessThanOrEqual(10 ** (-3 / 20) + 1e-6);
    expect(Math.max(...limited)).toBeGreaterThan(0.65);
  });

  it('refuses a ceiling above full scale', () => {
    expect(() => new Limiter({ ceilingDb: 1 })).toThrow(RangeError);
  });
});
