import { expect, it } from 'vitest';
import { FrameIndexKeeper } from '../../src/demux/frame-index-keeper.ts';
import { mp3Demuxer } from '../../src/demux/mp3.ts';
import type { MediaInfo } from '../../src/media.ts';
import type { FileSource } from '../../src/source/source.ts';
import { FakeClock } from '../fakes/fake-clock.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { virtualMp3 } from '../fakes/virtual/mp3.ts';
import { bytesOf } from '../fakes/virtual/track.ts';

const held = { phase: 'complete', generation: 1 } as unknown as FileSource;

it('lets those who wait for sound go first before it reads a file for its index', async () => {
  const truth = virtualMp3('VBR, no tag', 10);
  const bytes = new MemorySource(bytesOf(truth));
  const demuxer = mp3Demuxer(bytes);
  const clock = new FakeClock();
  const keeper = await FrameIndexKeeper.open(demuxer, held, clock);
  const { signal } = new AbortController();
  await demuxer.info(signal);
  const { bytesRead } = bytes;
  const exact = new Promise<MediaInfo>((resolve) => keeper?.follow(signal, resolve));
  await clock.advance(99);
  expect(bytes.bytesRead).toBe(bytesRead);
  expect(demuxer.frameIndex?.covered).toBe(0);
  await clock.until(() => demuxer.frameIndex?.isWhole === true, 10_000);
  expect(await exact).toMatchObject({ frames: truth.frames, durationIsExact: true });
});

it('reads nothing for the index of a track that was closed at once', async () => {
  const bytes = new MemorySource(bytesOf(virtualMp3('VBR, no tag', 10)));
  const demuxer = mp3Demuxer(bytes);
  const clock = new FakeClock();
  const keeper = await FrameIndexKeeper.open(demuxer, held, clock);
  const life = new AbortController();
  await demuxer.info(life.signal);
  const { bytesRead } = bytes;
  keeper?.follow(life.signal, () => {});
  await clock.advance(10);
  life.abort();
  await clock.advance(1000);
  expect(bytes.bytesRead).toBe(bytesRead);
  expect(clock.pending).toBe(0);
});
