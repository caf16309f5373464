import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { AulosError } from '../../src/errors.ts';
import { EventScope } from '../../src/events/bus.ts';
import type { EventName } from '../../src/events/names.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { type OpenOptions, Sources, type SourcesOptions } from '../../src/source/file-source.ts';
import type { FileSource } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { virtualBytes } from '../fakes/content.ts';
import { settled } from '../fakes/fake-clock.ts';
import { type Fault, type Origin, type Resource, startOrigin } from '../fakes/origin.ts';
import { randomFrom } from './random.ts';

const MB = 1 << 20;
const etag = '"v1"';
const never = new AbortController().signal;

let origin: Origin;
let client: RangeClient;
let store: AssetStore;
let sources: Sources;
let told: string[];
let path: string;
let files = 0;

beforeAll(async () => {
  origin = await startOrigin();
  client = createNodeClient();
});
afterAll(async () => {
  await client.close();
  await origin.close();
});
beforeEach(() => {
  origin.rate = Number.POSITIVE_INFINITY;
  path = `/file-${files++}`;
  store = createMemoryStore();
  sources = makeSources();
});
afterEach(async () => {
  await sources.close();
  await store.close();
});

function makeSources(options: Partial<SourcesOptions> = {}): Sources {
  const events = new EventScope();
  told = [];
  const names: EventName[] = [
    'source.opened',
    'source.length',
    'source.generation',
    'source.failed',
    'source.closed',
    'source.segmentIndex',
  ];
  for (const name of names) events.on(name, () => told.push(name));
  events.on('source.phase', ({ payload }) => told.push(`${payload.from}>${payload.to}`));
  return new Sources({ client, store, events, retry: { baseMs: 1, maxDelayMs: 5 }, ...options });
}

/** Serves `size` made-up bytes at {@link path}. */
function serve(size: number, resource: Partial<Resource> = {}, ...faults: Fault[]): void {
  origin.put(path, { content: { size }, etag, ...resource });
  origin.fault(path, ...faults);
}

function open(options: Partial<OpenOptions> = {}): Promise<FileSource> {
  const url = origin.url + path;
  return sources.open({ url, key: assetKey(url), ...options });
}

const ranges = () => origin.accesses(path).map(({ range }) => range);
const read = (source: FileSource, start: number, end: number) => source.reader().read({ start, end }, never);
const bytesOf = (range: ByteRange, seed?: number) => virtualBytes(range.start, range.end, seed);

/** Compares by hash: a diff of megabytes would take minutes to print. */
function expectBytes(bytes: Uint8Array, expected: Uint8Array): void {
  const digest = (of: Uint8Array) => `${of.length} ${createHash('sha1').update(of).digest('hex')}`;
  expect(digest(bytes)).toBe(digest(expected));
}

/** The error of a promise; a value in its place is not shown, it may be megabytes. */
const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => error,
  );

async function expectWhole(source: FileSource, size: number, seed?: number): Promise<void> {
  await source.completed(never);
  expect(source.held.toArray()).toEqual([{ start: 0, end: size }]);
  for (let start = 0; start < size; start += 8 * MB) {
    const range = { start, end: Math.min(size, start + 8 * MB) };
    expectBytes(await read(source, range.start, range.end), bytesOf(range, seed));
  }
}

test('a whole download equals what the origin has', async () => {
  serve(5 * MB + 123);
  const source = await open();
  await expectWhole(source, 5 * MB + 123);
  expect(ranges()).toEqual(['bytes=0-']);
  expect(source.traffic).toMatchObject({ network: 5 * MB + 123, requests: 1 });
  expect(source.mediaType).toBe('audio/mpeg');
});

test('the phase is told once for each transition, and failure is none of them', async () => {
  serve(100_000);
  const source = await open();
  await source.completed(never);
  await source.close();
  expect(told).toEqual(['source.opened', 'init>downloading', 'source.length', 'downloading>complete', 'source.closed']);
});

test('two openers share one download', async () => {
  serve(2 * MB);
  const [one, two] = await Promise.all([open(), open()]);
  await Promise.all([one.completed(never), two.completed(never)]);
  expect(ranges()).toEqual(['bytes=0-']);
  await one.close();
  await expectWhole(two, 2 * MB);
  expect(told.filter((name) => name === 'source.opened')).toHaveLength(1);
});

