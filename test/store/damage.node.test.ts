import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createDiskStore } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import { complete, contentAt, factsOf, findWrongByte, SIZE } from '../sweeps/scenarios.mjs';

/** How many random bits of the data are flipped, one at a time; the long sweep sets more. */
const FLIPS = Number(process.env.AULOS_FLIPS ?? 60);
/** Of the journal and the facts every so many bytes are damaged; the long sweep takes every byte. */
const STRIDE = process.env.AULOS_FLIPS ? 1 : 7;

const base = await mkdtemp(path.join(os.tmpdir(), 'aulos-damage-'));
const key = assetKey('https://example.org/sweep.mp3');
afterAll(() => rm(base, { recursive: true, force: true }));

const root = path.join(base, 'store');
const folder = path.join(root, 'a', key.slice(0, 2), key);

/** The files of a small whole asset, with a sidecar. */
async function storeSmall(): Promise<Map<string, Buffer>> {
  await rm(root, { recursive: true, force: true });
  const store = createDiskStore({ root, durability: 'none' });
  const asset = await store.open(key);
  await asset.begin(factsOf(1));
  for (let start = 0; start < SIZE; start += 50_000) {
    const range = { start, end: Math.min(SIZE, start + 50_000) };
    await asset.write(1, start, contentAt(range, 1));
    await asset.flush();
  }
  await asset.writeSidecar('peaks', contentAt({ start: 0, end: 50 }, 1));
  await asset.commit(SIZE);
  await store.close();
  const names = await readdir(folder);
  return new Map(await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name))] as const)));
}

/** Lays out `files` anew, opens them, reads all that is held, fetches what is missing, and reads again. */
async function expectHealed(files: ReadonlyMap<string, Uint8Array>, what: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(path.join(folder, name), bytes);
  const store = createDiskStore({ root, durability: 'none' });
  const asset = await store.open(key);
  expect(await findWrongByte(asset), what).toBe(undefined);
  const peaks = await asset.readSidecar('peaks');
  if (peaks) expect(peaks, what).toEqual(contentAt({ start: 0, end: 50 }, 1));
  await complete(asset);
  expect(await findWrongByte(asset), what).toBe(undefined);
  expect(asset.held.size, what).toBe(SIZE);
  await store.close();
}

const flipped = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[bit >> 3] ^= 1 << (bit & 7);
  return copy;
};

describe('a damaged store heals, and never reads a wrong byte', () => {
  for (const name of ['journal.1.1', 'meta.1.json', 'side.1.peaks']) {
    test(`when a bit of ${name} is flipped, or its end is cut off`, { timeout: 600_000 }, async () => {
      const files = await storeSmall();
      const sound = files.get(name);
      expect(sound).toBeInstanceOf(Buffer);
      if (!sound) return;
      for (let at = 0; at < sound.length; at += STRIDE) {
        await expectHealed(new Map(files).set(name, flipped(sound, at * 8 + (at % 8))), `bit of byte ${at} flipped`);
        await expectHealed(new Map(files).set(name, sound.subarray(0, at)), `cut at ${at}`);
      }
    });
  }

  test(`when one of ${FLIPS} random bits of the data is flipped`, { timeout: 600_000 }, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.info(`seed ${seed}`);
    let state = seed;
    const files = await storeSmall();
    const data = files.get('data.1') ?? Buffer.alloc(0);
    expect(data.length).toBe(SIZE);
    for (let i = 0; i < FLIPS; i++) {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      const bit = Math.floor((state / 2 ** 32) * SIZE * 8);
      await expectHealed(new Map(files).set('data.1', flipped(data, bit)), `bit ${bit} of the data flipped`);
    }
  });
});
