import { describe, expect, test } from 'vitest';
import { AulosError } from '../../src/errors.ts';
import { crc32 } from '../../src/store/crc32.ts';
import { assetKey } from '../../src/store/key.ts';
import type { Piece, Volume } from '../../src/store/medium.ts';
import { MemoryMedium } from '../../src/store/memory.ts';
import { rangeOf } from '../../src/store/record.ts';
import { createStoreOn } from '../../src/store/shelf.ts';
import type { Asset } from '../../src/store/store.ts';
import { contentAt, expectContent } from '../contracts/asset-store.ts';

const MiB = 1024 * 1024;
const CHUNK = 256 * 1024;

/** Memory whose writes a test watches, holds up and fails. */
class WatchedMedium extends MemoryMedium {
  readonly written: Piece[][] = [];
  beforeWrite: () => Promise<void> = async () => {};

  override async open(key: string): Promise<Volume> {
    const volume = await super.open(key);
    const write = volume.write.bind(volume);
    volume.write = async (pieces) => {
      await this.beforeWrite();
      this.written.push([...pieces]);
      await write(pieces);
    };
    return volume;
  }
}

/** One that begins generations when the test lets it. */
class LateMedium extends WatchedMedium {
  /** What was asked of it, in order. */
  readonly told: string[] = [];
  beforeBegin: () => Promise<void> = async () => {};
  /** Generations that others have begun meanwhile. */
  others = 0;
  override beforeWrite = async (): Promise<void> => void this.told.push('write');

  override async open(key: string): Promise<Volume> {
    const volume = await super.open(key);
    const begin = volume.begin.bind(volume);
    volume.begin = async (record) => {
      this.told.push('begin');
      await this.beforeBegin();
      return (await begin(record)) + this.others;
    };
    return volume;
  }
}

/** One that takes batches ahead; they wait until the test lets them go, or fails them. */
class AheadMedium extends WatchedMedium {
  override readonly takesBatchesAhead = true;
  readonly waiting: { release(): void; fail(error: AulosError): void }[] = [];
  override beforeWrite = (): Promise<void> => new Promise((release, fail) => this.waiting.push({ release, fail }));
}

/** A clock whose timers run when the test says so. */
class ManualClock {
  readonly timers = new Map<number, () => void>();
  now = (): number => 0;
  setTimeout = (callback: () => void): number => {
    const id = this.timers.size + 1;
    this.timers.set(id, callback);
    return id;
  };
  clearTimeout = (id: unknown): void => {
    this.timers.delete(id as number);
  };
}

async function openOn(medium: WatchedMedium, clock = new ManualClock(), maxBytes = 64 * MiB): Promise<Asset> {
  const asset = await createStoreOn(medium, { maxBytes, maxAssets: 10 }, clock).open(assetKey('https://example.org/a'));
  await asset.begin({ url: 'https://example.org/a', mediaType: '', validator: {} });
  return asset;
}

const fill = (asset: Asset, start: number, end: number): Promise<void> => asset.write(1, start, contentAt({ start, end }));

async function fillByChunks(asset: Asset, end: number): Promise<void> {
  for (let start = 0; start < end; start += CHUNK) await fill(asset, start, start + CHUNK);
}

