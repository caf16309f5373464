import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  readlink,
  rm,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { isAulosError } from '../../src/errors.ts';
import { createDiskStore, type DiskStoreOptions } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import type { Asset, AssetFacts, AssetStore } from '../../src/store/store.ts';
import { contentAt, expectContent, testAssetStore } from '../contracts/asset-store.ts';

const CHUNK = 256 * 1024;
const forever = new AbortController().signal;
const facts: AssetFacts = { url: 'https://example.org/a.mp3', mediaType: 'audio/mpeg', validator: { etag: '"1"' } };
const key = assetKey(facts.url);
const base = await mkdtemp(path.join(os.tmpdir(), 'aulos-disk-'));
const root = path.join(base, 'store');
const isRoot = process.getuid?.() === 0;

const fileOf = (name: string, asset = key): string => path.join(root, 'a', asset.slice(0, 2), asset, name);

async function flip(file: string, offset: number): Promise<void> {
  const handle = await open(file, 'r+');
  const byte = Buffer.alloc(1);
  await handle.read(byte, 0, 1, offset);
  byte[0] ^= 0x10;
  await handle.write(byte, 0, 1, offset);
  await handle.close();
}

const reset = (): Promise<void> => rm(root, { recursive: true, force: true });
afterAll(() => rm(base, { recursive: true, force: true }));

for (const durability of ['none', 'batched', 'strict'] as const) {
  testAssetStore(`disk store (${durability})`, {
    durable: true,
    createStore: (limits) => createDiskStore({ root, limits, durability }),
    reset,
    corrupt: (asset, offset) => flip(fileOf('data.1', asset), offset),
  });
}

