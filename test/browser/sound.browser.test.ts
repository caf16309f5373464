import { describe, expect, test } from 'vitest';
import type { Effect } from '../../src/playback/effects/effect.ts';
import { Equalizer } from '../../src/playback/effects/equalizer.ts';
import { Limiter } from '../../src/playback/effects/limiter.ts';
import type { Player, PlayerOptions } from '../../src/playback/player.browser.ts';
import { withIcy } from '../fakes/icy.ts';
import { wavOf } from '../fakes/wav.ts';
import { createPlayer, decoded, modules, next, origin } from './scene.ts';
import { fromFirstSound, Tap } from './tap.ts';

const RATE = 48_000;

function playerOf(options: PlayerOptions = {}): Player {
  const player = createPlayer({ sampleRate: RATE, ...options });
  player.preload = 'auto';
  return player;
}

let tracks = 0;
async function put(seconds: number, sound: (frame: number) => number, texts?: Record<string, string>): Promise<string> {
  const path = `/sound/${++tracks}.wav`;
  const plane = Float32Array.from({ length: seconds * RATE }, (_, i) => sound(i));
  await origin.put(path, { content: wavOf(RATE, [plane], texts), mediaType: 'audio/wav' });
  return `${origin.url}${path}?${Date.now()}`;
}

const sine =
  (hertz: number, height = 0.5) =>
  (frame: number) =>
    height * Math.cos((2 * Math.PI * hertz * frame) / RATE);
/** Every frame tells its number, by which it follows the one before. */
const STEPS = 20_000;
const steps = (frame: number) => (frame % STEPS) / 32_767;

async function until(player: Player, seconds: number): Promise<void> {
  while (player.currentTime < seconds && !player.ended) await new Promise(requestAnimationFrame);
}

/** Hz of a sine, by its rising zero crossings. */
function pitchOf(plane: Float32Array): number {
  const crossings: number[] = [];
  for (let i = 1; i < plane.length; i++) {
    if (plane[i - 1] < 0 && plane[i] >= 0) crossings.push(i - plane[i] / (plane[i] - plane[i - 1]));
  }
  return ((crossings.length - 1) * RATE) / (crossings.at(-1)! - crossings[0]);
}

const indexOf = ({ queue }: Player) => queue.items.indexOf(queue.current!);
const withoutEnd = (plane: Float32Array) => plane.subarray(0, plane.findLastIndex((sample) => sample !== 0) + 1);

/** What was heard until it is as it should be: it comes from the audio thread, later than what the page knows. */
async function collect(tap: Tap, isEnough: (plane: Float32Array) => boolean): Promise<Float32Array[]> {
  const parts: Float32Array[] = [];
  do {
    await new Promise(requestAnimationFrame);
    parts.push(...tap.take().slice(0, 1));
  } while (parts.length === 0 || !isEnough(parts.at(-1)!));
  return [Float32Array.from(parts.flatMap((part) => [...part]))];
}

/** What is heard of the queue at another rate. */
async function heardOf(player: Player, seconds: number): Promise<Float32Array> {
  await player.context.audioWorklet.addModule(modules.rateUrl); // else the first moment may go at rate 1
  await decoded(player, seconds - 0.01);
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'ended');
  return withoutEnd(fromFirstSound(await collect(tap, (plane) => plane.subarray(-128).every((sample) => sample === 0)))[0]);
}

