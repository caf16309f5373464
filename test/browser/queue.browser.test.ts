import { describe, expect, test } from 'vitest';
import type { Player, PlayerOptions } from '../../src/playback/player.browser.ts';
import { wavOf } from '../fakes/wav.ts';
import { createPlayer, decoded, next, origin } from './scene.ts';
import { fromFirstSound, Tap } from './tap.ts';

/** Of `halves/whole.wav`: its rate, its frames, and where it is cut. */
const [RATE, WHOLE, CUT] = [48_000, 96_000, 45_237];

const playerOf = (options: PlayerOptions = {}) => createPlayer({ sampleRate: RATE, ...options });

let copies = 0;
const half = (number: 1 | 2, extension: string, query = '') =>
  `${origin.url}/fixtures/halves/${number}.${extension}?copy=${Date.now()}-${++copies}${query}`;

const whole = await (async () => {
  const samples = new Int16Array((await (await fetch(`${origin.url}/fixtures/halves/whole.wav`)).arrayBuffer()).slice(44));
  return [0, 1].map((c) => Float32Array.from({ length: WHOLE }, (_, i) => samples[2 * i + c] / 32_768));
})();

/** Serves a WAV of these channels at a path of its own. */
async function put(sampleRate: number, ...planes: Float32Array[]): Promise<string> {
  const path = `/queue/${crypto.randomUUID()}.wav`;
  await origin.put(path, { content: wavOf(sampleRate, planes), mediaType: 'audio/wav' });
  return origin.url + path;
}

/** dB of `actual` against `expected` between two frames; Infinity when they are equal. */
function fidelity(actual: Float32Array, expected: Float32Array, from: number, to: number): number {
  let squares = 0;
  for (let i = from; i < to; i++) squares += (actual[i] - expected[i]) ** 2;
  return -10 * Math.log10(squares / (to - from));
}

/** Where the sound begins. */
const firstFrame = (planes: readonly Float32Array[]) => planes[0].length - fromFirstSound(planes)[0].length;

/** Plays the queue to its end; gives what was heard from the first sound on, and what changed. */
async function heardOf(player: Player, ...urls: string[]): Promise<{ sound: Float32Array[]; changes: string[] }> {
  const changes: string[] = [];
  player.preload = 'auto';
  player.queue.add(...urls);
  await decoded(player, WHOLE / RATE - 0.001);
  for (const name of ['trackchange', 'ended', 'pause', 'waiting', 'emptied'] as const) {
    player.addEventListener(name, () => changes.push(name === 'trackchange' ? `${name} ${player.src === urls[1]}` : name));
  }
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'ended');
  return { sound: fromFirstSound(tap.take()), changes };
}

describe(`one signal cut in two, queued (isolated: ${globalThis.crossOriginIsolated})`, () => {
  const first = [
    ['wav', Infinity],
    ['mp3', 38],
  ] as const;
  const others = [
    ['flac', Infinity],
    ['m4a', 28],
    ['opus', 38],
    ['ogg', 38],
  ] as const;
  // With shared memory only the way of the sound is another, so that two of them tell as much.
  test.each(globalThis.crossOriginIsolated ? first : [...first, ...others])(
    '%s: no sample is lost or added in what comes out of the speaker',
    async (extension, atLeastDb) => {
      const player = playerOf();
      const { sound, changes } = await heardOf(player, half(1, extension), half(2, extension));
      const db = Math.min(...sound.map((plane, c) => fidelity(plane, whole[c], CUT - 1_200, CUT + 1_200)));
      console.log(`${extension}: ${db.toFixed(1)} dB`);
      expect(db).toBeGreaterThanOrEqual(atLeastDb);
      for (const shift of [-1, 1]) {
        const behind = (by: number) => fidelity(sound[0].subarray(CUT + by), whole[0].subarray(CUT), 1_200, 2_400);
        expect(behind(shift)).toBeLessThan(behind(0) - 3);
      }
      expect(sound[0].subarray(WHOLE).some((sample) => sample !== 0)).toBe(false);
      expect(changes).toEqual(['trackchange true', 'pause', 'ended']);
      expect(player.stats.underruns).toBe(0);
      expect(player.currentTime).toBeCloseTo((WHOLE - CUT) / RATE, 3);
      expect(player.duration).toBeCloseTo((WHOLE - CUT) / RATE, 3);
    },
  );
});

