import { createHash } from 'node:crypto';
import { mkdtemp, open as openFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { Sources, type SourcesOptions } from '../../src/source/file-source.ts';
import { SegmentIndex } from '../../src/source/segment-index.ts';
import { createDiskStore } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { virtualBytes } from '../fakes/content.ts';
import { type Fault, type Origin, startOrigin } from '../fakes/origin.ts';
import { randomFrom } from './random.ts';

const MB = 1 << 20;
const never = new AbortController().signal;
const events = new EventScope();

let origin: Origin;
let client: RangeClient;
let root: string;
let store: AssetStore;
let sources: Sources;
let url: string;

beforeAll(async () => {
  origin = await startOrigin();
  client = createNodeClient();
});
afterAll(async () => {
  await client.close();
  await origin.close();
});
beforeEach(async ({ task }) => {
  url = `${origin.url}/${task.id}`;
  root = await mkdtemp(path.join(tmpdir(), 'source-'));
  start();
});
afterEach(async () => {
  await stop();
  await rm(root, { recursive: true });
});

function start(options: Partial<SourcesOptions> = {}): void {
  store = createDiskStore({ root, durability: 'none' });
  sources = new Sources({ client, store, events, retry: { baseMs: 1, maxDelayMs: 5 }, ...options });
}

async function stop(): Promise<void> {
  await sources.close();
  await store.close();
}

const open = () => sources.open({ url, key: assetKey(url) });
const serve = (size: number, ...faults: Fault[]) => {
  origin.put(new URL(url).pathname, { content: { size }, etag: '"v1"' });
  origin.fault(new URL(url).pathname, ...faults);
};
const accesses = () => origin.accesses(new URL(url).pathname);
const digest = (of: Uint8Array) => `${of.length} ${createHash('sha1').update(of).digest('hex')}`;

test('twenty drops and a restart in the middle cost not one byte twice', async () => {
  const seed = Number(process.env.SEED ?? 20_240_607);
  console.info('SEED', seed);
  const random = randomFrom(seed);
  const size = 24 * MB;
  const lengths = Array.from({ length: 20 }, () => 100_000 + Math.floor(random() * MB));
  const drops = lengths.map((length, index): Fault => (index === 10 ? { stallAfter: length } : { cutAfter: length, reset: false }));
  serve(size, ...drops);

  const heldBeforeRestart = lengths.slice(0, 11).reduce((sum, length) => sum + length, 0);
  const before = await open();
  await before.reader().read({ start: 0, end: heldBeforeRestart }, never);
  await stop();
  start();
  const after = await open();
  expect(after.held.toArray()).toEqual([{ start: 0, end: heldBeforeRestart }]);
  await after.completed(never);

  expect(digest(await after.reader().read({ start: 0, end: size }, never))).toBe(digest(virtualBytes(0, size)));
  expect(accesses()).toHaveLength(21);
  expect(accesses().reduce((sum, { bodyBytes }) => sum + bodyBytes, 0)).toBe(size);
});

test('a damaged run of a complete asset is fetched again, and nothing else', async () => {
  const size = 3 * MB;
  serve(size);
  await (await open()).completed(never);
  await stop();
  await flipByte(MB + 5);

  start();
  const source = await open();
  expect(source.phase).toBe('complete');
  const phases: string[] = [];
  source.events.on('source.phase', ({ payload }) => phases.push(payload.to));
  expect(digest(await source.reader().read({ start: 0, end: size }, never))).toBe(digest(virtualBytes(0, size)));
  await source.completed(never);
  expect(phases).toEqual(['downloading', 'complete']);
  expect(source.generation).toBe(1);
  expect(source.traffic.network).toBeLessThanOrEqual(256 * 1024);
});

test('the segment index is built once on the Complete edge, and found again later', async () => {
  const index = new SegmentIndex({ start: 0, end: 800 }, 48_000, [
    { range: { start: 800, end: 900 }, decodeTime: 0, duration: 1024, sync: true },
    { range: { start: 900, end: 2 ** 40 }, decodeTime: 1024, duration: 512, sync: false },
  ]);
  let built = 0;
  const indexer: SourcesOptions['indexer'] = async (source, signal) => {
    built++;
    expect((await source.read({ start: 0, end: 100 }, signal)).length).toBe(100);
    return index;
  };
  serve(MB);
  await stop();
  start({ indexer });
  const source = await open();
  const announced = new Promise((resolve) => source.events.on('source.segmentIndex', ({ payload }) => resolve(payload)));
  expect(await Promise.all([source.segmentIndex(never), source.segmentIndex(never)])).toEqual([index, index]);
  expect(await announced).toEqual({ segments: 2 });
  await stop();
  start({ indexer });
  expect(await (await open()).segmentIndex(never)).toEqual(index);
  expect(built).toBe(1);
});

test('an index that cannot be had is told, and is none', async () => {
  serve(MB);
  await stop();
  start({ indexer: () => Promise.reject(new RangeError('too many boxes')) });
  const source = await open();
  const announced = new Promise<unknown>((resolve) => source.events.on('source.segmentIndex', ({ payload }) => resolve(payload)));
  expect(await source.segmentIndex(never)).toBeUndefined();
  expect(await announced).toMatchObject({ segments: 0, error: { code: 'media.malformed' } });
});

async function flipByte(offset: number): Promise<void> {
  const files = await readdir(root, { recursive: true });
  const data = files.find((name) => /(^|\/)data\.\d+$/.test(name));
  expect(data).toBeDefined();
  const file = await openFile(path.join(root, data!), 'r+');
  const { buffer } = await file.read(new Uint8Array(1), 0, 1, offset);
  await file.write(Uint8Array.of(buffer[0] ^ 1), 0, 1, offset);
  await file.close();
}