test('a reader gets bytes as they arrive, and waits for those that have not', async () => {
  serve(3 * MB, {}, { rate: 20 * MB });
  const source = await open();
  const reader = source.reader();
  const parts: Uint8Array[] = [];
  for (let at = 0; ; ) {
    const part = await reader.read({ start: at, end: at + 100_000 }, never, 1);
    if (part.length === 0) break;
    parts.push(part);
    at += part.length;
  }
  expectBytes(Buffer.concat(parts), virtualBytes(0, 3 * MB));
  expect(ranges()).toEqual(['bytes=0-']);
});

test('a seek is served by a second connection, long before the rest', async () => {
  serve(400 * MB);
  origin.rate = 4 * MB;
  const source = await open();
  await read(source, 0, 10);
  expectBytes(await read(source, 300 * MB, 300 * MB + 1000), virtualBytes(300 * MB, 300 * MB + 1000));
  expect(ranges()).toEqual(['bytes=0-', `bytes=${300 * MB}-${301 * MB - 1}`]);
  expect(source.held.size).toBeLessThan(40 * MB);
});

test('a tail is read while the head arrives, and not fetched again', async () => {
  const size = 6 * MB;
  serve(size, {}, { rate: 12 * MB });
  const source = await open();
  await read(source, 0, 10);
  expectBytes(await read(source, size - 5000, size + 100), virtualBytes(size - 5000, size));
  await expectWhole(source, size);
  expect(ranges()).toEqual(['bytes=0-', `bytes=${size - 5000}-${size - 1}`]);
  expect(source.traffic.network).toBeLessThanOrEqual(size + 5000); // what was on its way when the fill met the tail
});

test('reads at the end give what is there, then nothing', async () => {
  serve(1000);
  const source = await open();
  expect((await read(source, 990, 2000)).length).toBe(10);
  expect((await read(source, 1000, 2000)).length).toBe(0);
  expect((await read(source, 5000, 6000)).length).toBe(0);
});

test('tryRead raises no demand', async () => {
  serve(50 * MB, {}, { stallAfter: MB });
  const source = await open();
  await read(source, 0, 10);
  expect(await source.reader().tryRead({ start: 40 * MB, end: 41 * MB })).toBeUndefined();
  expectBytes((await source.reader().tryRead({ start: 0, end: 10 })) as Uint8Array, virtualBytes(0, 10));
  expect(ranges()).toEqual(['bytes=0-']);
});

test('without `whole` only what is read and played is fetched', async () => {
  serve(100 * MB);
  const source = await open({ whole: false });
  expectBytes(await read(source, 50 * MB, 50 * MB + 100), virtualBytes(50 * MB, 50 * MB + 100));
  expect(ranges()).toEqual([`bytes=${50 * MB}-${50 * MB + 65_535}`]);
  const reader = source.reader();
  reader.playFrom(20 * MB);
  await reader.read({ start: 20 * MB, end: 22 * MB }, never);
  await origin.until(() => origin.accesses(path).every(({ finished }) => finished));
  expect(ranges().slice(1)).toEqual([`bytes=${20 * MB}-${21 * MB - 1}`, `bytes=${21 * MB}-${22 * MB - 1}`]);
});

test('`completed` keeps a download going that would fetch only what is played', async () => {
  serve(3 * MB);
  await expectWhole(await open({ whole: false }), 3 * MB);
});

test.each([
  ['a strong entity tag', { etag }, 0],
  ['a weak entity tag', { etag: 'W/"1"' }, 64 * 1024],
  ['an old date', { etag: undefined, lastModified: 'Mon, 01 Jan 2024 00:00:00 GMT' }, 0],
  ['no validator', { etag: undefined }, 64 * 1024],
])('drops cost only the overlap that proves the version, with %s', async (_name, resource, overlap) => {
  const seed = Number(process.env.SEED ?? 4711);
  console.info('SEED', seed);
  const size = 30 * MB;
  const random = randomFrom(seed);
  const drops = Array.from({ length: 20 }, (): Fault => ({ cutAfter: 200_000 + Math.floor(random() * MB) }));
  serve(size, resource, ...drops);
  const source = await open();
  await expectWhole(source, size);
  const asked = origin.accesses(path);
  expect(asked).toHaveLength(21);
  expect(asked.reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)).toBe(size + 20 * overlap);
  expect(source.traffic.network).toBe(size + 20 * overlap);
  expect(told).not.toContain('source.generation');
});

