import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';
import { openLocalSource } from '../../src/source/local.node.ts';
import { openBlobSource } from '../../src/source/local.ts';
import { SegmentIndex } from '../../src/source/segment-index.ts';
import type { FileSource } from '../../src/source/source.ts';
import { virtualBytes } from '../fakes/content.ts';

const never = new AbortController().signal;
const bytes = virtualBytes(0, 100_000);
let folder: string;
let file: string;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'local-'));
  file = path.join(folder, 'a b.mp3');
  await writeFile(file, bytes);
});
afterAll(() => rm(folder, { recursive: true }));

const opened: [string, () => FileSource | Promise<FileSource>][] = [
  ['a path', () => openLocalSource(file)],
  ['a Blob', () => openBlobSource(new Blob([new Uint8Array(bytes)], { type: 'audio/mpeg; codecs="mp3"' }))],
];

test.each(opened)('%s is complete from the start and reads like any source', async (_name, open) => {
  await using source = await open();
  expect([source.phase, source.length, source.held.toArray()]).toEqual(['complete', 100_000, [{ start: 0, end: 100_000 }]]);
  const reader = source.reader();
  expect(await reader.read({ start: 99_990, end: 200_000 }, never)).toEqual(bytes.subarray(99_990));
  expect(await reader.tryRead({ start: 5, end: 9 })).toEqual(bytes.subarray(5, 9));
  expect((await reader.read({ start: 100_000, end: 100_001 }, never)).length).toBe(0);
  await source.completed(never);
  await source.close();
  await expect(reader.read({ start: 0, end: 1 }, never)).rejects.toMatchObject({ code: 'source.closed' });
  expect(source.phaseAt({ start: 0, end: 1 })).toEqual({ name: 'closed' });
});

test('an abort ends a read', async () => {
  await using source = await openLocalSource(file);
  const controller = new AbortController();
  const reading = source.reader().read({ start: 0, end: 10 }, controller.signal);
  controller.abort(new Error('enough'));
  await expect(reading).rejects.toThrow('enough');
});

test.each([
  ['a missing file', () => path.join(folder, 'none')],
  ['a folder', () => folder],
])('%s is no input', async (_name, place) => {
  await expect(openLocalSource(place())).rejects.toMatchObject({ code: 'input.invalid' });
});

test('a file that is cut while it is read is told', async () => {
  const cut = path.join(folder, 'cut');
  await writeFile(cut, bytes);
  await using source = await openLocalSource(cut);
  await truncate(cut, 10);
  await expect(source.reader().read({ start: 0, end: 100 }, never)).rejects.toMatchObject({ code: 'asset.changed' });
});

test('the segment index is built once, at first use', async () => {
  const index = new SegmentIndex({ start: 0, end: 10 }, 48_000, []);
  let built = 0;
  const indexer = async () => {
    built++;
    return index;
  };
  const events = new EventScope();
  await using source = await openLocalSource(file, { indexer, events });
  expect(built).toBe(0);
  expect(await Promise.all([source.segmentIndex(never), source.segmentIndex(never)])).toEqual([index, index]);
  expect(built).toBe(1);
});
