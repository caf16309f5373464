import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { tagsAt } from '../../src/media.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import { createLibrary } from '../../src/playback/library.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { ffmpeg, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { withIcy } from '../fakes/icy.ts';
import { psnr } from '../fakes/pcm.ts';
import { Station } from '../fakes/station.ts';
import { requireTool, root } from '../tools.ts';

const media = (name: string) => readFile(path.join(root, 'test/fixtures/media', name));

test.each([
  ['mono-48k.mp3', 'audio/mpeg', 1],
  ['stereo.aac', 'audio/aac', 2],
])('a station that sends %s over and over plays on, and what is heard first is what ffmpeg decodes', async (name, mediaType, channels) => {
  await using station = await Station.start();
  const file = new Uint8Array(await media(name));
  station.programme = { headers: { 'icy-name': 'Radio Test', 'content-type': mediaType }, bytes: () => file };
  await using library = createLibrary({ keyOf: assetKey, client: createNodeClient(), store: createMemoryStore() });
  const { signal } = new AbortController();
  await using track = await library.track(await library.source(station.url), { signal });
  expect([track.info.duration, track.source.isLive]).toEqual([Number.POSITIVE_INFINITY, true]);

  const { sampleRate } = track.info.config;
  const heard: Float32Array[] = [];
  let frames = 0;
  for await (const { planes } of track.blocks({ signal })) {
    if (frames < sampleRate) heard.push(planes[0]);
    frames += planes[0].length;
    if (frames > 60 * sampleRate) break;
  }
  const expected = new Float32Array(new Uint8Array(await media(`${name}.f32`)).buffer);
  const first = Float32Array.from({ length: sampleRate / 2 }, (_, i) => expected[i * channels]);
  const flat = Float32Array.from(heard.flatMap((plane) => [...plane])).subarray(0, first.length);
  expect(psnr([flat], [first])).toBeGreaterThan(90);
  expect(frames).toBeGreaterThan(60 * sampleRate);
});

test('the tag of a file that a station begins with tells nothing of its end, also when it hangs up within a frame', async () => {
  await using station = await Station.start();
  const file = new Uint8Array(await media('vbr.mp3'));
  const hangUpAt = file.length + 10_001;
  const bytes = (offset: number) => (offset < hangUpAt ? file.subarray(offset % file.length, hangUpAt - offset) : undefined);
  station.programme = { headers: { 'icy-name': 'Radio Test', 'content-type': 'audio/mpeg' }, bytes };
  await using library = createLibrary({ keyOf: assetKey, client: createNodeClient(), store: createMemoryStore() });
  const { signal } = new AbortController();
  await using track = await library.track(await library.source(station.url), { signal });
  const { duration, padding, config } = track.info;
  expect([duration, padding]).toEqual([Number.POSITIVE_INFINITY, 0]);
  let frames = 0;
  for await (const { planes } of track.blocks({ signal })) {
    frames += planes[0].length;
    if (frames > 12 * config.sampleRate) break; // the file, of six seconds, twice
  }
  expect(frames).toBeGreaterThan(12 * config.sampleRate);
});

test.runIf(requireTool('ffmpeg'))('a station that joins its songs in Ogg is heard to tell each one, at its time', async () => {
  await using station = await Station.start();
  const songs = ['One', 'Two'].map((title, i) =>
    ffmpeg([...ffmpegSignal(48_000, 'mono', 1, 2 + i), '-c:a', 'libopus', '-metadata', `title=${title}`, '-f', 'ogg']),
  );
  const file = new Uint8Array(Buffer.concat(songs));
  station.programme = { headers: { 'icy-name': 'Radio Test', 'content-type': 'application/ogg' }, bytes: () => file };
  await using library = createLibrary({ keyOf: assetKey, client: createNodeClient(), store: createMemoryStore() });
  const { signal } = new AbortController();
  await using track = await library.track(await library.source(station.url), { signal });
  expect([track.info.duration, track.info.tags.title, track.info.links]).toEqual([Number.POSITIVE_INFINITY, 'One', undefined]);

  const isTold = new Promise<void>((resolve) =>
    track.source.events.on('source.mediaInfo', ({ payload: { info } }) => info.links?.length === 4 && resolve(), { signal }),
  );
  let frames = 0;
  for await (const { planes } of track.blocks({ signal })) {
    frames += planes[0].length;
    if (frames > 9 * 48_000) break;
  }
  await isTold;
  expect(track.info.duration).toBe(Number.POSITIVE_INFINITY);
  expect(track.info.links?.slice(0, 4).map(({ start, tags }) => [start, tags.title])).toEqual([
    [0, 'One'],
    [2, 'Two'],
    [5, 'One'],
    [7, 'Two'],
  ]);
  expect([1.9, 2, 4.9, 8].map((seconds) => tagsAt(track.info, seconds).title)).toEqual(['One', 'Two', 'Two', 'Two']);
});

test('a station that is asked to says what it plays, from the second on in which it sounds', async () => {
  await using station = await Station.start();
  const [interval, secondsOfFile] = [4_000, 3];
  const file = new Uint8Array(await media('mono-48k.mp3'));
  const sound = Buffer.concat(Array.from({ length: 10 }, () => file));
  const sent = withIcy(sound, interval, (number) => (number % 8 === 2 ? `StreamTitle='Song ${number}';` : ''));
  const headers = { 'icy-name': 'Radio Test', 'icy-metaint': `${interval}`, 'content-type': 'audio/mpeg' };
  const piece = (offset: number) => (offset < sent.length ? sent.subarray(offset, offset + 1_013) : undefined); // cuts titles, too
  station.programme = { headers, bytes: piece };
  await using library = createLibrary({ keyOf: assetKey, client: createNodeClient(), store: createMemoryStore() });
  const { signal } = new AbortController();
  await using track = await library.track(await library.source(station.url, { titles: true }), { signal });
  let frames = 0;
  for await (const { planes } of track.blocks({ signal })) {
    frames += planes[0].length;
    if (frames > 20 * 48_000) break;
  }
  const { links = [] } = track.info;
  expect(links.length).toBeGreaterThan(3);
  expect(links.map(({ tags }) => tags.title)).toEqual(links.map((_, i) => `Song ${8 * i + 2}`));
  for (const [i, { start }] of links.entries()) {
    expect(start).toBeCloseTo(((8 * i + 3) * interval * secondsOfFile) / file.length, 0);
  }
});