test('a second generation begins where a resume meets other bytes, and readers of the first are told', async () => {
  serve(10 * MB, { etag: undefined }, { cutAfter: 3 * MB });
  const source = await open();
  const reader = source.reader();
  await reader.read({ start: 0, end: 3 * MB }, never);
  origin.put(path, { content: { size: 10 * MB, seed: 2 } });
  expect(await errorOf(reader.read({ start: 3 * MB, end: 4 * MB }, never))).toMatchObject({ code: 'asset.changed' });
  await expectWhole(source, 10 * MB, 2);
  expect(source.generation).toBe(2);
  expect(told.filter((name) => name === 'source.generation')).toHaveLength(1);
});

test('without validators, what a seek brought is proved where the fill meets it', async () => {
  serve(10 * MB, { etag: undefined }, { rate: 20 * MB });
  const source = await open();
  await read(source, 0, 10);
  origin.put(path, { content: { size: 10 * MB, seed: 2 } });
  await read(source, 9 * MB, 9 * MB + 10);
  await expectWhole(source, 10 * MB, 2);
  expect(source.generation).toBeGreaterThan(1);
});

test('without validators, a download that stops where a seek began is not whole until an overlap proved it', async () => {
  serve(4 * MB, { etag: undefined }, { stallAfter: 3 * MB });
  const source = await open();
  await read(source, 0, 10);
  origin.put(path, { content: { size: 4 * MB, seed: 2 } });
  await read(source, 3 * MB, 4 * MB);
  await read(source, 3 * MB - 10, 3 * MB - 1);
  await source.close();
  const again = await open();
  await expectWhole(again, 4 * MB, 2);
});

test('without validators, a fill that comes to where a seek still waits for its answer proves it later', async () => {
  serve(6 * MB, { etag: undefined }, { rate: 40 * MB }, { latency: 500 });
  const source = await open();
  await read(source, 0, 10);
  const seek = errorOf(read(source, 4 * MB, 4 * MB + 10));
  await origin.until(() => origin.accesses(path).length === 2);
  origin.put(path, { content: { size: 6 * MB, seed: 2 } });
  await seek;
  await source.completed(never);
  const bytes = await read(source, 0, 6 * MB);
  expectBytes(bytes, virtualBytes(0, 6 * MB, bytes[100] === virtualBytes(100, 101)[0] ? 1 : 2));
});

test('without validators, two versions that are alike there are one', async () => {
  serve(10 * MB, { etag: undefined }, { rate: 20 * MB });
  const source = await open();
  await read(source, 0, 10);
  await read(source, 6 * MB, 6 * MB + 10);
  await expectWhole(source, 10 * MB);
  expect(source.generation).toBe(1);
});

test.each([
  ['another strong entity tag', { etag: '"v2"' }, 10 * MB],
  ['another length', { etag: undefined }, 9 * MB],
])('a resume that is answered with %s begins a new generation', async (_name, resource, size) => {
  serve(10 * MB, { etag: resource.etag && etag }, { cutAfter: 3 * MB });
  const source = await open();
  await read(source, 0, 3 * MB);
  origin.put(path, { content: { size, seed: 2 }, ...resource });
  await expectWhole(source, size, 2);
  expect(source.generation).toBe(2);
});

test('a server without ranges is read in order, and a seek waits', async () => {
  serve(8 * MB, { headers: {} }, { ignoreRange: true, times: 1000, rate: 40 * MB, headers: { 'accept-ranges': null } });
  const source = await open();
  expectBytes(await read(source, 6 * MB, 6 * MB + 100), virtualBytes(6 * MB, 6 * MB + 100));
  await expectWhole(source, 8 * MB);
  expect(ranges()).toEqual(['bytes=0-']);
});

test('a server that only says it does ranges is found out at the first seek, which then waits', async () => {
  serve(8 * MB, {}, { ignoreRange: true, times: 1000, rate: 40 * MB });
  const source = await open();
  await read(source, 0, 10);
  expectBytes(await read(source, 6 * MB, 6 * MB + 100), virtualBytes(6 * MB, 6 * MB + 100));
  await expectWhole(source, 8 * MB);
  expect(ranges()).toHaveLength(2);
  expect(source.traffic.network).toBe(8 * MB);
});

test('a drop without ranges starts over, and held bytes are adopted', async () => {
  serve(4 * MB, {}, { ignoreRange: true, cutAfter: 3 * MB }, { ignoreRange: true });
  const source = await open();
  await expectWhole(source, 4 * MB);
  expect(source.generation).toBe(1);
  expect(ranges()).toEqual(['bytes=0-', `bytes=${3 * MB}-`]);
});

