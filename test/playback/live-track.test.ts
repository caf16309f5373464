import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { createNodeClient } from '../../src/net/client.node.ts';
import { createLibrary } from '../../src/playback/library.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { psnr } from '../fakes/pcm.ts';
import { Station } from '../fakes/station.ts';
import { root } from '../tools.ts';

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
