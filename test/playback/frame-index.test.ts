import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { MediaInfo, Packet } from '../../src/media.ts';
import { type Aulos, createAulos } from '../../src/node.ts';
import type { Track } from '../../src/playback/track.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { virtualAdts } from '../fakes/virtual/aac.ts';
import { virtualMp3 } from '../fakes/virtual/mp3.ts';
import { bytesOf, type VirtualTrack } from '../fakes/virtual/track.ts';

const SECONDS = 90;
const signal = AbortSignal.timeout(20_000);
const tracks = [virtualMp3('VBR, no tag', SECONDS), virtualAdts(SECONDS)];

interface Scene {
  readonly origin: Origin;
  readonly url: string;
  /** A library as a process has it that has just begun. */
  begin(): Aulos;
}

async function sceneOf(track: VirtualTrack): Promise<Scene> {
  const origin = await startOrigin();
  const cacheDir = await mkdtemp(path.join(tmpdir(), 'aulos-frames-'));
  onTestFinished(async () => {
    await origin.close();
    await rm(cacheDir, { recursive: true, force: true });
  });
  origin.put('/track', { content: bytesOf(track), mediaType: track.mediaType, etag: '"1"' });
  return { origin, url: `${origin.url}/track`, begin: () => createAulos({ cacheDir, retry: { attempts: 1 } }) };
}

async function firstPacket(track: Track, start: number): Promise<Packet> {
  for await (const packet of track.packets({ start, signal })) return packet;
  throw new Error('there is no packet');
}

/** Reads packets up to a second. */
async function playTo(track: Track, seconds: number): Promise<void> {
  for await (const packet of track.packets({ signal })) if (packet.timestamp > seconds * track.info.config.sampleRate) return;
}

const lengthOf = ({ frames, sampleRate }: VirtualTrack) => ({ frames, duration: frames / sampleRate, durationIsExact: true });

it.each(tracks)('once all of $name is held, seeks are exact and so is the duration, also after a restart', async (truth) => {
  const { origin, url, begin } = await sceneOf(truth);
  {
    await using aulos = begin();
    const exact = new Promise<MediaInfo>((resolve) =>
      aulos.events.on('source.mediaInfo', ({ payload: { info } }) => info.durationIsExact && resolve(info)),
    );
    await using track = await aulos.open(url, { signal });
    await track.download({ signal });
    expect(await exact).toMatchObject(lengthOf(truth));
    expect(track.info).toMatchObject(lengthOf(truth));
  }
  await origin.close();
  await using aulos = begin();
  await using track = await aulos.open(url, { signal });
  expect(track.info).toMatchObject(lengthOf(truth));
  const packet = await firstPacket(track, 60);
  expect(packet.timestamp).toBe(truth.timestampOf(packet.data));
  expect(60 * truth.sampleRate - packet.timestamp).toBeLessThan(20 * packet.duration);
});

it('once it was played, seeks by the frame and not by the table of its tag', async () => {
  const truth = virtualMp3('VBR, Xing', SECONDS);
  const { url, begin } = await sceneOf(truth);
  {
    await using aulos = begin();
    await using track = await aulos.open(url, { signal });
    await playTo(track, SECONDS);
  }
  await using aulos = begin();
  await using track = await aulos.open(url, { signal });
  const packet = await firstPacket(track, 60);
  expect(packet.timestamp).toBe(truth.timestampOf(packet.data));
});

it('keeps what it learnt of a part that was played, with the part', async () => {
  const truth = virtualAdts(SECONDS);
  const { url, begin } = await sceneOf(truth);
  {
    await using aulos = begin();
    await using track = await aulos.open(url, { signal, whole: false });
    await playTo(track, 40);
  }
  await using aulos = begin();
  await using track = await aulos.open(url, { signal, whole: false });
  const packet = await firstPacket(track, 30);
  expect(packet.timestamp).toBe(truth.timestampOf(packet.data));
  expect(Math.floor((30 * truth.sampleRate) / 1_024) * 1_024 - packet.timestamp).toBe(1_024);
  expect(track.info.durationIsExact).toBe(false);
});

it('forgets what it learnt when the resource became another one', async () => {
  const { origin, url, begin } = await sceneOf(virtualAdts(SECONDS));
  {
    await using aulos = begin();
    await using track = await aulos.open(url, { signal, whole: false });
    await playTo(track, 40);
  }
  const other = virtualMp3('VBR, no tag', SECONDS);
  origin.put('/track', { content: bytesOf(other), mediaType: other.mediaType, etag: '"2"' });
  await using aulos = begin();
  await using source = await aulos.source(url, { whole: true });
  await source.completed(signal);
  await using track = await aulos.open(url, { signal });
  await playTo(track, SECONDS);
  const packet = await firstPacket(track, 60);
  expect(packet.timestamp).toBe(other.timestampOf(packet.data));
});