describe('a generation that the medium has not begun yet', () => {
  test('has bytes to be read, nothing of the one before, and is the first that the medium hears', async () => {
    const medium = new LateMedium();
    const asset = await openOn(medium);
    await fill(asset, 0, 1000);
    await asset.writeSidecar('peaks', new Uint8Array(1));
    await asset.flush();
    medium.told.length = 0;
    let release = () => {};
    medium.beforeBegin = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    expect(await asset.begin({ url: 'https://example.org/a', mediaType: '', validator: {} })).toBe(2);
    expect([asset.held.size, await asset.readSidecar('peaks')]).toEqual([0, undefined]);
    await asset.write(2, 0, contentAt({ start: 0, end: 500 }, 2));
    await expectContent(asset, { start: 0, end: 500 }, 2);
    const flushing = asset.flush();
    await expect.poll(() => medium.told).toEqual(['begin']);
    release();
    await flushing;
    expect(medium.told).toEqual(['begin', 'write']);
    await expectContent(asset, { start: 0, end: 500 }, 2);
  });

  test('goes on in memory when another process turns out to have begun that one', async () => {
    const medium = new LateMedium();
    medium.others = 1;
    const asset = await openOn(medium);
    await fill(asset, 0, 1000);
    await asset.flush();
    expect(asset).toMatchObject({ generation: 1, volatile: true, failure: { code: 'store.locked' } });
    expect(medium.told).toEqual(['begin']);
    await expectContent(asset, { start: 0, end: 1000 });
  });
});

describe('writing behind', () => {
  test('at most 8 MiB and a chunk wait for a slow medium, however much is written', async () => {
    const medium = new WatchedMedium();
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    medium.beforeWrite = () => gate;
    const asset = await openOn(medium);
    const writes = [fill(asset, 0, 10 * MiB), fill(asset, 20 * MiB, 30 * MiB)];
    await fill(asset, 40 * MiB, 40 * MiB); // an empty write does not wait
    expect(asset.held.size).toBeLessThanOrEqual(8 * MiB + CHUNK);
    await expectContent(asset, { start: 0, end: MiB });
    release();
    await Promise.all(writes);
    expect(asset.held.size).toBe(20 * MiB);
  });

  test('two batches are under way where the medium takes them ahead, and a flush waits for both', async () => {
    const medium = new AheadMedium();
    const asset = await openOn(medium);
    const writing = fillByChunks(asset, 6 * MiB);
    await expect.poll(() => medium.waiting.length).toBe(2);
    const told: string[] = [];
    const flushing = asset.flush().then(() => told.push('flushed'));
    medium.waiting[1].release();
    await expect.poll(() => medium.written.length).toBe(1);
    expect(medium.waiting.length).toBe(2);
    medium.waiting[0].release();
    for (let batch = 2; told.length === 0; batch++) {
      await expect.poll(() => told.length + medium.waiting.length).toBeGreaterThan(batch);
      medium.waiting[batch]?.release();
    }
    await Promise.all([writing, flushing]);
    const runs = medium.written.flat().map(({ run }) => rangeOf(run));
    const inOrder = runs.sort((a, b) => a.start - b.start);
    expect(inOrder).toEqual(Array.from({ length: 24 }, (_, i) => ({ start: i * CHUNK, end: (i + 1) * CHUNK })));
    await expectContent(asset, { start: 0, end: 6 * MiB });
  });

  test.each([
    ['first', [0]],
    ['second', [1]],
    ['first and the second', [0, 1]],
  ])('of two batches under way the %s may fail: that is told once, and what came last is read right', async (_, failing) => {
    const medium = new AheadMedium();
    const asset = await openOn(medium);
    const told: string[] = [];
    asset.onFull = ({ code }) => told.push(code);
    const writing = fillByChunks(asset, 12 * MiB);
    await expect.poll(() => medium.waiting.length).toBe(2);
    for (const [i, { release, fail }] of medium.waiting.entries()) {
      if (failing.includes(i)) fail(new AulosError('store.io', {}, 'no'));
      else release();
    }
    await writing;
    await asset.flush();
    expect(told).toEqual(['store.io']);
    expect(asset.volatile).toBe(true);
    for (const range of asset.held.toArray()) await expectContent(asset, range);
    expect(asset.held.contains({ start: 6 * MiB, end: 12 * MiB })).toBe(true);
    await asset.close();
  });

  test('a byte that comes in order is summed once, when it comes', async () => {
    let summed = 0;
    const medium = new (class extends WatchedMedium {
      override readonly checksum = (bytes: Uint8Array, previous?: number): number => {
        summed += bytes.length;
        return crc32(bytes, previous);
      };
    })();
    const asset = await openOn(medium);
    for (let start = 0; start < 2 * MiB; start += 1000) await fill(asset, start, start + 1000);
    await asset.flush();
    await fill(asset, 4 * MiB + 10, 4 * MiB + 500);
    await asset.flush();
    expect(summed).toBe(Math.ceil((2 * MiB) / 1000) * 1000 + 490);
    for (const { run, bytes } of medium.written.flat()) expect(run.checksum, `chunk ${run.chunk}`).toBe(crc32(bytes));
  });

  test('small writes in sequence become runs of a whole chunk', async () => {
    const medium = new WatchedMedium();
    const asset = await openOn(medium);
    for (let start = 0; start < 4 * MiB; start += 16_384) await fill(asset, start, start + 16_384);
    await asset.flush();
    const runs = medium.written.flat().map(({ run }) => rangeOf(run));
    expect(runs).toEqual(Array.from({ length: 16 }, (_, i) => ({ start: i * CHUNK, end: (i + 1) * CHUNK })));
  });

  test('what is written slowly is stored after a second, and a run grows', async () => {
    const medium = new WatchedMedium();
    const clock = new ManualClock();
    const asset = await openOn(medium, clock);
    for (const end of [1000, 2000, 3000]) {
      await fill(asset, end - 1000, end);
      expect(clock.timers.size).toBe(1);
      for (const fire of clock.timers.values()) fire();
      await asset.flush();
    }
    expect(medium.written.map(([{ run, grownFrom }]) => [run.length, grownFrom?.length])).toEqual([
      [1000, undefined],
      [2000, 1000],
      [3000, 2000],
    ]);
    expect(clock.timers.size).toBe(0);
  });

  test('no timer is left after closing', async () => {
    const clock = new ManualClock();
    const asset = await openOn(new WatchedMedium(), clock);
    await fill(asset, 0, 1000);
    await asset.close();
    expect(clock.timers.size).toBe(0);
  });
});