describe(`the rate (isolated: ${globalThis.crossOriginIsolated})`, () => {
  test.each([
    [1.5, true, 440],
    [1.5, false, 660],
    [0.5, true, 440],
  ])('%d, pitch kept %s: a sine of 440 Hz is one of %d Hz', async (rate, preservesPitch, hertz) => {
    const player = playerOf();
    player.defaultPlaybackRate = rate;
    player.preservesPitch = preservesPitch;
    player.src = await put(1, sine(440));
    expect(player.playbackRate).toBe(rate);
    const heard = await heardOf(player, 1);
    expect(heard.length / RATE).toBeCloseTo(1 / rate, 2);
    expect(Math.abs(pitchOf(heard) / hertz - 1)).toBeLessThan(0.01);
    expect([player.currentTime, player.stats.underruns]).toEqual([1, 0]);
    expect(player.played.end(0)).toBe(1);
  });

  test('is changed while it plays, and back at 1 the sound is that of the file, to the bit', async () => {
    const player = playerOf();
    const rates: number[] = [];
    player.addEventListener('ratechange', () => rates.push(player.playbackRate));
    player.src = await put(3, steps);
    await decoded(player, 2.9);
    const tap = await Tap.on(player.node);
    await player.play();
    await until(player, 0.3);
    player.playbackRate = 2;
    await until(player, 1.2);
    tap.take();
    player.playbackRate = 1;
    await until(player, 1.9);
    const [heard] = tap.take();
    const numbers = heard.subarray(-12_000).map((sample) => sample * 32_768);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] + i) % STEPS));
    expect([rates, player.stats.underruns]).toEqual([[2, 1], 0]);
  });

  test('moves the time along, also after a seek, and no step goes back', async () => {
    const player = playerOf();
    player.src = await put(7, sine(300));
    player.playbackRate = 2;
    await decoded(player, 2.5);
    await player.play();
    await until(player, 0.4);
    expect(await player.seek(3)).toBe(3);
    await until(player, 3.3);
    const times = [[player.context.currentTime, player.currentTime]];
    while (player.currentTime < 5.5) {
      await new Promise(requestAnimationFrame);
      if (player.currentTime > 4.5) player.playbackRate = 0.5 + player.currentTime / 4;
      times.push([player.context.currentTime, player.currentTime]);
    }
    const steps = times.slice(1).map(([at, time], i) => [at - times[i][0], time - times[i][1]]);
    expect(steps.filter(([, step]) => step < 0)).toEqual([]);
    const straight = times.filter(([, time]) => time < 4.4);
    const slopeOf = ([[x, y], [toX, toY]]: number[][]) => (toY - y) / (toX - x);
    expect(slopeOf([straight[0], straight.at(-1)!])).toBeCloseTo(2, 1);
  });

  test.each([true, false])('2 (pitch kept: %s) joins tracks without a gap', async (preservesPitch) => {
    const player = playerOf();
    const frames = 0.8 * RATE;
    const urls = [await put(0.8, sine(440)), await put(0.8, (frame) => sine(440)(frames + frame))];
    player.preservesPitch = preservesPitch;
    player.playbackRate = 2;
    player.queue.add(...urls);
    const heard = await heardOf(player, 1.6);
    const quiet = [...heard.keys()].filter(
      (i) => i + 120 < heard.length && heard.subarray(i, i + 120).every((sample) => Math.abs(sample) < 0.3),
    );
    expect(quiet).toEqual([]);
    expect(Math.abs(pitchOf(heard) / (preservesPitch ? 440 : 880) - 1)).toBeLessThan(0.01);
    expect([player.currentTime, indexOf(player)]).toEqual([0.8, 1]);
  });

  test('is refused outside of 0.5 to 3, as HTML says', () => {
    const player = playerOf();
    for (const rate of [0, 0.49, 3.01, -1, Number.NaN, Infinity]) {
      expect(() => Object.assign(player, { playbackRate: rate })).toThrow(expect.objectContaining({ name: 'NotSupportedError' }));
      expect(() => Object.assign(player, { defaultPlaybackRate: rate })).toThrow(expect.objectContaining({ name: 'NotSupportedError' }));
    }
    expect([player.playbackRate, player.defaultPlaybackRate, player.preservesPitch]).toEqual([1, 1, true]);
  });
});

test('effects stand between the node and the speaker, also of another context, and can be taken out', async () => {
  const player = playerOf();
  const equalizer = new Equalizer();
  const limiter = new Limiter({ moduleUrl: new URL('../../src/playback/effects/limiter-worklet.browser.ts', import.meta.url) });
  let taps: Promise<Tap>[] = [];
  /** Tells what comes out of the chain. */
  const end: Effect = {
    attach(context) {
      const node = new GainNode(context);
      taps.push(Tap.on(node));
      return { input: node, output: node };
    },
    detach() {},
  };
  const use = async (...effects: Effect[]) => {
    const { length } = taps;
    player.effects = effects;
    while (taps.length === length) await new Promise(requestAnimationFrame);
  };
  const loudest = async () => {
    const tap = (await taps.at(-1))!;
    tap.take();
    await until(player, player.currentTime + 0.2);
    return Math.max(0, ...(tap.take()[0] ?? []));
  };
  equalizer.gains = equalizer.gains.map((_, band) => (band === 5 ? 12 : 0));
  await use(equalizer, limiter, end);
  player.src = await put(4, sine(1_000));
  await decoded(player, 1);
  await player.play();
  const limited = await loudest();
  expect(limited).toBeGreaterThan(0.85);
  expect(limited).toBeLessThanOrEqual(10 ** (-1 / 20) + 1e-6);
  await use(end);
  expect(await loudest()).toBeCloseTo(0.5, 2);
  player.effects = [];
  while ((await loudest()) > 0); // what was on its way to the tap
  await use(equalizer, end);
  taps = [];
  const { context } = player;
  player.src = `${origin.url}/fixtures/stereo.wav?${Date.now()}`;
  await decoded(player, 1);
  await player.play();
  expect(player.context).not.toBe(context);
  while (taps.length === 0) await new Promise(requestAnimationFrame);
  expect(await loudest()).toBeGreaterThan(0.1);
});