test('a drop without ranges that starts over with another version begins a new generation', async () => {
  serve(4 * MB, { etag: undefined }, { ignoreRange: true, cutAfter: 3 * MB }, { ignoreRange: true });
  const source = await open();
  await read(source, 0, 3 * MB);
  const changed = virtualBytes(0, 4 * MB);
  changed[2 * MB] ^= 1;
  origin.put(path, { content: changed });
  await source.completed(never);
  expectBytes(await read(source, 0, 4 * MB), changed);
  expect(source.generation).toBe(2);
});

test('a body without a length is complete at its clean end', async () => {
  serve(2 * MB, {}, { ignoreRange: true, chunked: true });
  const source = await open();
  await expectWhole(source, 2 * MB);
  expect(source.length).toBe(2 * MB);
});

test('an early end of a body without a length is never complete', async () => {
  serve(2 * MB, {}, { ignoreRange: true, chunked: true, cutAfter: MB }, { ignoreRange: true, chunked: true });
  const source = await open();
  await expectWhole(source, 2 * MB);
  expect(origin.accesses(path)).toHaveLength(2);
});

test('a false 416 is seen through', async () => {
  serve(4 * MB, {}, { cutAfter: 3 * MB }, { status: 416, body: '' });
  const source = await open();
  await expectWhole(source, 4 * MB);
  expect(source.generation).toBe(1);
});

test('a 416 to a resource that shrank begins a new generation', async () => {
  serve(4 * MB, { etag: undefined }, { cutAfter: 3 * MB });
  const source = await open();
  await read(source, 0, 3 * MB);
  origin.put(path, { content: { size: MB, seed: 2 } });
  await expectWhole(source, MB, 2);
});

test.each([
  ['a missing resource', { status: 404 }, 'http.status'],
  ['a web page', { body: '<html>', headers: { 'content-type': 'text/html' } }, 'media.unsupported'],
])('%s fails at once and leaves nothing behind', async (_name, fault, code) => {
  serve(MB, {}, fault);
  const source = await open();
  await expect(source.completed(never)).rejects.toMatchObject({ code });
  await expect(read(source, 0, 10)).rejects.toMatchObject({ code });
  expect([source.phase, source.error?.code, ranges().length]).toEqual(['failed', code, 1]);
  expect(told).toEqual(['source.opened', 'init>downloading', 'downloading>failed', 'source.failed']);
  await source.close();
  expect(await store.list()).toEqual([]);
});

test('an empty resource is not media', async () => {
  serve(0);
  const source = await open();
  await expect(source.completed(never)).rejects.toMatchObject({ code: 'media.truncated' });
  await source.close();
  expect(await store.list()).toEqual([]);
});

test('what is verified stays readable after a failure, and `retry` goes on from there', async () => {
  serve(4 * MB, {}, { cutAfter: MB }, { status: 404 });
  const source = await open();
  await expect(source.completed(never)).rejects.toMatchObject({ code: 'http.status' });
  expectBytes(await read(source, 0, MB), virtualBytes(0, MB));
  source.retry();
  expect(source.error).toBeUndefined();
  await expectWhole(source, 4 * MB);
  expect(ranges().at(-1)).toBe(`bytes=${MB}-`);
  expect(told.filter((name) => name.includes('>'))).toEqual([
    'init>downloading',
    'downloading>failed',
    'failed>downloading',
    'downloading>complete',
  ]);
});

test('a budget without progress ends in the error that used it up', async () => {
  serve(4 * MB, {}, { status: 503, times: 100 });
  const source = await open();
  await expect(source.completed(never)).rejects.toMatchObject({ code: 'http.status', details: { status: 503 } });
  expect(ranges()).toHaveLength(8);
});

/** A client whose connections bring nothing where they were to bring more than `most` bytes: what a browser makes of one that soon breaks. */
function losing(most: number): RangeClient {
  const losingBody = async function* (): AsyncGenerator<Uint8Array> {
    yield* [];
    throw new AulosError('net.reset', { url: path }, 'broken');
  };
  const get: RangeClient['get'] = async (request) => {
    const response = await client.get(request);
    if (response.range.end - response.range.start <= most) return response;
    await response.body.return?.();
    return { ...response, body: losingBody() };
  };
  return { get, close: async () => {} };
}

