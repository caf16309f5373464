import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { createIndexedDbStore } from '../../src/store/indexeddb.browser.ts';
import { assetKey } from '../../src/store/key.ts';
import type { Asset, AssetFacts } from '../../src/store/store.ts';
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

const storeForTest = (clock: Clock = systemClock) => {
  const store = createIndexedDbStore({ name, clock });
  onTestFinished(async () => {
    await store.close();
    await reset();
  });
  return store;
};

const keyOf = (title: string): string => assetKey(`https://example.org/${title}.mp3`);

/** Collects why the asset went on in memory. */
function toldOf(asset: Asset): string[] {
  const told: string[] = [];
  asset.onFull = ({ code }) => told.push(code);
  return told;
}

/** A page of some version that has the database open and heeds nobody. */
async function openRaw(version: number): Promise<IDBDatabase> {
  const opening = indexedDB.open(name, version);
  opening.onupgradeneeded = ({ oldVersion }) => oldVersion === 0 && opening.result.createObjectStore('assets');
  const database = await settled(opening);
  onTestFinished(() => database.close());
  return database;
}

/** Fails as many transactions with `error` as the test says. */
function loseConnection(error: string): { left: number } {
  const losses = { left: 0 };
  const real = IDBDatabase.prototype.transaction;
  IDBDatabase.prototype.transaction = function (...parameters) {
    if (losses.left === 0) return real.apply(this, parameters);
    losses.left--;
    throw new DOMException('the connection is gone', error);
  };
  onTestFinished(() => {
    IDBDatabase.prototype.transaction = real;
  });
  return losses;
}

/** Time stands still until the test moves it; the five seconds that an opening may take are over when the test says so. */
class PatienceClock {
  time = 0;
  #waiting: (() => void)[] = [];
  now = (): number => this.time;
  setTimeout = (callback: () => void, ms: number): unknown => {
    if (ms === 5000) this.#waiting.push(callback);
    return callback;
  };
  clearTimeout = (callback: unknown): void => {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== callback);
  };

  /** Waits until an opening waits, then ends its patience. */
  async runOut(): Promise<void> {
    await expect.poll(() => this.#waiting.length).toBe(1);
    this.#waiting[0]();
  }
}

