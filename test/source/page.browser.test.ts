import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';
import { createBrowserClient } from '../../src/net/client.browser.ts';
import type { RetryPolicy } from '../../src/net/retry.ts';
import { openFileSource } from '../../src/source/file-source.ts';
import type { FileSource } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { RemoteOrigin } from '../fakes/remote-origin.ts';

const SIZE = 500_000;
const never = new AbortController().signal;
const origin = new RemoteOrigin(inject('origin'));
let path: string;
let source: FileSource | undefined;

beforeEach(({ task }) => {
  path = `/page/${task.id}-${crypto.randomUUID()}`;
});
afterEach(() => source?.close());

async function open(events: EventScope, retry: Partial<RetryPolicy> = { baseMs: 1 }): Promise<FileSource> {
  const url = origin.url + path;
  const client = createBrowserClient({ timeouts: { stallMs: 600 } });
  source = await openFileSource({ client, store: createMemoryStore(), events, retry, url, key: assetKey(url) });
  return source;
}

const ranges = async () => (await origin.accesses(path)).map(({ range }) => range);

test('another origin that hides its headers is held to 64 KiB of overlap at each resume, and asked what is behind its end', async () => {
  await origin.put(path, { content: { size: SIZE }, cors: 'simple', etag: '"v1"' });
  await origin.fault(path, { stallAfter: 200_000 }, { stallAfter: 165_536 });
  const opened = await open(new EventScope());
  await opened.completed(never);
  expect(firstDifference(await opened.reader().read({ start: 0, end: SIZE }, never), virtualBytes(0, SIZE))).toBe(-1);
  expect(await ranges()).toEqual(['bytes=0-', `bytes=${200_000 - 65_536}-`, `bytes=${300_000 - 65_536}-`, `bytes=${SIZE}-`]);
});

test('and that one which became another version there is downloaded anew', async () => {
  await origin.put(path, { content: { size: SIZE }, cors: 'simple', etag: '"v1"' });
  await origin.fault(path, { stallAfter: 200_000 });
  const opened = await open(new EventScope());
  await opened.reader().read({ start: 0, end: 100_000 }, never);
  await origin.put(path, { content: { size: SIZE, seed: 2 }, cors: 'simple', etag: '"v2"' });
  await opened.completed(never);
  expect(opened.generation).toBe(2);
  expect(firstDifference(await opened.reader().read({ start: 0, end: SIZE }, never), virtualBytes(0, SIZE, 2))).toBe(-1);
});

test('a network that comes back ends the wait for the next attempt', async () => {
  await origin.put(path, { content: { size: SIZE } });
  await origin.fault(path, { status: 503 });
  const events = new EventScope();
  const delays: number[] = [];
  events.on('source.retry', ({ payload }) => {
    delays.push(payload.delayMs);
    queueMicrotask(() => globalThis.dispatchEvent(new Event('online')));
  });
  const opened = await open(events, { baseMs: 600_000, maxDelayMs: 600_000 });
  await opened.completed(never);
  expect(delays).toEqual([expect.any(Number)]);
  expect(delays[0]).toBeGreaterThan(100_000);
});
