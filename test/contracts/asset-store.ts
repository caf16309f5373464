import { afterEach, describe, expect, test } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { isAulosError } from '../../src/errors.ts';
import { assetKey } from '../../src/store/key.ts';
import type { Asset, AssetFacts, AssetStore, StoreLimits } from '../../src/store/store.ts';

/** How the suite gets at one implementation. */
export interface AssetStoreHarness {
  /** A store on the medium of this harness; the medium outlives the store. */
  createStore(limits?: Partial<StoreLimits>): AssetStore;
  /** Empties the medium. */
  reset(): Promise<void>;
  /** False for a store whose assets end with it. */
  readonly durable: boolean;
  /** Flips a stored bit of byte `offset` behind the store's back. */
  corrupt?(key: string, offset: number): Promise<void>;
}

const CHUNK = 256 * 1024;
const forever = new AbortController().signal;
const facts: AssetFacts = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', validator: { etag: '"1"' } };
const keyOf = (name: string): string => assetKey(`https://example.org/${name}`);
const key = keyOf('a.mp3');

/** Bytes of a made-up resource: each tells its offset, and `version` which resource it is of. */
export function contentAt({ start, end }: ByteRange, version = 1): Uint8Array {
  const bytes = new Uint8Array(end - start);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Math.imul((start + i) ^ (version << 24), 0x9e3779b1) >>> 21;
  return bytes;
}

const fill = (asset: Asset, generation: number, range: ByteRange, version = 1): Promise<void> =>
  asset.write(generation, range.start, contentAt(range, version));

/** Fails unless `range` reads as {@link contentAt} says. */
export async function expectContent(asset: Asset, range: ByteRange, version = 1): Promise<void> {
  const bytes = await asset.read(range, forever);
  expect(bytes && sameBytes(bytes, contentAt(range, version)), `bytes ${range.start}-${range.end}`).toBe(true);
}

// toEqual on typed arrays takes seconds per MiB.
const sameBytes = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** The contract of {@link AssetStore}, for every implementation. */
export function testAssetStore(name: string, harness: AssetStoreHarness): void {
  describe(name, () => testAlike(harness));
}

