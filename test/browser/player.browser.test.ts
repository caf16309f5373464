import { describe, expect, test } from 'vitest';
import type { Player } from '../../src/playback/player.browser.ts';
import { psnr } from '../fakes/pcm.ts';
import { createPlayer, decoded, expectedPlanes, fixtures, freshUrl, modules, next, origin, until } from './scene.ts';
import { fromFirstSound, Tap } from './tap.ts';

async function load(player: Player, url: string): Promise<void> {
  const known = next(player, 'loadedmetadata');
  player.src = url;
  await known;
}

/** Keeps the main thread busy. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** With shared memory only the way of the sound is another, so that a few of them tell as much. */
const heardHere = globalThis.crossOriginIsolated ? ['stereo.wav', 'mono-48k.mp3', 'stereo.flac'] : Object.keys(fixtures);

const isLossless = (name: string) => /\.(wav|flac)$/.test(name);

describe('what comes out of the speaker', () => {
  test.each(heardHere)('is what ffmpeg decodes of %s', async (name) => {
    const player = createPlayer();
    player.preload = 'auto';
    await load(player, freshUrl(name));
    expect(player.context.sampleRate).toBe(fixtures[name].sampleRate);
    await decoded(player, 1);
    const tap = await Tap.on(player.node);
    await player.play();
    const heard = await tap.sound(fixtures[name].sampleRate / 4);
    const expected = fromFirstSound(await expectedPlanes(name)).map((plane) => plane.subarray(0, heard[0].length));
    expect(player.stats.underruns).toBe(0); // a hole would shift what follows it
    expect(psnr(heard, expected)).toBeGreaterThan(isLossless(name) ? 200 : 90);
  });

  test('begins at the first frame and ends with the last', async () => {
    const player = createPlayer();
    await load(player, freshUrl('mono-48k.flac'));
    const tap = await Tap.on(player.node);
    void player.play();
    await next(player, 'ended');
    const expected = fromFirstSound(await expectedPlanes('mono-48k.flac'));
    const heard = fromFirstSound(tap.take());
    expect(heard[0].length).toBeGreaterThanOrEqual(expected[0].length);
    expect(psnr(heard, [expected[0], expected[0]])).toBe(Number.POSITIVE_INFINITY);
    expect(heard[0].subarray(expected[0].length).some((sample) => sample !== 0)).toBe(false);
    expect(player.currentTime).toBe(3);
    expect(player.played.length).toBe(1);
    expect([player.ended, player.paused, player.stats.underruns]).toEqual([true, true, 0]);
  });
});

test(`has no hole while the page is busy for a second at a time (isolated: ${globalThis.crossOriginIsolated})`, async () => {
  const player = createPlayer();
  await load(player, freshUrl('stereo.flac', '&rate=70000')); // 45,000 would do: the rest of the file comes while the page is busy
  const tap = await Tap.on(player.node);
  await player.play();
  for (const seconds of [0.3, 1.5, 2.7]) {
    await until(player, seconds);
    block(1_000);
  }
  const heard = await tap.sound(3.7 * 44_100);
  const expected = fromFirstSound(await expectedPlanes('stereo.flac')).map((plane) => plane.subarray(0, heard[0].length));
  expect(psnr(heard, expected)).toBe(Number.POSITIVE_INFINITY);
  expect(player.stats.underruns).toBe(0);
});

describe('seeking', () => {
  test('lands on the very sample', async () => {
    const player = createPlayer();
    await load(player, freshUrl('stereo.flac'));
    const tap = await Tap.on(player.node);
    await player.play();
    await until(player, 0.3);
    tap.take();
    player.pause();
    expect(await player.seek(4.2)).toBe(4.2);
    expect(player.currentTime).toBe(4.2);
    tap.take();
    await player.play();
    await until(player, 5);
    const at = Math.round(4.2 * 44_100);
    const expected = (await expectedPlanes('stereo.flac')).map((plane) => plane.subarray(at, at + 22_050));
    expect(psnr(fromFirstSound(tap.take()), fromFirstSound(expected))).toBe(Number.POSITIVE_INFINITY);
  });

  test('several times at once, the last one wins', async () => {
    const player = createPlayer();
    await load(player, freshUrl('cbr.mp3'));
    const outcomes = [1, 5, 2].map((seconds) => player.seek(seconds));
    await expect(outcomes[0]).rejects.toMatchObject({ name: 'AbortError' });
    await expect(outcomes[1]).rejects.toMatchObject({ name: 'AbortError' });
    expect(await outcomes[2]).toBeCloseTo(2, 3);
    expect([player.seeking, player.paused]).toEqual([false, true]);
    expect(player.currentTime).toBeCloseTo(2, 3);
  });

  test('works before the head is known, and after the end', async () => {
    const player = createPlayer();
    player.src = freshUrl('mono-48k.wav');
    expect(await player.seek(2.8)).toBeCloseTo(2.8, 5);
    void player.play();
    await next(player, 'ended');
    expect(await player.seek(1)).toBe(1);
    expect(player.ended).toBe(false);
    await player.play();
    await until(player, 1.2);
    expect(player.stats.underruns).toBe(0);
  });
});

