import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { EventScope } from '../../src/events/bus.ts';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { Sources, type SourcesOptions } from '../../src/source/file-source.ts';
import { isDue, type Revalidate } from '../../src/source/freshness.ts';
import { verdictOn } from '../../src/source/revalidation.ts';
import type { FileSource } from '../../src/source/source.ts';
import { createDiskStore } from '../../src/store/disk.node.ts';
import { assetKey } from '../../src/store/key.ts';
import type { AssetFacts, AssetStore } from '../../src/store/store.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { type Fault, type Origin, type Resource, startOrigin } from '../fakes/origin.ts';

const HOUR = 3_600_000;
const YEAR = 8_766 * HOUR;
const now = Date.parse('2026-06-01T12:00:00Z');

test.each<[string, Revalidate, number | undefined, boolean]>([
  ['never asks', 'never', undefined, false],
  ['asks at each opening', 'open', now, true],
  ['does not ask within the age', 60, now - 59_000, false],
  ['asks when the age is reached', 60, now - 60_000, true],
  ['asks when nothing was ever confirmed', 60, undefined, true],
  ['asks when the clock went back', 60, now + 10 * YEAR, true],
  ['asks when the clock went ahead', 60, now - 10 * YEAR, true],
  ['of no age asks always', 0, now, true],
])('%s', (_name, revalidate, confirmedAt, expected) => {
  expect(isDue(revalidate, confirmedAt, now)).toBe(expected);
});

const facts: AssetFacts = { url: '', mediaType: '', validator: { etag: '"1"' }, length: 100 };
test.each([
  ['a 304', { status: 304 as const, total: undefined, validator: {} }, {}, 'same'],
  ['an equal strong tag', { status: 206 as const, total: 100, validator: { etag: '"1"' } }, {}, 'same'],
  ['another tag', { status: 206 as const, total: 100, validator: { etag: '"2"' } }, {}, 'other'],
  ['another length', { status: 206 as const, total: 99, validator: { etag: '"1"' } }, {}, 'other'],
  ['an equal weak tag', { status: 200 as const, total: 100, validator: { etag: 'W/"1"' } }, {}, 'doubt'],
  ['no tag', { status: 200 as const, total: undefined, validator: {} }, {}, 'doubt'],
  [
    'another tag of a server whose tags lie',
    { status: 206 as const, total: 100, validator: { etag: '"2"' } },
    { unverified: true },
    'doubt',
  ],
])('%s says what it can', (_name, response, more, expected) => {
  expect(verdictOn(response, { ...facts, ...more })).toBe(expected);
});