function testAlike(harness: AssetStoreHarness): void {
  const stores: AssetStore[] = [];
  const createStore = (limits?: Partial<StoreLimits>): AssetStore => {
    const store = harness.createStore(limits);
    stores.push(store);
    return store;
  };
  const openBegun = async (store: AssetStore, named = key): Promise<Asset> => {
    const asset = await store.open(named);
    await asset.begin(facts);
    return asset;
  };

  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await harness.reset();
  });

  describe('writing and reading', () => {
    test('a new asset is empty', async () => {
      const asset = await createStore().open(key);
      expect(asset).toMatchObject({ key, generation: 0, facts: undefined, committed: false, volatile: !harness.durable });
      expect(asset.held.size).toBe(0);
      expect(await asset.read({ start: 0, end: 1 }, forever)).toBe(undefined);
    });

    test('a range can be read as soon as its write has resolved', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 0, end: 1000 });
      await expectContent(asset, { start: 10, end: 990 });
      await fill(asset, 1, { start: 1000, end: 2000 });
      await expectContent(asset, { start: 990, end: 1010 });
    });

    test('ranges are written in any order and read across chunk borders', async () => {
      const asset = await openBegun(createStore());
      const parts = [2.5, 0, 1.25, 0.5, 1.75, 3.1].map((at) => ({ start: Math.floor(at * CHUNK), end: Math.floor((at + 0.5) * CHUNK) }));
      for (const part of parts) await fill(asset, 1, part);
      expect(asset.held.toArray()).toEqual([
        { start: 0, end: CHUNK },
        { start: 1.25 * CHUNK, end: 2.25 * CHUNK },
        { start: 2.5 * CHUNK, end: 3 * CHUNK },
        { start: Math.floor(3.1 * CHUNK), end: Math.floor(3.6 * CHUNK) },
      ]);
      await expectContent(asset, { start: 1.25 * CHUNK + 10, end: 2.25 * CHUNK - 10 });
      await asset.flush();
      await expectContent(asset, { start: 1.25 * CHUNK, end: 2.25 * CHUNK });
      await expectContent(asset, { start: 100, end: CHUNK - 100 });
    });

    test('a range of which a byte is missing is not read', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 0, end: 100 });
      await fill(asset, 1, { start: 101, end: 200 });
      expect(await asset.read({ start: 0, end: 101 }, forever)).toBe(undefined);
      expect(await asset.read({ start: 99, end: 102 }, forever)).toBe(undefined);
      await expectContent(asset, { start: 101, end: 200 });
    });

    test('overlapping writes join, and held bytes stay what they were', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 1000, end: 2000 });
      await asset.flush();
      await fill(asset, 1, { start: 500, end: 1500 });
      await fill(asset, 1, { start: 0, end: 300_000 });
      await asset.write(1, 1200, new Uint8Array(50));
      expect(asset.held.toArray()).toEqual([{ start: 0, end: 300_000 }]);
      await expectContent(asset, { start: 0, end: 300_000 });
    });

    test('the caller may use its array again after a write', async () => {
      const asset = await openBegun(createStore());
      const bytes = contentAt({ start: 0, end: 1000 });
      await asset.write(1, 0, bytes);
      bytes.fill(0);
      await asset.flush();
      await expectContent(asset, { start: 0, end: 1000 });
    });

    test('a view that was read stays as it is', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 0, end: 5000 });
      const view = await asset.read({ start: 0, end: 5000 }, forever);
      await fill(asset, 1, { start: 0, end: 12 * CHUNK });
      await asset.begin(facts);
      await fill(asset, asset.generation, { start: 0, end: CHUNK }, 2);
      expect(view && sameBytes(view, contentAt({ start: 0, end: 5000 }))).toBe(true);
    });

    test('an aborted read rejects with the reason', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 0, end: 10 });
      const reason = new Error('enough');
      await expect(asset.read({ start: 0, end: 10 }, AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test('many writes at once are all there, however fast they come', async () => {
      const asset = await openBegun(createStore());
      const size = 12 * 1024 * 1024 + 12_345;
      const writes: Promise<void>[] = [];
      for (let start = 0; start < size; start += 50_000) writes.push(fill(asset, 1, { start, end: Math.min(size, start + 50_000) }));
      await Promise.all(writes);
      expect(asset.held.toArray()).toEqual([{ start: 0, end: size }]);
      await expectContent(asset, { start: 0, end: size });
      await asset.commit(size);
      await expectContent(asset, { start: size - 300_000, end: size });
    });

    test('random writes and reads agree with a plain array', async () => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      console.info(`seed ${seed}`);
      let state = seed;
      const random = (below: number): number => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const asset = await openBegun(createStore());
      const size = 5 * CHUNK;
      for (let i = 0; i < 120; i++) {
        const start = random(size - 1);
        const end = Math.min(size, start + 1 + random(i % 3 === 0 ? CHUNK : 9000));
        await fill(asset, 1, { start, end });
        if (i % 17 === 0) await asset.flush();
        const from = random(size - 1);
        const range = { start: from, end: Math.min(size, from + 1 + random(CHUNK * 2)) };
        if (asset.held.contains(range)) await expectContent(asset, range);
        else expect(await asset.read(range, forever)).toBe(undefined);
      }
    });
  });

  describe('generations', () => {
    test('a new generation drops bytes, commit and sidecars of the old one', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 0, end: 1000 });
      await asset.writeSidecar('peaks', contentAt({ start: 0, end: 10 }));
      await asset.commit(1000);
      const generation = await asset.begin({ ...facts, validator: { etag: '"2"' } });
      expect(generation).toBe(2);
      expect(asset).toMatchObject({ generation: 2, committed: false, facts: { validator: { etag: '"2"' } } });
      expect(asset.held.size).toBe(0);
      expect(await asset.readSidecar('peaks')).toBe(undefined);
      await fill(asset, 2, { start: 0, end: 10 }, 2);
      await expectContent(asset, { start: 0, end: 10 }, 2);
    });

    test('bytes of a stale generation are ignored', async () => {
      const asset = await openBegun(createStore());
      await asset.begin(facts);
      await fill(asset, 1, { start: 0, end: 1000 });
      expect(asset.held.size).toBe(0);
    });

    test('bytes before the first generation are ignored', async () => {
      const asset = await createStore().open(key);
      await fill(asset, 0, { start: 0, end: 1000 });
      expect(asset.held.size).toBe(0);
    });

    test('facts are added to', async () => {
      const asset = await openBegun(createStore());
      await asset.describe({ length: 77 });
      expect(asset.facts).toEqual({ ...facts, length: 77 });
    });

    test('a commit wants every byte', async () => {
      const asset = await openBegun(createStore());
      await fill(asset, 1, { start: 0, end: 999 });
      await expect(asset.commit(1000)).rejects.toSatisfy((error) => isAulosError(error, 'asset.integrity'));
      expect(asset.committed).toBe(false);
      await fill(asset, 1, { start: 999, end: 1000 });
      await asset.commit(1000);
      expect(asset).toMatchObject({ committed: true, facts: { length: 1000 } });
    });

    test('evict throws everything away', async () => {
      const store = createStore();
      const asset = await openBegun(store);
      await fill(asset, 1, { start: 0, end: 1000 });
      await asset.commit(1000);
      await asset.evict();
      expect(asset).toMatchObject({ generation: 0, facts: undefined, committed: false });
      expect(asset.held.size).toBe(0);
      expect(await asset.begin(facts)).toBeGreaterThan(1);
      await asset.evict();
      await asset.close();
      expect(await store.list()).toEqual([]);
    });
  });

  describe('sidecars', () => {
    test('a sidecar is read back, and replaced as a whole', async () => {
      const asset = await openBegun(createStore());
      expect(await asset.readSidecar('frame-index')).toBe(undefined);
      await asset.writeSidecar('frame-index', contentAt({ start: 0, end: 5000 }));
      expect(await asset.readSidecar('frame-index')).toEqual(contentAt({ start: 0, end: 5000 }));
      await asset.writeSidecar('frame-index', contentAt({ start: 0, end: 10 }, 2));
      expect(await asset.readSidecar('frame-index')).toEqual(contentAt({ start: 0, end: 10 }, 2));
    });

    test.each(['', 'a/b', '..', 'Peaks', 'x'.repeat(33)])('the name %j is refused', async (bad) => {
      const asset = await openBegun(createStore());
      await expect(asset.writeSidecar(bad, new Uint8Array(1))).rejects.toThrow(RangeError);
    });
  });

  describe('handles', () => {
    test('handles of one key share their state', async () => {
      const store = createStore();
      const [one, two] = await Promise.all([store.open(key), store.open(key)]);
      await one.begin(facts);
      await fill(one, 1, { start: 0, end: 1000 });
      await expectContent(two, { start: 0, end: 1000 });
      await one.close();
      await expectContent(two, { start: 0, end: 1000 });
      await fill(two, 1, { start: 1000, end: 2000 });
      await two.close();
      const three = await store.open(key);
      await expectContent(three, { start: 0, end: 2000 });
    });

    test('a closed handle is dead, and closing twice is nothing', async () => {
      const asset = await openBegun(createStore());
      await Promise.all([asset.close(), asset.close()]);
      await expect(asset.flush()).rejects.toSatisfy((error) => isAulosError(error, 'store.unavailable'));
    });

    test('opening waits for a closing of the same asset', async () => {
      const store = createStore();
      const asset = await openBegun(store);
      await fill(asset, 1, { start: 0, end: 3 * CHUNK });
      const closing = asset.close();
      const again = await store.open(key);
      await expectContent(again, { start: 0, end: 3 * CHUNK });
      await closing;
    });

    test('a text that is no key is refused', async () => {
      await expect(createStore().open('../../etc/passwd')).rejects.toSatisfy((error) => isAulosError(error, 'input.invalid'));
    });
  });

  describe('the catalogue', () => {
    test('list and stat tell what is stored', async () => {
      const store = createStore();
      const asset = await openBegun(store);
      await fill(asset, 1, { start: 0, end: 1000 });
      await asset.commit(1000);
      const expected = { key, facts: { ...facts, length: 1000 }, heldBytes: 1000, committed: true, pinned: false };
      expect(await store.list()).toEqual([expected]);
      await asset.close();
      expect(await store.list()).toEqual([expected]);
      expect(await store.stat(key)).toEqual(expected);
      expect(await store.stat(keyOf('other'))).toBe(undefined);
    });

    test('an asset that was only looked at leaves no trace', async () => {
      const store = createStore();
      await (await store.open(key)).close();
      expect(await store.list()).toEqual([]);
    });

    test('delete removes an asset, and empties one that is open', async () => {
      const store = createStore();
      for (const named of [key, keyOf('b')]) {
        const asset = await openBegun(store, named);
        await fill(asset, 1, { start: 0, end: 1000 });
        if (named !== key) await asset.close();
      }
      await store.delete(keyOf('b'));
      expect((await store.list()).map((stat) => stat.key)).toEqual([key]);
      const asset = await store.open(key);
      await store.delete(key);
      expect(asset.held.size).toBe(0);
      const reopened = await store.open(keyOf('b'));
      expect(reopened.held.size).toBe(0);
    });

    test('clear removes everything that is not open', async () => {
      const store = createStore();
      await openBegun(store, keyOf('open'));
      await (await openBegun(store, keyOf('b'))).close();
      await (await openBegun(store, keyOf('c'))).close();
      await store.clear();
      expect((await store.list()).map((stat) => stat.key)).toEqual([keyOf('open')]);
    });
  });

  describe('upkeep', () => {
    test('trim evicts the least recently used until so much is stored, but nothing pinned or open', async () => {
      const store = createStore();
      for (const named of ['a', 'b', 'c', 'd', 'e']) {
        const asset = await openBegun(store, keyOf(named));
        await fill(asset, 1, { start: 0, end: 1000 });
        if (named === 'b') await asset.pin(true);
        if (named !== 'c') await asset.close();
      }
      expect(await store.trim(3500)).toBe(3000);
      const left = async () => (await store.list()).map((stat) => stat.key).sort();
      expect(await left()).toEqual(['b', 'c', 'e'].map(keyOf).sort());
      expect(await store.trim(0)).toBe(2000);
      expect(await left()).toEqual(['b', 'c'].map(keyOf).sort());
      const pinned = await store.open(keyOf('b'));
      await pinned.pin(false);
      await pinned.close();
      expect(await store.trim(0)).toBe(1000);
    });

    test('verify reads open and closed assets and finds nothing wrong with sound ones', async () => {
      const store = createStore();
      const closed = await openBegun(store, keyOf('closed'));
      await fill(closed, 1, { start: 0, end: 600_000 });
      await closed.commit(600_000);
      await closed.close();
      const open = await openBegun(store);
      await fill(open, 1, { start: 100, end: 1000 });
      expect(await store.verify()).toEqual({ assets: 2, bytes: 600_900, damaged: [] });
      await expectContent(open, { start: 100, end: 1000 });
      expect((await store.stat(keyOf('closed')))?.committed).toBe(true);
    });

    test('verify is no use of an asset: it does not keep it from eviction', async () => {
      const store = createStore();
      for (const named of ['a', 'b', 'c']) {
        const asset = await openBegun(store, keyOf(named));
        await fill(asset, 1, { start: 0, end: 1000 });
        await asset.close();
      }
      await (await store.open(keyOf('a'))).close();
      await store.verify();
      await store.trim(1000);
      expect((await store.list()).map((stat) => stat.key)).toEqual([keyOf('a')]);
    });

    test('verify ends with the reason when it is aborted', async () => {
      const store = createStore();
      await fill(await openBegun(store), 1, { start: 0, end: 1000 });
      const reason = new Error('enough');
      await expect(store.verify(AbortSignal.abort(reason))).rejects.toBe(reason);
    });

    test('persist answers', async () => {
      expect(typeof (await createStore().persist())).toBe('boolean');
    });
  });

  describe('limits', () => {
    const store100 = async (store: AssetStore, named: string): Promise<void> => {
      const asset = await openBegun(store, keyOf(named));
      await fill(asset, 1, { start: 0, end: 100_000 });
      await asset.close();
    };
    const names = async (store: AssetStore): Promise<string[]> => {
      const all = ['a', 'b', 'c', 'd', 'e'];
      const listed = (await store.list()).map((stat) => stat.key);
      return all.filter((named) => listed.includes(keyOf(named)));
    };

    test('the least recently used asset goes when bytes run out', async () => {
      const store = createStore({ maxBytes: 350_000 });
      for (const named of ['a', 'b', 'c']) await store100(store, named);
      await (await store.open(keyOf('a'))).close();
      await store100(store, 'd');
      expect(await names(store)).toEqual(['a', 'c', 'd']);
    });

    test('the least recently used asset goes when there are too many', async () => {
      const store = createStore({ maxAssets: 2 });
      for (const named of ['a', 'b', 'c']) await store100(store, named);
      expect(await names(store)).toEqual(['b', 'c']);
    });

    test('pinned and open assets stay', async () => {
      const store = createStore({ maxBytes: 350_000 });
      await store100(store, 'a');
      const pinned = await store.open(keyOf('a'));
      await pinned.pin(true);
      await pinned.close();
      await store100(store, 'b');
      await store.open(keyOf('b'));
      for (const named of ['c', 'd', 'e']) await store100(store, named);
      expect(await names(store)).toEqual(['a', 'b', 'e']);
      expect((await store.stat(keyOf('a')))?.pinned).toBe(true);
    });

    test('an asset for which there is no room goes on in a small part of memory', async () => {
      const store = createStore({ maxBytes: 3 * 1024 * 1024 });
      const asset = await openBegun(store);
      const told: string[] = [];
      asset.onFull = (cause) => told.push(cause.code);
      const size = 20 * 1024 * 1024;
      for (let start = 0; start < size; start += 64 * 1024) {
        const range = { start, end: start + 64 * 1024 };
        await fill(asset, 1, range);
        await expectContent(asset, range);
      }
      expect(told).toEqual(['store.full']);
      expect(asset.volatile).toBe(true);
      expect(asset.held.size).toBeLessThanOrEqual(11 * 1024 * 1024);
      expect(asset.held.contains({ start: size - 7 * 1024 * 1024, end: size })).toBe(true);
      await expectContent(asset, { start: size - 7 * 1024 * 1024, end: size });
      for (const range of asset.held.toArray()) await expectContent(asset, range);
      await asset.writeSidecar('peaks', contentAt({ start: 0, end: 10 }));
      expect(await asset.readSidecar('peaks')).toEqual(contentAt({ start: 0, end: 10 }));
    });
  });

  if (harness.durable) {
    describe('lasting', () => {
      test.each(['asset', 'store'])('what was flushed is there in another store, if the %s was told to', async (told) => {
        const store = createStore();
        const asset = await openBegun(store);
        await fill(asset, 1, { start: 100_000, end: 400_000 });
        await fill(asset, 1, { start: 2_000_000, end: 2_000_001 });
        await (told === 'asset' ? asset : store).flush();
        const again = await createStore().open(key);
        expect(again).toMatchObject({ generation: 1, facts, committed: false, volatile: false });
        expect(again.held.toArray()).toEqual([
          { start: 100_000, end: 400_000 },
          { start: 2_000_000, end: 2_000_001 },
        ]);
        await expectContent(again, { start: 100_000, end: 400_000 });
      });

      test('an asset is completed by several stores in turn', async () => {
        for (let start = 0; start < 700_000; start += 70_000) {
          const store = createStore();
          const asset = start === 0 ? await openBegun(store) : await store.open(key);
          expect(asset.held.toArray()).toEqual(start === 0 ? [] : [{ start: 0, end: start }]);
          await fill(asset, 1, { start, end: start + 70_000 });
          if (start === 630_000) await asset.commit(700_000);
          await store.close();
        }
        const asset = await createStore().open(key);
        expect(asset).toMatchObject({ committed: true, facts: { length: 700_000 } });
        await expectContent(asset, { start: 0, end: 700_000 });
      });

      test('sidecars, pins and the catalogue last', async () => {
        const store = createStore();
        const asset = await openBegun(store);
        await fill(asset, 1, { start: 0, end: 1000 });
        await asset.writeSidecar('peaks', contentAt({ start: 0, end: 5000 }));
        await asset.pin(true);
        await store.close();
        const again = createStore();
        expect(await again.list()).toEqual([{ key, facts, heldBytes: 1000, committed: false, pinned: true }]);
        expect(await (await again.open(key)).readSidecar('peaks')).toEqual(contentAt({ start: 0, end: 5000 }));
      });

      test.each([true, false])('what another store says of a pin (%s) stays, whatever this one does with the asset', async (pinned) => {
        const [store, other] = [createStore(), createStore()];
        const asset = await openBegun(store);
        await asset.pin(!pinned);
        await (await other.open(key)).pin(pinned);
        expect((await store.stat(key))?.pinned).toBe(pinned);
        await asset.describe({ length: 1000 });
        await fill(asset, await asset.begin(facts), { start: 0, end: 1000 });
        await asset.commit(1000);
        await store.close();
        await other.close();
        expect(await createStore().stat(key)).toMatchObject({ heldBytes: 1000, pinned });
      });

      test('what another store has pinned is not evicted', async () => {
        const store = createStore({ maxBytes: 150_000 });
        const asset = await openBegun(store);
        await fill(asset, 1, { start: 0, end: 100_000 });
        await asset.close();
        const other = createStore();
        await (await other.open(key)).pin(true);
        await other.close();
        const next = await openBegun(store, keyOf('b'));
        await fill(next, 1, { start: 0, end: 100_000 });
        await next.flush();
        expect(next.volatile).toBe(true);
        expect(await createStore().stat(key)).toMatchObject({ heldBytes: 100_000, pinned: true });
      });

      test('the order of use lasts', async () => {
        const store = createStore();
        for (const named of ['a', 'b', 'c']) {
          const asset = await openBegun(store, keyOf(named));
          await fill(asset, 1, { start: 0, end: 1000 });
          await asset.close();
        }
        await (await store.open(keyOf('a'))).close();
        await store.close();
        const again = createStore({ maxAssets: 2 });
        const asset = await openBegun(again, keyOf('d'));
        await fill(asset, 1, { start: 0, end: 1000 });
        await asset.flush();
        const left = (await again.list()).map((stat) => stat.key);
        expect(left.sort()).toEqual([keyOf('a'), keyOf('d')].sort());
      });

      test('nothing of an old generation, or of a deleted asset, comes back', async () => {
        const store = createStore();
        const asset = await openBegun(store);
        await fill(asset, 1, { start: 0, end: 2_000_000 });
        await asset.commit(2_000_000);
        await asset.begin(facts);
        await fill(asset, 2, { start: 0, end: 1000 }, 2);
        await store.close();
        const second = createStore();
        const reopened = await second.open(key);
        expect(reopened.held.toArray()).toEqual([{ start: 0, end: 1000 }]);
        await expectContent(reopened, { start: 0, end: 1000 }, 2);
        await second.close();
        const third = createStore();
        await third.delete(key);
        await third.close();
        expect(await createStore().list()).toEqual([]);
      });
    });
  }

  if (harness.corrupt) {
    const corrupt = harness.corrupt.bind(harness);
    describe('damage', () => {
      test('a damaged run is never read: it becomes a gap, is told, and can be written again', async () => {
        const store = createStore();
        const asset = await openBegun(store);
        const size = 3 * CHUNK + 1000;
        await fill(asset, 1, { start: 0, end: size });
        await asset.commit(size);
        await store.close();
        await corrupt(key, CHUNK + 77);

        const again = createStore();
        const reopened = await again.open(key);
        const healed: ByteRange[] = [];
        reopened.onHealed = (range) => healed.push(range);
        await expectContent(reopened, { start: 0, end: CHUNK });
        expect(await reopened.read({ start: CHUNK - 10, end: CHUNK + 10 }, forever)).toBe(undefined);
        expect(healed).toEqual([{ start: CHUNK, end: 2 * CHUNK }]);
        expect(reopened.committed).toBe(false);
        expect(reopened.held.gaps({ start: 0, end: size })).toEqual(healed);
        await expectContent(reopened, { start: 2 * CHUNK, end: size });

        await fill(reopened, 1, healed[0]);
        await reopened.commit(size);
        await expectContent(reopened, { start: 0, end: size });
        await again.close();
        const third = await createStore().open(key);
        expect(third.committed).toBe(true);
        await expectContent(third, { start: 0, end: size });
      });

      test('verify drops what is damaged, for good, and tells which', async () => {
        const size = 3 * CHUNK;
        for (const named of [key, keyOf('b')]) {
          const store = createStore();
          const asset = await openBegun(store, named);
          await fill(asset, 1, { start: 0, end: size });
          await asset.commit(size);
          await store.close();
        }
        await corrupt(key, CHUNK + 77);
        await corrupt(keyOf('b'), 2 * CHUNK);
        const store = createStore();
        const open = await store.open(key);
        const healed: ByteRange[] = [];
        open.onHealed = (range) => healed.push(range);
        const { damaged, ...counts } = await store.verify();
        expect(counts).toEqual({ assets: 2, bytes: 2 * size });
        expect(damaged.length).toBe(2);
        expect(damaged).toContainEqual({ key, range: { start: CHUNK, end: 2 * CHUNK } });
        expect(damaged).toContainEqual({ key: keyOf('b'), range: { start: 2 * CHUNK, end: 3 * CHUNK } });
        expect(healed).toEqual([{ start: CHUNK, end: 2 * CHUNK }]);
        expect(await store.verify()).toMatchObject({ bytes: 4 * CHUNK, damaged: [] });
        await store.close();
        const again = createStore();
        expect(await again.verify()).toMatchObject({ assets: 2, bytes: 4 * CHUNK, damaged: [] });
        const reopened = await again.open(key);
        expect(reopened.committed).toBe(false);
        expect(reopened.held.gaps({ start: 0, end: size })).toEqual([{ start: CHUNK, end: 2 * CHUNK }]);
      });
    });
  }
}