test('a track that was heard plays again when its origin is down', async () => {
  const path = await origin.copy('vbr.mp3');
  const url = `${origin.url}${path}`;
  const first = createPlayer();
  await load(first, url);
  while (first.phase !== 'complete') await next(first, 'phase');
  await first.close();
  await origin.fault(path, { times: 1_000, cutAfter: -1 });
  const again = createPlayer({ workerUrl: new URL('?anew', modules.workerUrl) }); // a worker that has nothing in memory
  again.src = url;
  await again.play();
  await until(again, 0.5);
  expect(again.stats.networkBytes).toBe(0);
  expect(again.phase).toBe('complete');
});

test('a network that is too slow is told as waiting, and never as playing', async () => {
  const player = createPlayer();
  const events: string[] = [];
  for (const name of ['playing', 'waiting'] as const) player.addEventListener(name, () => events.push(name));
  player.src = freshUrl('stereo.flac', '&rate=35000'); // of some 45,000 that it takes
  await player.play();
  await next(player, 'waiting');
  expect(player.readyState).toBeLessThan(3);
  const stuckAt = player.currentTime;
  expect(player.stats.underruns).toBeGreaterThan(0);
  await next(player, 'playing');
  expect(player.currentTime).toBeGreaterThanOrEqual(stuckAt);
  expect(events).toEqual(['waiting', 'playing', 'waiting', 'playing']);
});

describe('what cannot be played is told by an error event', () => {
  test.each([
    ['a missing file', '/nothing-here.mp3', undefined, 'http.status'],
    ['a page', '/page.mp3', { content: new TextEncoder().encode('<!doctype html>'), mediaType: 'text/html' }, 'media.unsupported'],
    ['garbage', '/garbage.mp3', { content: { size: 100_000 } }, 'media.malformed'],
    ['nothing at all', '/empty.mp3', { content: { size: 0 } }, 'media.truncated'],
    [
      'a format without a demuxer',
      '/some.webm',
      { content: Uint8Array.of(0x1a, 0x45, 0xdf, 0xa3, ...new Uint8Array(96)) },
      'media.unsupported',
    ],
  ])('%s', async (_, path, resource, code) => {
    if (resource) await origin.put(path, resource);
    const player = createPlayer();
    const failed = next(player, 'error');
    player.src = origin.url + path;
    const playing = player.play();
    await expect(playing).rejects.toMatchObject({ code });
    await failed;
    expect(player.error?.code).toBe(code);
    expect(player.networkState).toBe(3);
  });

  test.each(['http://', 'ftp://host/file.mp3'])('%s, which is no address of a file on the web', async (src) => {
    const player = createPlayer();
    const failed = next(player, 'error');
    player.src = src;
    await expect(player.play()).rejects.toMatchObject({ code: 'input.invalid' });
    await failed;
    expect(player.error?.code).toBe('input.invalid');
  });
});

test('after a failure it plays what is decoded, and pauses there', async () => {
  const path = await origin.copy('stereo.flac');
  await origin.fault(path, { cutAfter: 100_000 }, { times: 1_000, status: 404 });
  const url = `${origin.url}${path}?rate=150000`;
  const player = createPlayer();
  const events: string[] = [];
  for (const name of ['error', 'pause', 'ended'] as const) player.addEventListener(name, () => events.push(name));
  let underruns = Number.NaN;
  player.addEventListener('error', () => {
    underruns = player.stats.underruns;
  });
  const pausing = new Promise((resolve) => player.addEventListener('pause', resolve));
  player.src = url;
  await player.play();
  await pausing;
  expect(events).toEqual(['error', 'pause']);
  expect(player.error?.code).toBe('http.status');
  expect([player.paused, player.ended, player.stats.underruns]).toEqual([true, false, underruns]);
  expect(player.currentTime).toBeGreaterThan(1);
  await expect(player.play()).rejects.toMatchObject({ code: 'http.status' });
});

test('without a gesture play() is refused, and the player stays paused', async () => {
  const context = new AudioContext();
  await context.suspend();
  context.resume = () => new Promise(() => {}); // what browsers do before a gesture
  const player = createPlayer({ context });
  player.src = freshUrl('cbr.mp3');
  await expect(player.play()).rejects.toMatchObject({ code: 'output.notAllowed' });
  expect(player.paused).toBe(true);
  await context.close();
});

test('fires the events of <audio>, in its order', async () => {
  const url = freshUrl('mono-48k.mp3');
  const heardFrom = async (media: Player | HTMLAudioElement) => {
    const events: string[] = [];
    const names = [
      'loadstart',
      'durationchange',
      'loadedmetadata',
      'loadeddata',
      'canplay',
      'play',
      'playing',
      'seeking',
      'seeked',
      'pause',
      'ended',
    ];
    for (const name of names) media.addEventListener(name, () => events.push(name));
    const happens = (name: string) => new Promise((resolve) => media.addEventListener(name, resolve, { once: true }));
    media.preload = 'auto';
    media.src = url;
    await happens('canplaythrough');
    await media.play();
    media.currentTime = 2.5;
    await happens('ended');
    return events;
  };
  const expected = await heardFrom(document.createElement('audio'));
  expect(await heardFrom(createPlayer())).toEqual(expected);
});