test('a track that is taken out of the queue when it is decoded already is not heard, and no sample of the others is lost', async () => {
  const player = playerOf();
  player.preload = 'auto';
  player.queue.add(half(1, 'wav'), { id: 'wrong', url: half(1, 'flac') }, half(2, 'wav'));
  await decoded(player, (WHOLE + CUT) / RATE - 0.001);
  player.queue.remove('wrong');
  await decoded(player, WHOLE / RATE - 0.001);
  while (Math.abs(player.stats.aheadSeconds - WHOLE / RATE) > 0.001) await new Promise(requestAnimationFrame);
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'ended');
  const sound = tap.take();
  const start = firstFrame(sound);
  expect(fidelity(sound[1].subarray(start), whole[1], 0, WHOLE - 6_000)).toBe(Infinity); // the last words of the tap may be on their way
  expect(player.queue.current?.url).toContain('/2.wav');
});

test('a seek to the very end while paused stays there, and what follows is heard from its first sample when it plays', async () => {
  const player = playerOf();
  player.preload = 'auto';
  player.queue.add(half(1, 'wav'), half(2, 'wav'));
  await decoded(player, WHOLE / RATE - 0.001);
  await player.seek(player.duration);
  await decoded(player, (WHOLE - CUT) / RATE - 0.001);
  expect([player.currentTime, player.ended, player.queue.current]).toEqual([CUT / RATE, false, player.queue.items[0]]);
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'ended');
  expect(player.queue.current).toBe(player.queue.items[1]);
  const sound = await tap.sound(WHOLE - CUT);
  expect(fidelity(sound[1], whole[1].subarray(CUT), 0, WHOLE - CUT)).toBe(Infinity);
});

test('tracks fade into each other at equal power, and the second begins that much sooner', async () => {
  const [fade, first, second] = [0.2, 0.4, 0.5].map((seconds) => seconds * RATE);
  const level = (frames: number) => new Float32Array(frames).fill(0.5);
  const player = playerOf();
  player.preload = 'auto';
  player.crossfade = fade / RATE;
  player.queue.add(await put(RATE, level(first), new Float32Array(first)), await put(RATE, new Float32Array(second), level(second)));
  await decoded(player, (first + second - fade) / RATE - 0.001);
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'ended');
  const length = first + second - fade;
  const [left, right] = await tap.sound(length);
  const height = left[0];
  expect(height).toBeCloseTo(0.5, 3);
  const powers = left.map((sample, i) => Math.hypot(sample, right[i]));
  expect(Math.max(...powers.map((power) => Math.abs(power - height)))).toBeLessThan(1e-4);
  expect([left.findIndex((sample) => sample < height), left.findLastIndex((sample) => sample > 1e-3)]).toEqual([
    expect.closeTo(first - fade, -2),
    expect.closeTo(first, -2),
  ]);
  expect([right.subarray(0, first - fade), right.subarray(first)]).toEqual([
    level(first - fade).fill(0),
    level(second - fade).fill(height),
  ]);
  expect([player.currentTime, player.stats.underruns]).toEqual([expect.closeTo(second / RATE, 9), 0]);
});

test('a track of another rate follows without a gap, at its own pitch', async () => {
  const seconds = 0.4;
  const sine = (rate: number, duration: number) =>
    Float32Array.from({ length: duration * rate }, (_, i) => 0.5 * Math.cos((2 * Math.PI * 450 * i) / rate));
  const player = playerOf();
  player.preload = 'auto';
  player.queue.add(await put(RATE, sine(RATE, seconds)), await put(44_100, sine(44_100, seconds)));
  await decoded(player, 2 * seconds - 0.001);
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'ended');
  const [expected, at] = [sine(RATE, 2 * seconds), seconds * RATE];
  const [heard] = await tap.sound(expected.length - 64);
  expect(fidelity(heard, expected, 0, at - 64)).toBeGreaterThan(90);
  expect(fidelity(heard, expected, at - 64, at + 64)).toBeGreaterThan(40);
  expect(fidelity(heard, expected, at + 64, heard.length)).toBeGreaterThan(90);
  expect([player.context.sampleRate, player.duration, player.stats.underruns]).toEqual([RATE, seconds, 0]);
});