test('where connections break with all that they brought, each is asked for less', async () => {
  sources = makeSources({ client: losing(300_000) });
  serve(4 * MB);
  const source = await open();
  const attempts: number[] = [];
  source.events.on('source.retry', ({ payload }) => attempts.push(payload.attempt));
  await expectWhole(source, 4 * MB);
  expect(ranges().slice(0, 4)).toEqual(['bytes=0-', 'bytes=0-', 'bytes=0-262143', 'bytes=262144-786431']);
  expect(Math.max(...attempts)).toBe(2);
});

test('a server that refuses a second connection serves a seek with the first', async () => {
  serve(40 * MB, {}, { rate: 20 * MB }, { status: 429 });
  const source = await open();
  await read(source, 0, 10);
  expectBytes(await read(source, 30 * MB, 30 * MB + 10), virtualBytes(30 * MB, 30 * MB + 10));
  expect(ranges().slice(0, 3)).toEqual(['bytes=0-', `bytes=${30 * MB}-${31 * MB - 1}`, `bytes=${30 * MB}-${31 * MB - 1}`]);
});

test('a stall is told, and the download goes on', async () => {
  const impatient = createNodeClient({ timeouts: { stallMs: 500 } });
  sources = makeSources({ client: impatient });
  serve(2 * MB, {}, { stallAfter: MB });
  const source = await open();
  const events: unknown[] = [];
  source.events.on('source.stalled', ({ payload }) => events.push(payload));
  source.events.on('source.retry', ({ payload }) => events.push([payload.attempt, payload.error.code]));
  await expectWhole(source, 2 * MB);
  expect(events).toEqual([{ afterMs: 500 }, [1, 'net.stall']]);
  await sources.close();
  await impatient.close();
});

test('a third reader of a far place takes over the connection that nobody needs any more', async () => {
  serve(400 * MB);
  origin.rate = 2 * MB;
  const source = await open();
  await read(source, 0, 10);
  const controller = new AbortController();
  const leaving = errorOf(source.reader().read({ start: 100 * MB, end: 101 * MB }, controller.signal));
  await origin.until(() => origin.accesses(path).length === 2);
  controller.abort(new Error('seeked away'));
  await leaving;
  await read(source, 200 * MB, 200 * MB + 10);
  expect(ranges()).toHaveLength(3);
  await origin.until(() => origin.accesses(path)[1].finished);
  expect(origin.accesses(path)[0].finished).toBe(false);
});

test('an abort settles a read at once, and another reader goes on', async () => {
  serve(4 * MB, {}, { stallAfter: MB });
  const source = await open();
  await read(source, 0, 10);
  const controller = new AbortController();
  const reading = errorOf(source.reader().read({ start: 2 * MB, end: 3 * MB }, controller.signal));
  controller.abort(new Error('enough'));
  expect(await Promise.race([reading, settled()])).toMatchObject({ message: 'enough' });
  expectBytes(await read(source, 3 * MB, 4 * MB), virtualBytes(3 * MB, 4 * MB));
});

test('closing a reader or a source rejects what waits there', async () => {
  serve(4 * MB, {}, { stallAfter: MB });
  const source = await open();
  const reader = source.reader();
  const reading = reader.read({ start: MB, end: 2 * MB }, never);
  reader.close();
  await expect(reading).rejects.toMatchObject({ code: 'source.closed' });
  const waiting = source.completed(never);
  const other = source.reader().read({ start: MB, end: 2 * MB }, never);
  await Promise.all([
    expect(waiting).rejects.toMatchObject({ code: 'source.closed' }),
    expect(other).rejects.toMatchObject({ code: 'source.closed' }),
    source.close(),
  ]);
  expect(source.phaseAt({ start: 0, end: 1 })).toEqual({ name: 'closed' });
});

test('the last opener to leave pauses the download, and the next one fetches only the gap', async () => {
  serve(20 * MB, {}, { rate: 20 * MB });
  const first = await open();
  await read(first, 0, MB);
  await first.close();
  await origin.until(() => origin.accesses(path).every(({ finished }) => finished));
  const second = await open();
  const heldBytes = second.held.size;
  expect(heldBytes).toBeGreaterThanOrEqual(MB);
  await expectWhole(second, 20 * MB);
  expect(ranges()).toEqual(['bytes=0-', `bytes=${heldBytes}-`]);
  expect(second.traffic.network).toBe(20 * MB - heldBytes);
});