describe('a medium that fails', () => {
  test.each([
    ['store.io', 1],
    ['store.denied', 1],
    ['store.full', 1], // nothing can be evicted: no second attempt
  ] as const)('with %s leaves the asset in memory, once told', async (code, attempts) => {
    const medium = new WatchedMedium();
    const asset = await openOn(medium);
    let tried = 0;
    medium.beforeWrite = async () => {
      tried++;
      throw new AulosError(code, {}, 'no');
    };
    const told: string[] = [];
    asset.onFull = (cause) => told.push(cause.code);
    for (let start = 0; start < 12 * MiB; start += MiB) await fill(asset, start, start + MiB);
    await asset.flush();
    expect(told).toEqual([code]);
    expect(tried).toBe(attempts);
    expect(asset.held.toArray()).toEqual([{ start: 4 * MiB, end: 12 * MiB }]);
    await expectContent(asset, { start: 4 * MiB, end: 12 * MiB });
    expect(await asset.begin({ url: 'https://example.org/a', mediaType: '', validator: {} })).toBe(2);
    expect(asset.held.size).toBe(0);
    await asset.write(2, 0, contentAt({ start: 0, end: 10 }));
    await expectContent(asset, { start: 0, end: 10 });
    await asset.close();
  });

  test('what does not fit in the limits turns the asset volatile, without a word from the medium', async () => {
    const medium = new WatchedMedium();
    const asset = await openOn(medium, new ManualClock(), 2 * MiB);
    const told: string[] = [];
    asset.onFull = (cause) => told.push(cause.code);
    for (let start = 0; start < 4 * MiB; start += MiB) await fill(asset, start, start + MiB);
    await asset.flush();
    expect(told).toEqual(['store.full']);
    await expectContent(asset, { start: 0, end: 4 * MiB });
  });
});
