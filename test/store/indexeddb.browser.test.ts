import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';
import type { AssetFacts } from '../../src/store/store.ts';
import { contentAt, expectContent, testAssetStore } from '../contracts/asset-store.ts';

const CHUNK = 256 * 1024;
const facts: AssetFacts = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', validator: {} };
const key = assetKey(facts.url);
const name = 'aulos-test';

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

const reset = async (): Promise<void> => {
  await settled(indexedDB.deleteDatabase(name));
};

async function corrupt(asset: string, offset: number): Promise<void> {
  const database = await settled(indexedDB.open(name));
  const store = database.transaction('assets', 'readwrite').objectStore('assets');
  for (const stored of await settled(store.getAllKeys())) {
    const [kind, owner, , chunk, start, length] = stored as [string, string, number, number, number, number];
    const within = offset - chunk * CHUNK - start;
    if (kind !== 'run' || owner !== asset || within < 0 || within >= length) continue;
    const bytes = new Uint8Array(await settled(store.get(stored)));
    bytes[within] ^= 0x10;
    await settled(store.put(bytes.buffer, stored));
  }
  database.close();
}

testAssetStore('IndexedDB store', { durable: true, createStore: (limits) => createIndexedDbStore({ name, limits }), reset, corrupt });

const storeForTest = (clock = systemClock) => {
  const store = createIndexedDbStore({ name, clock });
  onTestFinished(async () => {
    await store.close();
    await reset();
  });
  return store;
};

describe('IndexedDB store: the database', () => {
  test('a deletion of the database by another page is not held up, and the store opens a new one', async () => {
    const store = storeForTest();
    const asset = await store.open(key);
    await asset.begin(facts);
    await reset();
    const other = await store.open(assetKey('https://example.org/b.mp3'));
    await other.begin(facts);
    await other.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await other.flush();
    expect(other.volatile).toBe(false);
  });

  test('a reader that follows the writer is served from memory', async () => {
    const asset = await storeForTest().open(key);
    await asset.begin(facts);
    await asset.write(1, 0, contentAt({ start: 0, end: 4 * CHUNK }));
    await asset.flush();
    await corrupt(key, 5);
    await expectContent(asset, { start: 0, end: 10 });
  });
});

interface StorageBuckets {
  open(name: string, options: { quota: number }): Promise<{ readonly indexedDB: IDBFactory }>;
  delete(name: string): Promise<void>;
}

describe('IndexedDB store: without a database', () => {
  test('an opening that is never answered ends in memory after five seconds, and is tried again after thirty', async () => {
    const real = indexedDB.open;
    let opened = 0;
    IDBFactory.prototype.open = function (...parameters) {
      return opened++ === 0 ? ({} as IDBOpenDBRequest) : real.apply(this, parameters);
    };
    onTestFinished(() => {
      IDBFactory.prototype.open = real;
    });
    let now = 0;
    const timers: (() => void)[] = [];
    const clock = {
      now: () => now,
      setTimeout: (callback: () => void, ms: number) => ms === 5000 && timers.push(callback),
      clearTimeout() {},
    };
    const store = storeForTest(clock);
    const opening = store.open(key);
    await expect.poll(() => timers.length).toBe(1);
    timers[0]();
    const asset = await opening;
    expect(asset.volatile).toBe(true);
    await asset.begin(facts);
    await asset.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await expectContent(asset, { start: 0, end: 1000 });

    const other = await store.open(assetKey('https://example.org/b.mp3'));
    expect(other.volatile).toBe(true);
    expect(opened).toBe(1);
    now = 30_001;
    const later = await store.open(assetKey('https://example.org/c.mp3'));
    expect(later.volatile).toBe(false);
  });

  test('a quota that is reached in earnest ends in memory, and what was stored before stays', async () => {
    // A bucket has a quota of its own, and one that counts at once (Storage Buckets API).
    const { storageBuckets } = navigator as unknown as { storageBuckets: StorageBuckets };
    const bucket = await storageBuckets.open('small', { quota: 3 * 1024 * 1024 });
    vi.stubGlobal('indexedDB', bucket.indexedDB);
    onTestFinished(async () => {
      vi.unstubAllGlobals();
      await storageBuckets.delete('small');
    });
    const store = storeForTest();
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
    const again = await storeForTest().open(key);
    await expectContent(again, { start: 0, end: CHUNK });
  });

  test('a full quota evicts, tries again, and then goes on in memory', async () => {
    const store = storeForTest();
    const old = await store.open(assetKey('https://example.org/old.mp3'));
    await old.begin(facts);
    await old.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await old.close();
    const asset = await store.open(key);
    await asset.begin(facts);
    const told: string[] = [];
    asset.onFull = (cause) => told.push(cause.code);
    const real = IDBObjectStore.prototype.put;
    let attempts = 0;
    IDBObjectStore.prototype.put = function (value, place) {
      if (!(value instanceof ArrayBuffer)) return real.call(this, value, place);
      attempts++;
      throw new DOMException('no more', 'QuotaExceededError');
    };
    onTestFinished(() => {
      IDBObjectStore.prototype.put = real;
    });
    await asset.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await asset.flush();
    expect(attempts).toBe(2);
    expect(told).toEqual(['store.full']);
    await expectContent(asset, { start: 0, end: 1000 });
    expect((await store.list()).map((stat) => stat.key)).toEqual([key]);
  });
});