describe('an opening', () => {
  const SIZE = 300_000;
  const OLD_DATE = 'Mon, 01 Jan 2024 00:00:00 GMT';
  let origin: Origin;
  let client: RangeClient;
  let store: AssetStore;
  let sources: Sources;
  let root: string;
  let told: unknown[];
  let place: string;

  beforeAll(async () => {
    origin = await startOrigin();
    client = createNodeClient();
  });
  afterAll(async () => {
    await client.close();
    await origin.close();
  });
  beforeEach(async ({ task }) => {
    vi.useFakeTimers({ toFake: ['Date'], now });
    place = `/${task.id}`;
    root = await mkdtemp(path.join(tmpdir(), 'fresh-'));
    begin();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await end();
    await rm(root, { recursive: true });
  });

  function begin(options: Partial<SourcesOptions> = {}): void {
    const events = new EventScope();
    told = [];
    events.on('source.revalidated', ({ payload }) => told.push(payload.error ? [payload.result, payload.error.code] : payload.result));
    store = createDiskStore({ root, durability: 'none' });
    sources = new Sources({ client, store, events, retry: { baseMs: 1, maxDelayMs: 5 }, ...options });
  }

  async function end(): Promise<void> {
    await sources.close();
    await store.close();
  }

  const serve = (seed: number, resource: Partial<Resource>, ...faults: Fault[]) => {
    origin.put(place, { content: { size: SIZE, seed }, ...resource });
    origin.fault(place, ...faults);
  };
  const open = (revalidate: Revalidate) => sources.open({ url: origin.url + place, key: assetKey(origin.url + place), revalidate });
  const asked = () => origin.accesses(place);
  const expectAll = async (source: FileSource, seed: number) => {
    const reader = source.reader(); // before the answer, and yet of the version that it names
    const bytes = await reader.read({ start: 0, end: SIZE }, new AbortController().signal);
    expect([bytes.length, firstDifference(bytes, virtualBytes(0, SIZE, seed))]).toEqual([SIZE, -1]);
  };
  const hold = async (resource: Partial<Resource>) => {
    serve(1, resource);
    await using source = await open('open');
    await source.completed(new AbortController().signal);
    expect([told, asked().length]).toEqual([[], 1]); // nothing was held: there was nothing to ask
  };

  test.each([
    ['an entity tag', { etag: '"1"' }, { 'if-none-match': '"1"' }],
    ['a weak entity tag', { etag: 'W/"1"' }, { 'if-none-match': 'W/"1"' }],
    ['a date', { lastModified: OLD_DATE }, { 'if-modified-since': OLD_DATE }],
  ])('of what is held asks by %s, and a 304 confirms it', async (_name, resource, headers) => {
    await hold(resource);
    const source = await open('open');
    await expectAll(source, 1);
    expect(asked()[1]).toMatchObject({ status: 304, headers });
    expect([told, source.traffic.network, source.phase, source.generation]).toEqual([['same'], 0, 'complete', 1]);
  });

  test.each([
    ['another tag', { etag: '"1"' }, { etag: '"2"' }],
    ['other bytes and no validator', {}, {}],
  ])('meets %s: a new generation, which who waits reads', async (_name, before, after) => {
    await hold(before);
    serve(2, after);
    const source = await open('open');
    await expectAll(source, 2);
    await source.completed(new AbortController().signal);
    expect([told, source.generation, source.phase]).toEqual([['changed'], 2, 'complete']);
  });

  test('of a server without validators costs 64 KiB, and equal bytes confirm it', async () => {
    await hold({});
    const source = await open('open');
    await expectAll(source, 1);
    expect(asked()[1]).toMatchObject({ range: 'bytes=0-65535', status: 206 });
    expect([told, source.generation]).toEqual([['same'], 1]);
  });

  test('of a server without ranges reads no more than it must', async () => {
    await hold({});
    serve(1, {}, { ignoreRange: true, rate: 1 << 20 });
    const source = await open('open');
    await expectAll(source, 1);
    await origin.until(() => asked()[1].finished);
    expect([told, asked()[1].bodyBytes < SIZE]).toEqual([['same'], true]);
  });

  test.each<[string, Fault, string]>([
    ['a server that fails', { status: 500 }, 'http.status'],
    ['a resource that is gone', { status: 404 }, 'http.status'],
    ['a connection that breaks', { cutAfter: -1, reset: true }, 'net.reset'],
    ['a login page', { body: '<html>', headers: { 'content-type': 'text/html' } }, 'media.unsupported'],
  ])('meets %s: what is held is played, and it says so', async (_name, fault, code) => {
    await hold({ etag: '"1"' });
    origin.fault(place, fault);
    const source = await open('open');
    await expectAll(source, 1);
    expect([told, source.phase, asked().length]).toEqual([[['unknown', code]], 'complete', 2]);
  });

  test('meets a server that is silent: what is held is played before anyone loses patience', async () => {
    await hold({ etag: '"1"' });
    await end();
    begin({ clock: { ...systemClock, setTimeout: (callback, ms) => systemClock.setTimeout(callback, ms / 100) } });
    origin.fault(place, { stallAfter: -1 });
    const source = await open('open');
    await expectAll(source, 1);
    expect(told).toEqual([['unknown', 'net.stall']]);
  });

  test('that is closed while the server is asked leaves nothing behind', async () => {
    await hold({ etag: '"1"' });
    origin.fault(place, { stallAfter: -1 });
    const source = await open('open');
    const reading = source.reader().read({ start: 0, end: 1 }, new AbortController().signal);
    const completing = source.completed(new AbortController().signal);
    const ends = Promise.allSettled([reading, completing]);
    await origin.until(() => asked().length === 2);
    await source.close();
    expect((await ends).map((end) => end.status === 'rejected' && end.reason.code)).toEqual(['source.closed', 'source.closed']);
    await origin.until(() => asked()[1].finished);
    expect(told).toEqual([]);
  });

  test('asks by age, which lives on with the asset and bears a clock that jumps', async () => {
    await hold({ etag: '"1"' });
    const asksAt = async (time: number) => {
      vi.setSystemTime(time);
      await end();
      begin();
      const before = asked().length;
      const source = await open(3_600);
      await expectAll(source, 1);
      await source.close();
      return asked().length - before;
    };
    expect(await asksAt(now + HOUR / 2)).toBe(0);
    expect(await asksAt(now + HOUR)).toBe(1); // which confirms it
    expect(await asksAt(now + 1.5 * HOUR)).toBe(0);
    expect(await asksAt(now + 10 * YEAR)).toBe(1);
    expect(await asksAt(now)).toBe(1);
    expect(await asksAt(now + HOUR / 2)).toBe(0);
    expect(await asksAt(now - 10 * YEAR)).toBe(1);
  });

  test('of what somebody reads already lets it go on meanwhile', async () => {
    await hold({ etag: '"1"' });
    const first = await open('never');
    const reader = first.reader();
    origin.fault(place, { stallAfter: -1 });
    const second = await open('open');
    await origin.until(() => asked().length === 2);
    const bytes = await reader.read({ start: 0, end: SIZE }, new AbortController().signal);
    expect(firstDifference(bytes, virtualBytes(0, SIZE))).toBe(-1);
    await second.close();
  });
});
