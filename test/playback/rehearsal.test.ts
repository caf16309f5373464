import { expect, test } from 'vitest';
import { framesOf } from '../../src/media.ts';
import { openTrack } from '../../src/playback/open-track.ts';
import { rehearse } from '../../src/playback/rehearsal.ts';
import type { RevocableSink } from '../../src/playback/sink.ts';

/** A sink with endless room, and what it was told. */
function createSink() {
  const seen = { frames: 0, closings: 0 };
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
      seen.closings++;
    },
    [Symbol.asyncDispose]: async () => {},
  };
  return { sink, seen };
}

const open: Parameters<typeof rehearse>[0]['openTrack'] = (source, { signal }) => openTrack(source, {}, signal);

test('all of the music passes through to a sink, which is closed, four times', async () => {
  const { sink, seen } = createSink();
  await rehearse({ openTrack: open, createSink: () => sink }, new AbortController().signal);
  expect(seen).toEqual({ frames: 4 * 39 * 1152, closings: 4 });
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
  expect(seen.frames).toBeLessThan(39 * 1152);
  expect(seen.closings).toBe(1);
});

test('a rehearsal that cannot open its track ends', async () => {
  const { sink } = createSink();
  const refuse = async () => Promise.reject(new Error('no'));
  await expect(rehearse({ openTrack: refuse, createSink: () => sink }, new AbortController().signal)).resolves.toBeUndefined();
});