describe('IndexedDB store: the database', () => {
  test('a deletion of the database by another page is not held up, and the store opens a new one', async () => {
    const store = storeForTest();
    const asset = await store.open(key);
    await asset.begin(facts);
    await reset();
    const other = await store.open(keyOf('b'));
    await other.begin(facts);
    await other.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await other.flush();
    expect(other.volatile).toBe(false);
  });

  test('it is opened at first use, or ahead where that is wanted', async () => {
    const open = vi.spyOn(indexedDB, 'open');
    onTestFinished(() => open.mockRestore());
    const lazy = createIndexedDbStore({ name });
    expect(open).not.toHaveBeenCalled();
    await lazy.close();
    const eager = createIndexedDbStore({ name, isEager: true });
    expect(open).toHaveBeenCalledOnce();
    await eager.list();
    expect(open).toHaveBeenCalledOnce();
    await eager.close();
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

describe('IndexedDB store: a page that ends', () => {
  test.each([
    ['hidden', () => document.dispatchEvent(new Event('visibilitychange'))],
    ['left', () => dispatchEvent(new Event('pagehide'))],
  ])('what is in memory is stored when the page is %s, and nothing is done after closing', async (_, end) => {
    const visibility = vi.spyOn(document, 'visibilityState', 'get').mockReturnValue('hidden');
    onTestFinished(() => visibility.mockRestore());
    const store = storeForTest(new PatienceClock()); // no second ever passes
    const asset = await store.open(key);
    await asset.begin(facts);
    await asset.write(1, 0, contentAt({ start: 0, end: 1000 }));
    const other = storeForTest();
    expect((await other.stat(key))?.heldBytes).toBe(0);
    end();
    await expect.poll(async () => (await other.stat(key))?.heldBytes).toBe(1000);
    await store.close();
    const flush = vi.spyOn(store, 'flush');
    end();
    expect(flush).not.toHaveBeenCalled();
  });
});

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
    const clock = new PatienceClock();
    const store = storeForTest(clock);
    const opening = store.open(key);
    await clock.runOut();
    const asset = await opening;
    expect(asset).toMatchObject({ volatile: true, failure: { code: 'store.unavailable' } });
    await asset.begin(facts);
    await asset.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await expectContent(asset, { start: 0, end: 1000 });

    const other = await store.open(keyOf('b'));
    expect(other.volatile).toBe(true);
    expect(opened).toBe(1);
    clock.time = 30_001;
    const later = await store.open(keyOf('c'));
    expect(later).toMatchObject({ volatile: false, failure: undefined });
  });

  test('an opening that other pages block ends in memory after five seconds, and is tried again after thirty', async () => {
    const inTheWay = await openRaw(1); // does not close when it is asked to
    const deletion = settled(indexedDB.deleteDatabase(name));
    const clock = new PatienceClock();
    const store = storeForTest(clock);
    const opening = store.open(key);
    await clock.runOut();
    const asset = await opening;
    expect(asset).toMatchObject({ volatile: true, failure: { code: 'store.unavailable' } });
    await asset.begin(facts);
    await asset.close();
    inTheWay.close();
    await deletion;
    clock.time = 30_001;
    const again = await store.open(key);
    expect(again).toMatchObject({ volatile: false, failure: undefined, generation: 0 });
    await again.begin(facts);
    expect((await store.list()).map((stat) => stat.key)).toEqual([key]); // once, not in memory too
  });

  test('a page of a later version gets the database at once, and this one goes on in memory', async () => {
    const store = storeForTest();
    const asset = await store.open(key);
    const told = toldOf(asset);
    await asset.begin(facts);
    await asset.write(1, 0, contentAt({ start: 0, end: CHUNK }));
    await asset.flush();
    const later = await openRaw(2);
    await asset.write(1, CHUNK, contentAt({ start: CHUNK, end: 2 * CHUNK }));
    await asset.flush();
    expect(told).toEqual(['store.unavailable']);
    await expectContent(asset, { start: 0, end: 2 * CHUNK });
    const other = await store.open(keyOf('b'));
    expect(other).toMatchObject({ volatile: true, failure: { code: 'store.unavailable' } });
    const runs = await settled(later.transaction('assets').objectStore('assets').getAllKeys());
    expect(runs.filter((stored) => Array.isArray(stored) && stored[0] === 'run').length).toBe(1);
    later.close();
  });

  test.each(['InvalidStateError', 'AbortError', 'UnknownError'])('one %s costs nothing, a second one in a row the store', async (error) => {
    const clock = new PatienceClock();
    const store = storeForTest(clock);
    const asset = await store.open(key);
    const told = toldOf(asset);
    await asset.begin(facts);
    const losses = loseConnection(error);

    losses.left = 1;
    await asset.write(1, 0, contentAt({ start: 0, end: CHUNK }));
    await asset.flush();
    expect(losses.left).toBe(0);
    expect(asset).toMatchObject({ volatile: false, failure: undefined });

    losses.left = 2;
    await asset.write(1, CHUNK, contentAt({ start: CHUNK, end: 2 * CHUNK }));
    await asset.flush();
    expect(told).toEqual(['store.unavailable']);
    expect(asset).toMatchObject({ volatile: true, failure: { code: 'store.unavailable' } });
    await expectContent(asset, { start: 0, end: 2 * CHUNK });
    expect((await store.open(keyOf('b'))).volatile).toBe(true);
    await asset.close();
    clock.time = 30_001;
    const again = await store.open(key);
    expect(again.volatile).toBe(false);
    expect(again.held.toArray()).toEqual([{ start: 0, end: CHUNK }]);
  });

  test('a full quota evicts, tries again, and then goes on in memory', async () => {
    const store = storeForTest();
    const old = await store.open(keyOf('old'));
    await old.begin(facts);
    await old.write(1, 0, contentAt({ start: 0, end: 1000 }));
    await old.close();
    const asset = await store.open(key);
    await asset.begin(facts);
    const told = toldOf(asset);
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
