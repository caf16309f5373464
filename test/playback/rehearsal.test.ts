import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { framesOf } from '../../src/media.ts';
import { openTrack } from '../../src/playback/open-track.ts';
import { rehearse } from '../../src/playback/rehearsal.ts';
import type { RevocableSink } from '../../src/playback/sink.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { AssetStore } from '../../src/store/store.ts';

let store: AssetStore;
beforeEach(() => {
  store = createMemoryStore();
});
afterEach(() => store.close());

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
  await rehearse({ openTrack: open, createSink: () => sink, store }, new AbortController().signal);
  expect(seen).toEqual({ frames: 4 * 39 * 1152, closings: 4 });
});

test('what is stored is looked into each time, and stays as it is', async () => {
  const opening = vi.spyOn(store, 'open');
  await rehearse({ openTrack: open, createSink: () => createSink().sink, store }, new AbortController().signal);
  expect(opening).toHaveBeenCalledTimes(4);
  expect(await store.list()).toEqual([]);
});

test('a rehearsal that is aborted ends, without the rest', async () => {
  const { sink, seen } = createSink();
  const life = new AbortController();
  const write = sink.write;
  sink.write = async (...args) => {
    life.abort();
    await write(...args);
  };
  await rehearse({ openTrack: open, createSink: () => sink, store }, life.signal);
  expect(seen.frames).toBeLessThan(39 * 1152);
  expect(seen.closings).toBe(1);
});

test('a rehearsal that cannot open its track ends', async () => {
  const { sink } = createSink();
  const refuse = async () => Promise.reject(new Error('no'));
  await expect(rehearse({ openTrack: refuse, createSink: () => sink, store }, new AbortController().signal)).resolves.toBeUndefined();
});
