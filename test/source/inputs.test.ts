import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createNodeClient } from '../../src/net/client.node.ts';
import { createLibrary, type Library, type SourceInput } from '../../src/playback/library.ts';
import { openLocalSource } from '../../src/source/local.node.ts';
import type { FileSource } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { settled } from '../fakes/fake-clock.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';

const SIZE = 700_000;
const bytes = virtualBytes(0, SIZE);
const never = () => new AbortController().signal;

let origin: Origin;
let folder: string;
let library: Library;
beforeAll(async () => {
  origin = await startOrigin();
  origin.put('/a.mp3', { content: bytes, etag: '"1"' });
  folder = await mkdtemp(path.join(tmpdir(), 'inputs-'));
  await writeFile(path.join(folder, 'a.mp3'), bytes);
});
afterAll(async () => {
  await origin.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  library = createLibrary({ keyOf: assetKey, client: createNodeClient(), store: createMemoryStore(), retry: { baseMs: 1 } });
});
afterEach(() => library.close());

/** A stream that says how much of it was asked for, and whether it was cancelled. */
function streamOf(pieceBytes = 50_000, atEnd: (controller: ReadableStreamDefaultController<Uint8Array>) => void = (c) => c.close()) {
  const state = { given: 0, cancelled: false };
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    if (state.given >= SIZE) return atEnd(controller);
    controller.enqueue(bytes.slice(state.given, Math.min(SIZE, state.given + pieceBytes)));
    state.given += pieceBytes;
  };
  const cancel = () => {
    state.cancelled = true;
  };
  return { stream: new ReadableStream<Uint8Array>({ pull, cancel }, { highWaterMark: 0 }), state };
}

const inputs: [string, () => SourceInput | Promise<FileSource>][] = [
  ['a URL as text', () => `${origin.url}/a.mp3`],
  ['a URL', () => new URL(`${origin.url}/a.mp3`)],
  ['a Blob', () => new Blob([new Uint8Array(bytes)])],
  ['a File', () => new File([new Uint8Array(bytes)], 'a.mp3', { type: 'audio/mpeg' })],
  ['a path', () => openLocalSource(path.join(folder, 'a.mp3'))],
  ['a stream', () => streamOf().stream],
  ['a stream of single pieces', () => streamOf(SIZE).stream],
];

describe.each(inputs)('%s', (_name, input) => {
  const open = async () => {
    const given = await input();
    return typeof given === 'object' && 'reader' in given ? given : await library.source(given);
  };

  test('is read from anywhere, in any order, by several readers', async () => {
    await using source = await open();
    const ranges = [
      [SIZE - 10, SIZE + 100],
      [0, 10],
      [300_000, 500_000],
      [0, SIZE],
    ] as const;
    const read = async ([start, end]: readonly [number, number]) => {
      const got = await source.reader().read({ start, end }, never());
      return [got.length, firstDifference(got, bytes.subarray(start, end))];
    };
    expect(await Promise.all(ranges.map(read))).toEqual(ranges.map(([start, end]) => [Math.min(end, SIZE) - start, -1]));
    await source.completed(never());
    expect([source.length, source.phase, source.isLive]).toEqual([SIZE, 'complete', false]);
    expect((await source.reader().read({ start: SIZE, end: SIZE + 1 }, never())).length).toBe(0);
  });

  test('gives as little as is asked for, and what can be had at once', async () => {
    await using source = await open();
    const reader = source.reader();
    const some = await reader.read({ start: 100, end: SIZE }, never(), 1);
    expect(some.length).toBeGreaterThan(0);
    expect(firstDifference(some, bytes.subarray(100, 100 + some.length))).toBe(-1);
    expect(await reader.tryRead({ start: 100, end: 101 })).toEqual(bytes.subarray(100, 101));
  });

  test('is closed to all who read it', async () => {
    const source = await open();
    const reader = source.reader();
    await reader.read({ start: 0, end: 1 }, never());
    await source.close();
    await expect(reader.read({ start: 0, end: 1 }, never())).rejects.toMatchObject({ code: 'source.closed' });
    await expect(source.completed(never())).rejects.toMatchObject({ code: 'source.closed' });
  });

  test('lets a reader go when it aborts', async () => {
    await using source = await open();
    const controller = new AbortController();
    const reading = source.reader().read({ start: 0, end: 10 }, controller.signal);
    controller.abort(new Error('enough'));
    await expect(reading).rejects.toThrow('enough');
  });
});

