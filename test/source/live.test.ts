import { afterEach, beforeEach, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { EventScope } from '../../src/events/bus.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { Sources } from '../../src/source/file-source.ts';
import { IcyStripper } from '../../src/source/icy.ts';
import type { FileSource, SourceReader } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { icyBlock } from '../fakes/icy.ts';
import { Station } from '../fakes/station.ts';

const MB = 1 << 20;
const icy = { 'icy-name': 'Radio Test' };
const never = () => new AbortController().signal;

const bytesOf = (parts: readonly (Uint8Array | string)[]) => Buffer.concat(parts.filter((part) => typeof part !== 'string'));

test.each([1, 2, 3, 7, 100, 4096])('titles are taken out of a body that comes in pieces of %i bytes', (pieceBytes) => {
  const interval = 50;
  const audio = virtualBytes(0, 1_000);
  const parts: Uint8Array[] = [];
  for (let at = 0, titles = 0; at < audio.length; at += interval, titles++) {
    const blocks = titles % 3; // none, 16 and 32 bytes
    parts.push(audio.subarray(at, at + interval), Uint8Array.of(blocks), new Uint8Array(16 * blocks).fill(0x53));
  }
  const body = Buffer.concat(parts);
  const stripper = new IcyStripper({ 'icy-metaint': `${interval}` });
  const got: (Uint8Array | string)[] = [];
  for (let at = 0; at < body.length; at += pieceBytes) got.push(...stripper.strip(body.subarray(at, at + pieceBytes)));
  expect(firstDifference(bytesOf(got), audio)).toBe(-1);
});

test.each<[Uint8Array | string, string[]]>([
  ["StreamTitle='One - Two';", ['One - Two']],
  ["StreamTitle='Rock 'n' Roll; it's';StreamUrl='http://x/';", ["Rock 'n' Roll; it's"]],
  ["StreamUrl='x';StreamTitle='Ünï ☕'", ['Ünï ☕']],
  [Buffer.from("StreamTitle='Café';", 'latin1'), ['Café']],
  ["StreamTitle='';StreamUrl='';", ['']],
  ["StreamTitle=' a\n\x07b ';", ['a b']],
  ["StreamTitle='never ends", []],
  ["StreamUrl='x';", []],
  ['', []],
  [`StreamTitle='${"';a".repeat(1_300)}';`, ["';a".repeat(1_300)]],
])('of what a station says, %s, the title is %j, however it is cut', (text, titles) => {
  const body = Buffer.concat([virtualBytes(0, 50), icyBlock(text), virtualBytes(50, 60)]);
  for (const pieceBytes of [1, 50, 51, 4_096]) {
    const stripper = new IcyStripper({ 'icy-metaint': '50' });
    const got: (Uint8Array | string)[] = [];
    for (let at = 0; at < body.length; at += pieceBytes) got.push(...stripper.strip(body.subarray(at, at + pieceBytes)));
    expect(got.filter((part) => typeof part === 'string')).toEqual(titles);
    expect(firstDifference(bytesOf(got), virtualBytes(0, 60))).toBe(-1);
  }
});

test.each<Record<string, string>>([{}, { 'icy-metaint': '0' }, { 'icy-metaint': 'often' }])(
  'all passes where no titles are told of: %o',
  (headers) => {
    const bytes = virtualBytes(0, 100);
    expect(bytesOf([...new IcyStripper(headers).strip(bytes)])).toEqual(Buffer.from(bytes));
  },
);

let station: Station;
let client: RangeClient;
let store: AssetStore;
let sources: Sources;
let events: EventScope;
beforeEach(async () => {
  station = await Station.start();
  client = createNodeClient();
  store = createMemoryStore();
  events = new EventScope();
  const clock = { ...systemClock, setTimeout: (callback: () => void, ms: number) => systemClock.setTimeout(callback, ms / 20) };
  sources = new Sources({ client, store, events, clock });
});
afterEach(async () => {
  await sources.close();
  await client.close();
  await station[Symbol.asyncDispose]();
});

const open = () => sources.open({ url: station.url, key: assetKey(station.url) });

const isLive = () => new Promise((resolve) => events.on('source.live', resolve));

/** Reads `[start, end)` in pieces; gives the first offset where it is not what the station sends, or -1. */
async function check(reader: SourceReader, start: number, end: number): Promise<number> {
  for (let at = start; at < end; ) {
    const bytes = await reader.read({ start: at, end: Math.min(end, at + 256 * 1024) }, never(), 1);
    if (bytes.length === 0) return at;
    const difference = firstDifference(bytes, virtualBytes(at, at + bytes.length));
    if (difference >= 0) return at + difference;
    at += bytes.length;
  }
  return -1;
}

async function openStation(): Promise<{ source: FileSource; reader: SourceReader }> {
  station.programme = { headers: icy };
  const source = await open();
  const reader = source.reader();
  await reader.read({ start: 0, end: 10 }, never());
  return { source, reader };
}

test('two hundred megabytes of a station go through a reader in flat memory, and nothing is kept', async () => {
  const told: string[] = [];
  events.on('source.live', () => told.push('live'));
  const { source, reader } = await openStation();
  expect(await check(reader, 0, 20 * MB)).toBe(-1);
  const before = process.memoryUsage();
  let most = 0;
  for (let at = 20 * MB; at < 220 * MB; at += 20 * MB) {
    expect(await check(reader, at, at + 20 * MB)).toBe(-1);
    most = Math.max(most, process.memoryUsage().rss);
  }
  console.info(`RSS grew by ${((most - before.rss) / MB).toFixed(1)} MiB over 200 MiB`);
  expect(most - before.rss).toBeLessThan(64 * MB);
  expect([source.isLive, source.length, source.phase, told]).toEqual([true, undefined, 'downloading', ['live']]);
  expect(source.held.size).toBeLessThanOrEqual(8 * MB);
  expect(await store.list()).toEqual([]);
  expect(station.requests[0].headers['icy-metadata']).toBeUndefined();
  await source.close();
  expect(await store.list()).toEqual([]);
});

test('a station waits for its fastest reader, and one that is slower falls behind', async () => {
  const { source, reader } = await openStation();
  const slow = source.reader();
  expect(await check(slow, 0, 1000)).toBe(-1);
  expect(await check(reader, 0, 4 * MB)).toBe(-1);
  expect(await check(slow, 1000, 2 * MB)).toBe(-1); // still there
  expect(await check(reader, 4 * MB, 30 * MB)).toBe(-1);
  await expect(slow.read({ start: 2 * MB, end: 3 * MB }, never())).rejects.toMatchObject({ code: 'source.behind' });
  expect(await slow.tryRead({ start: 2 * MB, end: 3 * MB })).toBeUndefined();
  expect(source.held.size).toBeLessThanOrEqual(8 * MB);
});

test('who waits behind the ring is let go when it moves on', async () => {
  const { source, reader } = await openStation();
  expect(await check(reader, 0, 30 * MB)).toBe(-1);
  expect(source.phaseAt({ start: 0, end: 1 })).toMatchObject({ name: 'failed', error: { code: 'source.behind' } });
  expect(source.phaseAt({ start: 2 ** 40, end: 2 ** 40 + 1 }).name).toBe('waiting');
  await expect(reader.read({ start: 30 * MB, end: 60 * MB }, never())).rejects.toMatchObject({ code: 'media.limit' });
});

test('a second listener begins where the station is', async () => {
  const { reader } = await openStation();
  expect(await check(reader, 0, 40 * MB)).toBe(-1);
  const second = (await open()).reader();
  const bytes = await second.read({ start: 0, end: 10_000 }, never());
  const near = Buffer.from(virtualBytes(30 * MB, 48 * MB));
  const at = near.indexOf(bytes);
  expect(at).toBeGreaterThan(8 * MB);
  const next = await second.read({ start: 10_000, end: 20_000 }, never());
  expect(near.indexOf(next)).toBe(at + 10_000);
  expect(station.requests).toHaveLength(1);
});

test('titles that come unasked never reach a reader', async () => {
  const interval = 8192;
  const block = (offset: number) => {
    const audio = (offset / (interval + 17)) * interval;
    return Buffer.concat([virtualBytes(audio, audio + interval), Uint8Array.of(1), new Uint8Array(16).fill(0x53)]);
  };
  station.programme = { headers: { ...icy, 'icy-metaint': `${interval}` }, bytes: block };
  const source = await open();
  expect(await check(source.reader(), 0, 5 * MB)).toBe(-1);
});

test('titles that were asked for hold from their byte on, and the last ones are remembered', async () => {
  const interval = 1_000;
  let number = 0;
  const block = () =>
    Buffer.concat([new Uint8Array(interval), icyBlock(number++ % 3 === 0 ? `StreamTitle='${Math.ceil(number / 3)}';` : '')]);
  station.programme = { headers: { ...icy, 'icy-metaint': `${interval}` }, bytes: block };
  const source = await sources.open({ url: station.url, key: assetKey(station.url), titles: true });
  const reader = source.reader();
  await reader.read({ start: 0, end: 7_000 }, never());
  expect([0, 999, 1_000, 3_999, 4_000, 6_999].map((offset) => reader.titleAt?.(offset))).toEqual([
    undefined,
    undefined,
    '1',
    '1',
    '2',
    '2',
  ]);
  expect(station.requests[0].headers['icy-metadata']).toBe('1');
  for (let at = 0; at < 2 * MB; at += MB) await reader.read({ start: at, end: at + MB }, never());
  expect(reader.titleAt?.(7_000)).toBeUndefined();
});

test('a station that hangs up is called again, and what comes then follows what was', async () => {
  const retries: string[] = [];
  events.on('source.retry', ({ payload }) => retries.push(payload.error.code));
  const { reader } = await openStation();
  station.hangUp();
  for (let at = 0; at < 20 * MB; at += MB) await reader.read({ start: at, end: at + MB }, never());
  expect(station.requests).toHaveLength(2);
  expect(retries).toHaveLength(1);
});

test('a station that is gone for good is told, and what is held can still be read', async () => {
  sources = new Sources({ client, store, retry: { baseMs: 1, attempts: 2 } });
  const { source, reader } = await openStation();
  await station[Symbol.asyncDispose]();
  await expect(check(reader, 0, 100 * MB)).rejects.toMatchObject({ code: 'net.connect' });
  expect([source.phase, source.isLive]).toEqual(['failed', true]);
  expect(await check(source.reader(), 0, 10)).toBe(-1);
  station = await Station.start();
});

test('a station cannot be had whole', async () => {
  station.programme = { headers: icy };
  const source = await open();
  const completed = source.completed(never());
  await expect(completed).rejects.toMatchObject({ code: 'source.live' });
  await expect(source.completed(never())).rejects.toMatchObject({ code: 'source.live' });
});

test('a station takes the place of a file that was held', async () => {
  station.programme = { bytes: (offset) => (offset < 200_000 ? virtualBytes(offset, offset + 50_000, 2) : undefined) };
  const first = await open();
  await first.reader().read({ start: 0, end: 1000 }, never());
  await first.close();
  const live = isLive();
  const { source } = await openStation();
  await live;
  expect([source.isLive, await store.list()]).toEqual([true, []]);
});

test('closing ends a connection that waits for its reader', async () => {
  const { source, reader } = await openStation();
  const waiting = reader.read({ start: 5.9 * MB, end: 11 * MB }, never());
  await check(source.reader(), 0, MB);
  await Promise.all([expect(waiting).rejects.toMatchObject({ code: 'source.closed' }), source.close()]);
  while (station.listeners > 0) await new Promise((resolve) => setImmediate(resolve));
  expect(station.listeners).toBe(0);
});

const SIZE = 80 * MB;
const file = (offset: number) => (offset < SIZE ? virtualBytes(offset, offset + 256 * 1024) : undefined);

test('a body without a length becomes a stream after 64 MiB, all of which is read right, and nothing is kept', async () => {
  station.programme = { bytes: file };
  const live = isLive();
  const source = await open();
  const reader = source.reader();
  expect(await check(reader, 0, MB)).toBe(-1);
  await live;
  expect(await check(reader, MB, SIZE)).toBe(-1);
  expect((await reader.read({ start: SIZE, end: SIZE + 1 }, never())).length).toBe(0);
  expect([source.length, source.phase]).toEqual([SIZE, 'downloading']);
  await source.close();
  expect(await store.list()).toEqual([]);
});

test('a drop behind 64 MiB is followed by the same file, up to where it was', async () => {
  station.programme = { bytes: (offset) => (offset < 70 * MB ? file(offset) : undefined), cutsConnection: true };
  const source = await open();
  const reader = source.reader();
  expect(await check(reader, 0, 66 * MB)).toBe(-1);
  station.programme = { bytes: file };
  expect(await check(reader, 66 * MB, SIZE)).toBe(-1);
  expect(station.requests).toHaveLength(2);
});
