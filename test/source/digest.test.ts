import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { openFileSource } from '../../src/source/file-source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { type FaultServer, startFaultServer } from '../fakes/fault-server.ts';

const SIZE = 3_000_001;
const never = new AbortController().signal;
const digestOf = (seed: number) =>
  createHash('sha256')
    .update(virtualBytes(0, SIZE, seed))
    .digest('base64');
const digest = { algorithm: 'sha-256', value: digestOf(1) } as const;

let client: RangeClient;
let store: AssetStore;
let events: EventScope;
let told: unknown[];

beforeAll(() => {
  client = createNodeClient();
});
afterAll(() => client.close());
beforeEach(() => {
  store = createMemoryStore();
  events = new EventScope();
  told = [];
  events.on('source.retry', ({ payload }) => told.push(payload.error.code));
  events.on('source.generation', () => told.push('generation'));
});

/** Has bytes of the one seed, and promises those of the other. */
const serve = (seed: number, promised: number) =>
  startFaultServer([{ seed, size: SIZE, headers: { ETag: '"v1"', 'Repr-Digest': `sha-256=:${digestOf(promised)}:` } }], () => ({}));

function open({ url }: FaultServer) {
  return openFileSource({ client, store, events, retry: { baseMs: 1 }, url: `${url}/a`, key: assetKey(`${url}/a`) });
}

/** Leaves all bytes of `seed` in the store, but not the mark that they are all: what a killed process leaves. */
async function killBeforeCommit({ url }: FaultServer, seed: number): Promise<void> {
  const asset = await store.open(assetKey(`${url}/a`));
  const generation = await asset.begin({ url, mediaType: 'audio/mpeg', validator: { etag: '"v1"' }, length: SIZE, digest });
  await asset.write(generation, 0, virtualBytes(0, SIZE, seed));
  await asset.close();
}

test('a resource that is never what its server promises is fetched twice, and nothing of it is kept', async () => {
  await using server = await serve(2, 1);
  const source = await open(server);
  await expect(source.completed(never)).rejects.toMatchObject({ code: 'asset.integrity', details: { url: `${server.url}/a` } });
  expect([source.phase, source.held.size, server.log.length]).toEqual(['failed', 0, 2]);
  expect(told).toEqual(['asset.integrity', 'generation']);
  await source.close();
  expect(await store.list()).toEqual([]);
});

test('a reader that was given wrong bytes is told that they are of another version', async () => {
  await using server = await serve(2, 1);
  await using source = await open(server);
  const reader = source.reader();
  expect(firstDifference(await reader.read({ start: 0, end: 10 }, never), virtualBytes(0, 10, 2))).toBe(-1);
  await expect(source.completed(never)).rejects.toMatchObject({ code: 'asset.integrity' });
  await expect(reader.read({ start: 0, end: 10 }, never)).rejects.toMatchObject({ code: 'asset.integrity' });
});

test('what a killed process left is held against the promise before it counts as whole', async () => {
  await using server = await serve(1, 1);
  await killBeforeCommit(server, 2);
  await using source = await open(server);
  expect(source.phase).not.toBe('complete');
  await source.completed(never);
  expect(firstDifference(await source.reader().read({ start: 0, end: SIZE }, never), virtualBytes(0, SIZE))).toBe(-1);
  expect(server.log.map(({ start }) => start)).toEqual([0]);
});

test('and is whole without a request when it keeps it', async () => {
  await using server = await serve(1, 1);
  await killBeforeCommit(server, 1);
  await using source = await open(server);
  await source.completed(never);
  expect(server.log).toEqual([]);
});

test('a close does not wait for a digest, and leaves the bytes to the next one', async () => {
  await using server = await serve(1, 1);
  await killBeforeCommit(server, 1);
  const source = await open(server);
  await source.close();
  expect(await store.list()).toMatchObject([{ committed: false, heldBytes: SIZE }]);
});