test('a stream is held as long as it is open, under no name, and is gone with it', async () => {
  const source = await library.source(streamOf().stream);
  await source.completed(never());
  expect([source.key, source.held.size, (await library.store.list()).length]).toEqual([undefined, SIZE, 1]);
  await source.close();
  expect(await library.store.list()).toEqual([]);
});

test('a stream is taken no faster than it is stored, and cancelled when its source is closed', async () => {
  const { stream, state } = streamOf(10, () => {});
  const source = await library.source(stream);
  await source.reader().read({ start: 0, end: 10 }, never());
  await source.close();
  expect(state.cancelled).toBe(true);
  const { given } = state;
  await settled();
  expect(state.given).toBe(given);
  expect(given).toBeLessThan(SIZE);
});

test('a stream that nobody has asked yet is cancelled too', async () => {
  const { stream, state } = streamOf();
  await (await library.source(stream)).close();
  expect(state.cancelled).toBe(true);
});

test('a stream that hangs is left at once', async () => {
  const { stream, state } = streamOf(50_000, () => new Promise(() => {}));
  const source = await library.source(stream);
  const waiting = source.reader().read({ start: SIZE, end: SIZE + 1 }, never());
  await source.reader().read({ start: 0, end: SIZE }, never());
  const ends = Promise.allSettled([waiting]);
  await source.close();
  expect((await ends)[0]).toMatchObject({ status: 'rejected', reason: { code: 'source.closed' } });
  expect(state.cancelled).toBe(true);
});

test.each<[string, (controller: ReadableStreamDefaultController<Uint8Array>) => void]>([
  ['an error', (controller) => controller.error(new Error('the disk is gone'))],
  ['something that is no bytes', (controller) => controller.enqueue('text' as unknown as Uint8Array)],
])('a stream that gives %s in the middle fails with where, and what came is still read', async (_name, atEnd) => {
  const source = await library.source(streamOf(50_000, atEnd).stream);
  await expect(source.completed(never())).rejects.toMatchObject({ code: 'input.failed', details: { offset: SIZE } });
  expect(firstDifference(await source.reader().read({ start: 0, end: SIZE }, never()), bytes)).toBe(-1);
  await expect(source.reader().read({ start: 0, end: SIZE + 1 }, never())).rejects.toMatchObject({ code: 'input.failed' });
  source.retry();
  await expect(source.completed(never())).rejects.toMatchObject({ code: 'input.failed' });
});

test('what the store could not keep of a stream cannot be had again', async () => {
  library = createLibrary({ keyOf: assetKey, client: createNodeClient(), store: createMemoryStore({ limits: { maxBytes: 1 << 20 } }) });
  let given = 0;
  const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
    controller.enqueue(virtualBytes(given, given + (1 << 20)));
    given += 1 << 20;
    if (given === 20 << 20) controller.close();
  };
  const source = await library.source(new ReadableStream({ pull }, { highWaterMark: 0 }));
  const ended = new Promise((resolve) => source.events.on('source.length', resolve));
  await expect(source.completed(never())).rejects.toMatchObject({ code: 'store.full' });
  await ended;
  const lost = source.held.firstGap({ start: 0, end: 20 << 20 })!;
  const reading = source.reader().read({ start: lost.start, end: lost.start + 1 }, never());
  await expect(reading.then(({ length }) => length)).rejects.toMatchObject({ code: 'store.full' });
});

test('an empty stream is not media, and a locked one is no input', async () => {
  const source = await library.source(new ReadableStream({ start: (controller) => controller.close() }));
  await expect(source.completed(never())).rejects.toMatchObject({ code: 'media.truncated' });
  const { stream } = streamOf();
  stream.getReader();
  await expect(library.source(stream)).rejects.toMatchObject({ code: 'input.invalid' });
});

test('headers may be a function, which is asked before each request', async () => {
  let asked = 0;
  origin.fault('/a.mp3', { cutAfter: 1000 });
  const source = await library.source(`${origin.url}/a.mp3?headers`, { headers: async () => ({ authorization: `Bearer ${++asked}` }) });
  await source.completed(never());
  const sent = origin.accesses('/a.mp3').map(({ headers }) => headers.authorization);
  expect(sent.filter((token) => token !== undefined)).toEqual(['Bearer 1', 'Bearer 2']);
});
