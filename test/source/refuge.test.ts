import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { AulosError, isAulosError } from '../../src/errors.ts';
import { EventScope } from '../../src/events/bus.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import { Sources } from '../../src/source/file-source.ts';
import { createDiskStore } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { startOrigin } from '../fakes/origin.ts';

const SIZE = 300_000;
const origin = await startOrigin();
origin.put('/a.mp3', { content: { size: SIZE } });
afterAll(() => origin.close());
const url = `${origin.url}/a.mp3`;
const key = assetKey(url);
const never = new AbortController().signal;

function listen() {
  const events = new EventScope();
  const told: string[] = [];
  events.on('store.unavailable', ({ payload }) => told.push(payload.error.code));
  return { events, told };
}

test('a folder that may not be used costs the cache, and is told', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'aulos-refuge-'));
  await writeFile(path.join(folder, 'cache'), 'a file where the folder should be');
  const store = createDiskStore({ root: path.join(folder, 'cache') });
  const client = createNodeClient();
  const { events, told } = listen();
  const sources = new Sources({ client, store, events });
  const source = await sources.open({ url, key });
  await source.completed(never);
  const bytes = await source.reader().read({ start: 0, end: SIZE }, never);
  expect(firstDifference(bytes, virtualBytes(0, SIZE))).toBe(-1);
  expect(told).toEqual(['store.denied']);
  await sources.close();
  await client.close();
  await store.close();
  await rm(folder, { recursive: true });
});

test('a store that refuses once keeps what is opened later', async () => {
  const store = createMemoryStore();
  const { open } = store;
  let refusals = 1;
  store.open = async (name) => {
    if (refusals-- > 0) throw new AulosError('store.io', {}, 'not now');
    return open.call(store, name);
  };
  const client = createNodeClient();
  const { events, told } = listen();
  const sources = new Sources({ client, store, events });
  for (const kept of [0, 1]) {
    const source = await sources.open({ url, key });
    await source.completed(never);
    await source.close();
    expect(await store.list()).toHaveLength(kept);
  }
  expect(told).toEqual(['store.io']);
  await sources.close();
  await client.close();
  await store.close();
});

test('a store that was closed is no refusal', async () => {
  const store = createMemoryStore();
  await store.close();
  const client = createNodeClient();
  const sources = new Sources({ client, store, events: new EventScope() });
  await expect(sources.open({ url, key })).rejects.toSatisfy((error) => isAulosError(error, 'store.unavailable'));
  await sources.close();
  await client.close();
});