test('a download may go on after the last opener left', async () => {
  serve(6 * MB, {}, { rate: 30 * MB });
  const source = await open({ onIdle: 'continue' });
  await read(source, 0, 10);
  await source.close();
  const again = await open();
  await expectWhole(again, 6 * MB);
  expect(ranges()).toEqual(['bytes=0-']);
});

test('what is held in full opens Complete and needs no network', async () => {
  serve(3 * MB);
  await using first = await open();
  await first.completed(never);
  await first.close();
  told.length = 0;
  const second = await open();
  expect(second.phase).toBe('complete');
  await expectWhole(second, 3 * MB);
  expect(second.traffic).toMatchObject({ network: 0, requests: 0, store: 3 * MB });
  expect(origin.accesses(path)).toHaveLength(1);
  expect(told).toEqual(['source.opened', 'source.length']);
});

test('a store that is full is no obstacle to reading on, only to having it all', async () => {
  store = createMemoryStore({ limits: { maxBytes: 2 * MB } });
  sources = makeSources();
  serve(30 * MB);
  const source = await open();
  const completed = errorOf(source.completed(never));
  const reader = source.reader();
  reader.playFrom(0);
  const parts: Uint8Array[] = [];
  for (let at = 0; at < 30 * MB; at += MB) parts.push(await reader.read({ start: at, end: at + MB }, never));
  expectBytes(Buffer.concat(parts), virtualBytes(0, 30 * MB));
  expect(await completed).toMatchObject({ code: 'store.full' });
});

test('an expired URL is refreshed once, else the error says so', async () => {
  serve(4 * MB, {}, { cutAfter: MB }, { status: 403 });
  let refreshes = 0;
  const refreshUrl = async () => {
    refreshes++;
    return `${origin.url + path}?signature=new`;
  };
  await expectWhole(await open({ refreshUrl }), 4 * MB);
  expect(refreshes).toBe(1);
  path += '-b';
  serve(4 * MB, {}, { cutAfter: MB }, { status: 403 });
  await expect((await open()).completed(never)).rejects.toMatchObject({ code: 'access.expired', details: { status: 403 } });
});

test('a URL is refreshed once for all who wait, and a close does not wait for it', async () => {
  serve(40 * MB, { etag: undefined }, { rate: 20 * MB, cutAfter: 2 * MB }, { status: 403 }, { status: 403 });
  let refreshes = 0;
  const refreshUrl = () => {
    refreshes++;
    return new Promise<string>(() => {});
  };
  const source = await open({ refreshUrl });
  await read(source, 0, 10);
  const seek = errorOf(read(source, 30 * MB, 30 * MB + 10));
  await origin.until(() => origin.accesses(path).filter(({ status, finished }) => status === 403 && finished).length === 2);
  await source.close();
  expect(await seek).toMatchObject({ code: 'source.closed' });
  expect(refreshes).toBe(1);
});

test('a refresh that fails is an expired access, with its cause', async () => {
  serve(4 * MB, {}, { cutAfter: MB }, { status: 410 });
  const cause = new Error('no session');
  const source = await open({ refreshUrl: () => Promise.reject(cause) });
  await expect(source.completed(never)).rejects.toMatchObject({ code: 'access.expired', details: { status: 410 }, cause });
});

test('progress is told at most ten times a second and at the end', async () => {
  serve(4 * MB, {}, { rate: 8 * MB });
  const source = await open();
  const heldBytes: number[] = [];
  source.events.on('source.progress', ({ payload }) => heldBytes.push(payload.heldBytes));
  const startedAt = performance.now();
  await source.completed(never);
  expect(heldBytes.at(-1)).toBe(4 * MB);
  expect(heldBytes.length).toBeLessThanOrEqual((performance.now() - startedAt) / 100 + 1);
  expect(heldBytes.length).toBeGreaterThan(2);
});

test('an opening that meets the end of everything is refused, and nothing is left open', async () => {
  serve(2 * MB, {}, { stallAfter: MB });
  const first = await open();
  await read(first, 0, 10);
  const leaving = first.close();
  const late = open();
  await sources.close();
  await leaving;
  expect(await errorOf(late)).toMatchObject({ code: 'source.closed' });
  expect(told.filter((name) => name === 'source.opened')).toHaveLength(1);
  expect(await errorOf(open())).toMatchObject({ code: 'source.closed' });
});