test('ReplayGain multiplies each track by its own factor, exactly up to the junction, and a change is heard at once', async () => {
  const [quieter, louder] = [-6.02, 3.5];
  const gains = (track: number, album: number) => ({
    REPLAYGAIN_TRACK_GAIN: `${track} dB`,
    REPLAYGAIN_ALBUM_GAIN: `${album} dB`,
  });
  const urls = [await put(1, () => 0.25, gains(quieter, -12)), await put(8, () => 0.25, gains(louder, -12))];
  const player = playerOf();
  player.replayGain = 'track';
  player.queue.add(...urls);
  await decoded(player, 2.7);
  const tap = await Tap.on(player.node);
  await player.play();
  await until(player, 0.5);
  const sample = Math.round(0.25 * 32_767) / 32_768;
  const heightAt = (gain: number) => Math.fround(sample * 10 ** (gain / 20));
  while (indexOf(player) === 0 || player.currentTime < 0.3) await new Promise(requestAnimationFrame);
  const [both] = fromFirstSound(tap.take());
  const end = both.lastIndexOf(heightAt(louder)) + 1;
  expect(both.subarray(0, RATE)).toEqual(new Float32Array(RATE).fill(heightAt(quieter)));
  expect(both.subarray(RATE, end)).toEqual(new Float32Array(end - RATE).fill(heightAt(louder)));
  expect(end - RATE).toBeGreaterThan(0.2 * RATE);
  player.replayGain = 'album';
  const [after] = await collect(tap, (plane) => plane.at(-1) === heightAt(-12));
  expect(new Set(after.filter((sample) => sample !== 0))).toEqual(new Set([heightAt(louder), heightAt(-12)]));
});

test('a fade goes evenly, ends when another begins, and leaves the volume where it was told to', async () => {
  const player = playerOf();
  player.src = await put(2, () => 0.5);
  await decoded(player, 1.9);
  const tap = await Tap.on(player.node);
  await player.play();
  await until(player, 0.1);
  tap.take();
  const faded = player.fade(0, 0.3);
  expect(player.volume).toBe(0);
  await faded;
  await until(player, player.currentTime + 0.2);
  const [heard] = tap.take();
  const falling = heard.filter((sample) => sample > 0.01 && sample < 0.49);
  expect(falling.length / RATE).toBeCloseTo(0.29, 1);
  const largestStep = heard.reduce((step, sample, i) => Math.max(step, Math.abs(sample - heard[Math.max(0, i - 1)])), 0);
  expect(largestStep).toBeLessThan(1e-4);
  expect(heard.at(-1)).toBe(0);
  const superseded = player.fade(1, 30);
  player.volume = 0.3;
  await superseded;
  expect(player.volume).toBe(0.3);
  expect(() => player.fade(2, 1)).toThrow(RangeError);
  expect(() => player.fade(1, -1)).toThrow(RangeError);
});

test('an output device that does not exist is refused with its reason, and the one in use stays', async () => {
  const player = playerOf();
  await expect(player.setSinkId('no such device')).rejects.toMatchObject({ code: 'output.device', details: { reason: 'sinkId' } });
  expect(player.sinkId).toBe('');
  await player.setSinkId('');
});

test('what a station says it plays is told when that is heard, and not when it is decoded', async () => {
  const interval = 4_000;
  const file = new Uint8Array(await (await fetch(`${origin.url}/fixtures/mono-48k.mp3`)).arrayBuffer());
  const sound = new Uint8Array(await new Blob(Array.from({ length: 10 }, () => file)).arrayBuffer());
  const titles = ["StreamTitle='One';", '', '', "StreamTitle='Two - ☕';"];
  const headers = { 'icy-name': 'Radio Test', 'icy-metaint': `${interval}` };
  const path = `/station/${crypto.randomUUID()}.mp3`;
  await origin.put(path, { content: withIcy(sound, interval, (number) => titles[number] ?? ''), cors: 'preflighted', headers });
  await origin.fault(path, { chunked: true, ignoreRange: true, times: 1_000 });
  const player = playerOf({ titles: true });
  player.src = origin.url + path;
  while (player.info?.links?.length !== 2) await new Promise(requestAnimationFrame);
  expect([player.duration, player.tags.title]).toEqual([Infinity, player.info.tags.title]);
  const told: [string, boolean][] = [];
  player.addEventListener('tags', ({ detail: { tags } }) => {
    const { start = Infinity } = player.info?.links?.find((link) => link.tags.title === tags.title) ?? {};
    told.push([tags.title, player.currentTime >= start]);
  });
  await player.play();
  while (told.length < 2) await next(player, 'tags');
  expect(told).toEqual([
    ['One', true],
    ['Two - ☕', true],
  ]);
  expect(player.tags.title).toBe('Two - ☕');
});