describe('disk store', () => {
  const stores: AssetStore[] = [];
  const createStore = (options: DiskStoreOptions = {}): AssetStore => {
    const store = createDiskStore({ root, durability: 'none', ...options });
    stores.push(store);
    return store;
  };
  afterEach(async () => {
    for (const store of stores.splice(0)) await store.close();
    await reset();
  });

  /** An asset of `size` bytes, whole, with its store closed. */
  async function storeWhole(size: number): Promise<void> {
    const store = createStore();
    const asset = await store.open(key);
    await asset.begin(facts);
    await fill(asset, { start: 0, end: size });
    await asset.commit(size);
    await store.close();
  }
  const fill = (asset: Asset, range: ByteRange, generation = 1): Promise<void> => asset.write(generation, range.start, contentAt(range));

  /** Fetches what is missing, as a source would, until all of it reads right. */
  async function expectHealed(size: number): Promise<void> {
    const store = createStore();
    const asset = await store.open(key);
    if (!asset.facts) await asset.begin(facts);
    for (let round = 0; !asset.committed; round++) {
      expect(round).toBeLessThan(6); // a read stops at the first of at most four damaged runs
      for (const gap of asset.held.gaps({ start: 0, end: size })) await fill(asset, gap, asset.generation);
      await asset.commit(size);
      await asset.read({ start: 0, end: size }, forever);
    }
    await expectContent(asset, { start: 0, end: size });
    await store.close();
    const again = await createStore().open(key);
    expect(again.committed).toBe(true);
    await expectContent(again, { start: 0, end: size });
  }

  describe('layout', () => {
    test('everything lies where the design says, for its owner only', async () => {
      const store = createStore();
      const asset = await store.open(key);
      await asset.begin(facts);
      await fill(asset, { start: 3 * CHUNK, end: 3 * CHUNK + 10 });
      await asset.writeSidecar('peaks', new Uint8Array(3));
      await asset.flush();
      expect((await readdir(path.dirname(fileOf('')))).length).toBeGreaterThan(0);
      expect((await readdir(fileOf('.'))).sort()).toEqual(['data.1', 'journal.1.1', 'meta.1.json', 'side.1.peaks']);
      expect((await stat(fileOf('data.1'))).size).toBe(3 * CHUNK + 10);
      for (const place of [root, path.join(root, 'a'), fileOf('.')]) expect((await stat(place)).mode & 0o777).toBe(0o700);
      for (const name of await readdir(fileOf('.'))) expect((await stat(fileOf(name))).mode & 0o777).toBe(0o600);
      await store.close();
      expect(await readdir(path.join(root, 'tmp'))).toEqual([]);
    });

    test('a root that others may enter is closed to them', async () => {
      await mkdir(root, { mode: 0o755 });
      await createStore().list();
      expect((await stat(root)).mode & 0o777).toBe(0o700);
    });

    test('a deleted asset leaves no file', async () => {
      await storeWhole(1000);
      await createStore().delete(key);
      await expect(lstat(fileOf('.'))).rejects.toMatchObject({ code: 'ENOENT' });
      expect(await readdir(path.join(root, 'tmp'))).toEqual([]);
    });

    test('what a dead process left in tmp is cleared away', async () => {
      await mkdir(path.join(root, 'tmp', '999999999.abc'), { recursive: true });
      await writeFile(path.join(root, 'tmp', `${process.pid}.abc`), 'mine');
      await createStore().list();
      expect(await readdir(path.join(root, 'tmp'))).toEqual([`${process.pid}.abc`]);
    });

    test('at most 64 files are open, however many assets are', async () => {
      const store = createStore();
      const assets = await Promise.all(Array.from({ length: 90 }, (_, i) => store.open(assetKey(`https://example.org/${i}`))));
      await Promise.all(
        assets.map(async (asset) => {
          await asset.begin(facts);
          await fill(asset, { start: 0, end: 10_000 });
          await asset.flush();
        }),
      );
      expect(await filesOpenUnder(root)).toBeLessThanOrEqual(64);
      for (const asset of assets) await expectContent(asset, { start: 0, end: 10_000 });
      expect(await filesOpenUnder(root)).toBeLessThanOrEqual(64);
      await store.close();
      expect(await filesOpenUnder(root)).toBe(0);
    });
  });

  describe('a root that may not be used', () => {
    const expectDenied = (store: AssetStore): Promise<void> =>
      expect(store.open(key)).rejects.toSatisfy((error) => isAulosError(error, 'store.denied'));

    test('because it is a symbolic link', async () => {
      await mkdir(path.join(base, 'elsewhere'), { recursive: true });
      await symlink(path.join(base, 'elsewhere'), root);
      await expectDenied(createStore());
      await rm(root);
    });

    test('because it is a file', async () => {
      await writeFile(root, '');
      await expectDenied(createStore());
    });

    test.runIf(process.platform === 'linux')('because it is somebody else’s', async () => {
      if (!isRoot) return await expectDenied(createStore({ root: '/usr' }));
      await mkdir(root);
      await chown(root, 65534, 65534);
      await expectDenied(createStore());
    });

    test.runIf(process.platform !== 'win32')('because it cannot be made', async () => {
      const parent = path.join(base, 'closed');
      await mkdir(parent, { recursive: true });
      await chmod(base, 0o755);
      await chmod(parent, 0o500);
      await asNobody(() => expectDenied(createStore({ root: path.join(parent, 'store') })));
    });
  });

  describe('after a crash', () => {
    test('what was flushed is held, though nothing was closed', async () => {
      const asset = await createStore().open(key);
      await asset.begin(facts);
      await fill(asset, { start: 0, end: 700_000 });
      await asset.flush();
      await fill(asset, { start: 700_000, end: 800_000 });
      const again = await createStore().open(key);
      expect(again.held.toArray()).toEqual([{ start: 0, end: 700_000 }]);
      await expectContent(again, { start: 0, end: 700_000 });
    });

    test('two stores on one folder complete an asset together and spoil nothing', async () => {
      const [one, two] = [await createStore().open(key), await createStore().open(key)];
      expect([one.follows, two.follows]).toEqual([false, true]);
      const [generation, joined] = await Promise.all([one.begin(facts), two.begin(facts)]);
      expect([generation, joined]).toEqual([1, 1]);
      const late = await createStore().open(key);
      await fill(one, { start: 0, end: 1_000_000 });
      await fill(late, { start: 500_000, end: 2_000_000 });
      await Promise.all([one.flush(), late.flush()]);
      expect((await readdir(fileOf('.'))).filter((name) => name.startsWith('journal')).sort()).toEqual(['journal.1.1', 'journal.1.2']);
      const taken = new Promise<void>((resolve) => {
        two.onChanged = () => two.follows || two.held.size < 2_000_000 || resolve();
      });
      await Promise.all([one.close(), late.close()]);
      await taken;
      await expectContent(two, { start: 0, end: 2_000_000 });
      await two.commit(2_000_000);
      expect(await createStore().stat(key)).toMatchObject({ heldBytes: 2_000_000, committed: true });
    });

    test('a follower for which another version came goes on in memory, and the one it follows on disk', async () => {
      const [one, two] = [await createStore().open(key), await createStore().open(key)];
      const told: string[] = [];
      two.onFull = (cause) => told.push(cause.code);
      await one.begin(facts);
      await two.begin({ ...facts, validator: { etag: '"2"' } });
      expect(told).toEqual(['store.locked']);
      await Promise.all([fill(one, { start: 0, end: 1000 }), two.write(two.generation, 0, contentAt({ start: 0, end: 500 }, 2))]);
      await expectContent(one, { start: 0, end: 1000 });
      await expectContent(two, { start: 0, end: 500 }, 2);
      await Promise.all([one.close(), two.close()]);
      const again = await createStore().open(key);
      expect(again.facts).toEqual(facts);
      await expectContent(again, { start: 0, end: 1000 });
    });

    test('a journal cut or damaged anywhere, or followed by garbage, costs bytes but never rightness', async () => {
      const size = 3 * CHUNK + 1000;
      for (const offset of [0, 1, 63, 64, 100, 191, 200, 255]) {
        await storeWhole(size);
        const journal = fileOf('journal.1.1');
        expect((await stat(journal)).size).toBe(4 * 64);
        if (offset % 2 === 0) await truncate(journal, offset);
        else await flip(journal, offset);
        const asset = await createStore().open(key);
        expect(asset.held.size).toBe(Math.min(size, Math.floor(offset / 64) * CHUNK));
        await asset.close();
        await expectHealed(size);
        await reset();
      }
      await storeWhole(size);
      await writeFile(fileOf('journal.1.1'), Buffer.concat([await readFile(fileOf('journal.1.1')), contentAt({ start: 0, end: 640 })]));
      await expectHealed(size);
    });

    test.each<[string, (data: string) => Promise<void>]>([
      ['cut', (data) => truncate(data, CHUNK + 5)],
      ['emptied', (data) => truncate(data, 0)],
      ['grown', (data) => truncate(data, 50 * CHUNK)],
      ['flipped', (data) => flip(data, 2 * CHUNK + 3)],
    ])('a data file that was %s is healed', async (_, damage) => {
      await storeWhole(3 * CHUNK + 1000);
      await damage(fileOf('data.1'));
      const asset = await createStore().open(key);
      const bytes = await asset.read({ start: 0, end: 3 * CHUNK + 1000 }, forever);
      if (bytes) expect(Buffer.compare(bytes, contentAt({ start: 0, end: 3 * CHUNK + 1000 }))).toBe(0);
      else expect(asset.committed).toBe(false);
      await asset.close();
      await expectHealed(3 * CHUNK + 1000);
    });

    test.each<[string, (data: string) => Promise<void>]>([
      ['deleted', (data) => rm(data)],
      [
        'replaced by a link',
        async (data) => {
          await writeFile(path.join(base, 'victim'), 'precious');
          await rm(data);
          await symlink(path.join(base, 'victim'), data);
        },
      ],
      [
        'replaced by a folder',
        async (data) => {
          await rm(data);
          await mkdir(data);
        },
      ],
    ])('a data file that was %s is never written through, and made anew', async (_, damage) => {
      await storeWhole(2 * CHUNK);
      await damage(fileOf('data.1'));
      const asset = await createStore().open(key);
      const told: string[] = [];
      asset.onFull = (cause) => told.push(cause.code);
      expect(await asset.read({ start: 0, end: 1000 }, forever)).toBe(undefined);
      expect(asset.held.toArray()).toEqual([{ start: CHUNK, end: 2 * CHUNK }]);
      await fill(asset, { start: 0, end: CHUNK });
      await asset.flush();
      await expectContent(asset, { start: 0, end: CHUNK });
      expect(told).toEqual([]);
      expect(asset.volatile).toBe(false);
      await asset.close();
      await expectHealed(2 * CHUNK);
      expect(await readFile(path.join(base, 'victim'), 'utf8').catch(() => 'precious')).toBe('precious');
    });

    test('a journal much longer than its runs is rewritten when the asset is closed', async () => {
      const size = CHUNK + 5000;
      const store = createStore({ durability: 'strict' });
      const asset = await store.open(key);
      await asset.begin(facts);
      for (let start = 0; start < size; start += 1000) await fill(asset, { start, end: Math.min(size, start + 1000) });
      expect((await stat(fileOf('journal.1.1'))).size).toBeGreaterThan(256 * 64);
      await asset.close();
      expect((await readdir(fileOf('.'))).sort()).toEqual(['data.1', 'journal.1.2', 'meta.1.json']);
      expect((await stat(fileOf('journal.1.2'))).size).toBe(2 * 64);
      const again = await createStore().open(key);
      expect(again.held.toArray()).toEqual([{ start: 0, end: size }]);
      await expectContent(again, { start: 0, end: size });
    });

    test('damaged facts mean a new beginning above the old generation', async () => {
      await storeWhole(1000);
      for (let offset = 0; offset < (await stat(fileOf('meta.1.json'))).size - 1; offset += 7) {
        await flip(fileOf('meta.1.json'), offset);
        const asset = await createStore().open(key);
        expect(asset).toMatchObject({ generation: 0, facts: undefined });
        await asset.close();
        await flip(fileOf('meta.1.json'), offset);
      }
      await truncate(fileOf('meta.1.json'), 20);
      const asset = await createStore().open(key);
      expect(await asset.begin(facts)).toBe(2);
      await asset.flush();
      expect((await readdir(fileOf('.'))).sort()).toEqual(['data.2', 'meta.2.json']);
    });

    test('what a later version wrote is left as it is', async () => {
      await storeWhole(1000);
      const later = (await readFile(fileOf('meta.1.json'), 'utf8')).replace('"version":1', '"version":2');
      await writeFile(fileOf('meta.1.json'), later);
      const asset = await createStore().open(key);
      expect(asset.volatile).toBe(true);
      await asset.begin(facts);
      await fill(asset, { start: 0, end: 10 });
      await asset.close();
      expect(await readFile(fileOf('meta.1.json'), 'utf8')).toBe(later);
      expect((await stat(fileOf('data.1'))).size).toBe(1000);
    });

    test('a damaged sidecar is none', async () => {
      const store = createStore();
      const asset = await store.open(key);
      await asset.begin(facts);
      await asset.writeSidecar('peaks', contentAt({ start: 0, end: 100 }));
      for (const offset of [0, 5, 8, 107]) {
        await flip(fileOf('side.1.peaks'), offset);
        expect(await asset.readSidecar('peaks')).toBe(undefined);
        await flip(fileOf('side.1.peaks'), offset);
      }
      expect(await asset.readSidecar('peaks')).toEqual(contentAt({ start: 0, end: 100 }));
    });
  });

  describe('a disk that takes no more', () => {
    test('because it may only be read: what is held plays, the rest stays in memory', async () => {
      await storeWhole(CHUNK);
      await chmod(base, 0o755);
      await chownAll(root, 65534);
      for (const place of [fileOf('.'), root]) await chmod(place, 0o500);
      await chmod(fileOf('data.1'), 0o400);
      await asNobody(async () => {
        const store = createStore();
        const asset = await store.open(key);
        await expectContent(asset, { start: 0, end: CHUNK });
        const told: string[] = [];
        asset.onFull = (cause) => told.push(cause.code);
        await fill(asset, { start: CHUNK, end: CHUNK + 10 });
        await asset.flush();
        expect(told).toEqual(['store.denied']);
        await expectContent(asset, { start: 0, end: CHUNK + 10 });
        await store.close();
      });
    });

    const canMount = isRoot && process.platform === 'linux';
    if (!canMount) console.warn('\n*** SKIPPED: a full disk needs root on Linux, to mount a small one\n');
    test.runIf(canMount)('because it is full: others are evicted, then the asset goes on in memory', async () => {
      const small = path.join(base, 'small');
      await mkdir(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
      onTestFinished(() => void execFileSync('umount', ['-l', small]));
      const store = createStore({ root: path.join(small, 'store'), durability: 'batched' });
      for (const name of ['b', 'c']) {
        const old = await store.open(assetKey(`https://example.org/${name}`));
        await old.begin(facts);
        await fill(old, { start: 0, end: 2_500_000 });
        await old.close();
      }
      const asset = await store.open(key);
      await asset.begin(facts);
      const told: string[] = [];
      asset.onFull = (cause) => told.push(cause.code);
      await fill(asset, { start: 0, end: 4_500_000 });
      await asset.flush();
      expect(told).toEqual([]);
      expect((await store.list()).length).toBe(2);
      await fill(asset, { start: 4_500_000, end: 10_000_000 });
      await asset.flush();
      expect(told).toEqual(['store.full']);
      await expectContent(asset, { start: 0, end: 10_000_000 });
      await store.close();
    });
  });

  test('a store of a thousand assets opens fast', async () => {
    const store = createStore();
    const names = Array.from({ length: 1000 }, (_, i) => `https://example.org/${i}`).values();
    const writers = Array.from({ length: 8 }, async () => {
      for (const url of names) {
        const asset = await store.open(assetKey(url));
        await asset.begin({ ...facts, url });
        await fill(asset, { start: 0, end: 10 });
        await asset.close();
      }
    });
    await Promise.all(writers);
    await store.close();
    const begun = performance.now();
    const asset = await createStore().open(assetKey('https://example.org/500'));
    const openedMs = performance.now() - begun;
    expect(asset.held.size).toBe(10);
    expect((await stores.at(-1)?.list())?.length).toBe(1000);
    console.info(
      `of 1,000 assets one opened in ${Math.round(openedMs)} ms, all were listed in ${Math.round(performance.now() - begun)} ms`,
    );
    expect(openedMs).toBeLessThan(300);
  });
});

/** Runs `action` without the rights of root. */
async function asNobody(action: () => Promise<void>): Promise<void> {
  if (isRoot) process.seteuid?.(65534);
  try {
    await action();
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

async function chownAll(folder: string, uid: number): Promise<void> {
  if (isRoot) execFileSync('chown', ['-R', String(uid), folder]);
}

async function filesOpenUnder(folder: string): Promise<number> {
  const links = await readdir('/proc/self/fd');
  const targets = await Promise.all(links.map((link) => readlink(`/proc/self/fd/${link}`).catch(() => '')));
  return targets.filter((target) => target.startsWith(folder)).length;
}
