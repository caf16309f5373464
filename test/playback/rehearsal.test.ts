import { expect, test } from 'vitest';
import { framesOf } from '../../src/media.ts';
import { openTrack } from '../../src/playback/open-track.ts';
import { rehearse } from '../../src/playback/rehearsal.ts';
import type { RevocableSink } from '../../src/playback/sink.ts';

/** A sink with endless room, and what it was told. */
function createSink() {
  const seen = { frames: 0, isClosed: false };
  const sink: RevocableSink = {
    aheadSeconds: Infinity,
    configure: async () => {},
    write: async (block) => {
      seen.frames += framesOf(block);
    },
    flush: () => {},
    drain: async () => {},
    mark: () => ({ epoch: 0, frames: 0 }),
    revert: async () => false,
    close: async () => {
      seen.isClosed = true;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { sink, seen };
}

const open: Parameters<typeof rehearse>[0]['openTrack'] = (source, { signal }) => openTrack(source, {}, signal);

test('all of a second of silence passes through to the sink, which is closed', async () => {
  const { sink, seen } = createSink();
  await rehearse({ openTrack: open, createSink: () => sink }, new AbortController().signal);
  expect(seen).toEqual({ frames: 44_100, isClosed: true });
});

test('a rehearsal that is aborted ends, without the rest', async () => {
  const { sink, seen } = createSink();
  const life = new AbortController();
  const write = sink.write;
  sink.write = async (...args) => {
    life.abort();
    await write(...args);
  };
  await rehearse({ openTrack: open, createSink: () => sink }, life.signal);
  expect(seen.frames).toBeLessThan(44_100);
  expect(seen.isClosed).toBe(true);
});

test('a rehearsal that cannot open its track ends', async () => {
  const { sink } = createSink();
  const refuse = async () => Promise.reject(new Error('no'));
  await expect(rehearse({ openTrack: refuse, createSink: () => sink }, new AbortController().signal)).resolves.toBeUndefined();
});
