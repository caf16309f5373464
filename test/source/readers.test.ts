import { afterAll, beforeAll, expect, test } from 'vitest';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { openFileSource } from '../../src/source/file-source.ts';
import type { FileSource } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { settled } from '../fakes/fake-clock.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';
import { randomFrom } from './random.ts';

const MB = 1 << 20;
const READERS = 200;
const SEEKS = 3;
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

let origin: Origin;
let client: RangeClient;
beforeAll(async () => {
  origin = await startOrigin();
  client = createNodeClient();
});
afterAll(async () => {
  await client.close();
  await origin.close();
});

async function open(path: string, size: number, rate: number): Promise<FileSource> {
  origin.put(path, { content: { size }, etag: '"1"' });
  origin.fault(path, { rate, times: 10_000 });
  const url = origin.url + path;
  return await openFileSource({ client, store: createMemoryStore(), url, key: assetKey(url) });
}

test('two hundred readers that seek at random cost the network one download', { timeout: 120_000 }, async () => {
  console.info('SEED', seed);
  const random = randomFrom(seed);
  const size = 16 * MB;
  await using source = await open('/seeks', size, 8 * MB);
  const wanderer = async () => {
    const reader = source.reader();
    let wrong = 0;
    for (let seek = 0; seek < SEEKS; seek++) {
      const start = Math.floor(random() * size);
      const end = Math.min(size, start + 1 + Math.floor(random() * 300_000));
      const bytes = await reader.read({ start, end }, AbortSignal.timeout(100_000));
      if (firstDifference(bytes, virtualBytes(start, end)) >= 0) wrong++;
    }
    reader.close();
    return wrong;
  };
  const wrong = await Promise.all(Array.from({ length: READERS }, wanderer));
  await source.completed(AbortSignal.timeout(100_000));
  console.info(`${source.traffic.requests} requests, ${(source.traffic.network / size).toFixed(4)} × the size`);
  expect(wrong).toEqual(wrong.map(() => 0));
  expect(source.traffic.network).toBeLessThanOrEqual(1.05 * size);
});

test('each of two hundred waiting readers is let go at once when it aborts, and the others wait on', async () => {
  const size = 400 * MB;
  await using source = await open('/aborts', size, MB);
  const random = randomFrom(seed);
  const waiting = Array.from({ length: READERS }, () => {
    const controller = new AbortController();
    const start = 100 * MB + Math.floor(random() * 200 * MB);
    const end = source.reader().read({ start, end: start + 50 * MB }, controller.signal);
    return { controller, end: end.then(String, (error: unknown) => error) };
  });
  for (const [i, { controller, end }] of waiting.entries()) {
    const reason = new Error(`reader ${i}`);
    controller.abort(reason);
    expect(await Promise.race([end, settled()])).toBe(reason);
  }
  expect(source.phase).toBe('downloading');
});
