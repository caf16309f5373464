import { expect, onTestFinished, test, vi } from 'vitest';
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';
import type { AssetFacts, AssetStore } from '../../src/store/store.ts';
import { contentAt, expectContent } from '../contracts/asset-store.ts';

const CHUNK = 256 * 1024;
const facts: AssetFacts = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', validator: {} };
const key = assetKey(facts.url);

interface StorageBuckets {
  open(name: string, options: { quota: number }): Promise<{ readonly indexedDB: IDBFactory }>;
  delete(name: string): Promise<void>;
}

function openStore(): AssetStore {
  const store = createIndexedDbStore();
  onTestFinished(() => store.close());
  return store;
}

test('a quota that is reached in earnest ends in memory, and what was stored before stays', async () => {
  // A bucket has a quota of its own, and one that counts at once (Storage Buckets API).
  const { storageBuckets } = navigator as unknown as { storageBuckets: StorageBuckets };
  const bucket = await storageBuckets.open('small', { quota: 3 * 1024 * 1024 });
  vi.stubGlobal('indexedDB', bucket.indexedDB);
  onTestFinished(async () => {
    vi.unstubAllGlobals();
    await storageBuckets.delete('small');
  });
  const store = openStore();
  const asset = await store.open(key);
  await asset.begin(facts);
  await asset.write(1, 0, contentAt({ start: 0, end: CHUNK }));
  await asset.flush();
  const told: string[] = [];
  asset.onFull = (cause) => told.push(cause.code);
  for (let start = CHUNK; start < 40 * CHUNK; start += CHUNK) await asset.write(1, start, contentAt({ start, end: start + CHUNK }));
  await asset.flush();
  expect(told).toEqual(['store.full']);
  expect(asset.volatile).toBe(true);
  for (const range of asset.held.toArray()) await expectContent(asset, range);
  expect(asset.held.contains({ start: 10 * CHUNK, end: 40 * CHUNK })).toBe(true);
  const again = await openStore().open(key);
  await expectContent(again, { start: 0, end: CHUNK });
});