test('next, previous and a pick in the queue say why the track changed, and what plays goes on', async () => {
  const player = playerOf();
  const reasons: string[] = [];
  player.addEventListener('trackchange', ({ detail }) => reasons.push(`${detail.previous?.id} ${detail.item?.id} ${detail.reason}`));
  player.queue.add(...['a', 'b', 'c'].map((id) => ({ id, url: `${origin.url}/fixtures/stereo.flac?copy=${id}${Date.now()}` })));
  await player.play();
  expect(player.next()).toBe(true);
  await next(player, 'playing');
  expect(player.previous()).toBe(true);
  await next(player, 'playing');
  player.queue.pick('c');
  await next(player, 'playing');
  expect(player.next()).toBe(false);
  await player.seek(4);
  expect(player.previous()).toBe(true); // later than three seconds: to the beginning
  expect(await player.seek(0)).toBe(0);
  expect([player.paused, player.queue.current?.id]).toEqual([false, 'c']);
  expect(reasons).toEqual(['undefined a picked', 'a b next', 'b a previous', 'a c picked']);
  player.src = `${origin.url}/fixtures/mono-48k.flac`;
  expect([player.paused, player.queue.items.length, player.queue.current?.url]).toEqual([true, 1, player.src]);
});

test('a next track that never answers delays no other, and one that fails says so when its turn comes', async () => {
  await origin.fault('/hangs.flac', { stallAfter: -1, times: 1_000 });
  const player = playerOf();
  const events: string[] = [];
  for (const name of ['trackchange', 'error', 'playing'] as const) {
    player.addEventListener(name, () => events.push(`${name} ${player.queue.current?.id}`));
  }
  player.queue.add({ id: 'a', url: half(1, 'wav') }, { id: 'hangs', url: `${origin.url}/hangs.flac` }, { id: 'b', url: half(2, 'wav') });
  player.queue.add({ id: 'missing', url: `${origin.url}/missing-${Date.now()}.flac` });
  await player.play();
  while (player.phase !== 'complete') await next(player, 'phase');
  player.queue.pick('b');
  await new Promise((resolve) => player.addEventListener('error', resolve, { once: true }));
  expect(events).toEqual(['trackchange a', 'playing a', 'trackchange b', 'playing b', 'trackchange missing', 'error missing']);
  expect(player.error?.code).toBe('http.status');
});

test('a looping track goes round without a gap, and tells it as a seek', async () => {
  const player = playerOf();
  player.preload = 'auto';
  player.loop = true;
  player.queue.add(half(1, 'wav'));
  await decoded(player, (3 * CUT) / RATE);
  const events: string[] = [];
  for (const name of ['trackchange', 'seeking', 'seeked', 'ended'] as const) player.addEventListener(name, () => events.push(name));
  const tap = await Tap.on(player.node);
  await player.play();
  await next(player, 'seeked');
  await next(player, 'seeked');
  player.pause();
  const sound = tap.take();
  const start = firstFrame(sound);
  for (const round of [0, 1]) {
    expect(fidelity(sound[1].subarray(start + round * CUT), whole[1], 0, CUT - 100)).toBe(Infinity);
  }
  expect(events).toEqual(['seeking', 'seeked', 'seeking', 'seeked']);
});

test('a part that loops goes round without a gap', async () => {
  const [start, end] = [0.2 * RATE, 0.6 * RATE];
  const player = playerOf();
  player.preload = 'auto';
  player.queue.add(half(1, 'wav'));
  player.loop = { start: start / RATE, end: end / RATE };
  await decoded(player, 1.5);
  const tap = await Tap.on(player.node);
  await player.play();
  for (let round = 0; round < 3; round++) await next(player, 'seeked');
  player.pause();
  const sound = await tap.sound(end + 2 * (end - start));
  for (const round of [0, 1, 2]) {
    const from = round * (end - start);
    expect(fidelity(sound[1].subarray(start + from), whole[1].subarray(start), 0, end - start)).toBe(Infinity);
  }
  expect(fidelity(sound[1], whole[1], 0, start)).toBe(Infinity);
});
