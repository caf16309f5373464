import { afterEach, beforeEach, expect, test } from 'vitest';
import { createNodeClient } from '../../src/net/client.node.ts';
import type { RangeClient, RangeRequest, RangeResponse } from '../../src/net/client.ts';
import { Connections } from '../../src/source/connections.ts';
import { Sources } from '../../src/source/file-source.ts';
import type { Purpose } from '../../src/source/plan.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { settled } from '../fakes/fake-clock.ts';
import { type Origin, startOrigin } from '../fakes/origin.ts';

const MB = 1 << 20;

const never = () => new AbortController().signal;

/** An applicant that writes down when it is asked to leave. */
function applicant(name: string, origin: string, urgency: Purpose, log: string[]) {
  return { origin, urgency: () => urgency, giveWay: () => log.push(`${name} gives way`) };
}

test('the most urgent comes first, then the oldest, and a full origin holds nobody else up', async () => {
  const connections = new Connections({ perOrigin: 1, total: 2 });
  const log: string[] = [];
  const enter = (name: string, origin: string, urgency: Purpose) =>
    connections.enter(applicant(name, origin, urgency, log), never()).then((leave) => {
      log.push(name);
      return leave;
    });
  const leaveFirst = await enter('first', 'a', 'demand');
  const waiting = [
    enter('fill a', 'a', 'fill'),
    enter('ahead a', 'a', 'ahead'),
    enter('demand a', 'a', 'demand'),
    enter('fill b', 'b', 'fill'),
  ];
  const leaveB = await waiting[3];
  expect(log).toEqual(['first', 'fill b']);
  leaveFirst();
  leaveFirst(); // once is enough
  (await waiting[2])();
  (await waiting[1])();
  (await waiting[0])();
  expect(log).toEqual(['first', 'fill b', 'demand a', 'ahead a', 'fill a']);
  leaveB();
});

test('what is waited for has a background download give way, one for each', async () => {
  const connections = new Connections({ perOrigin: 2, total: 3 });
  const log: string[] = [];
  const holders = ['a', 'a', 'b'].map((origin, i) => applicant(`fill ${i}`, origin, 'fill', log));
  const leaves = await Promise.all(holders.map((holder) => connections.enter(holder, never())));
  const demands = ['a', 'a', 'c'].map((origin, i) => connections.enter(applicant(`demand ${i}`, origin, 'demand', log), never()));
  expect(log).toEqual(['fill 1 gives way', 'fill 0 gives way', 'fill 2 gives way']);
  for (const leave of leaves) leave();
  await Promise.all(demands);
  expect(log).toHaveLength(3);
});

test('an abort leaves the queue at once, and takes no place with it', async () => {
  const connections = new Connections({ perOrigin: 1, total: 1 });
  const leave = await connections.enter(applicant('one', 'a', 'demand', []), never());
  const controller = new AbortController();
  const waiting = connections.enter(applicant('two', 'a', 'demand', []), controller.signal);
  const third = connections.enter(applicant('three', 'a', 'fill', []), never());
  controller.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  await expect(connections.enter(applicant('four', 'a', 'fill', []), controller.signal)).rejects.toThrow('enough');
  leave();
  await third;
});

const origins: Origin[] = [];
let client: RangeClient;
let store: AssetStore;
let sources: Sources;
beforeEach(async () => {
  for (let i = 0; i < 5; i++) origins.push(await startOrigin());
  client = createNodeClient();
  store = createMemoryStore();
  sources = new Sources({ client, store, retry: { baseMs: 1, maxDelayMs: 5 } });
});
afterEach(async () => {
  await sources.close();
  await client.close();
  await Promise.all(origins.splice(0).map((origin) => origin.close()));
});

const inFlight = (origin: Origin) => origin.accesses().filter(({ finished }) => !finished);

/**
 * Watches the highest number of requests in flight, per asset, per origin and in all: from their start to the end of the answer as the
 * client sees it, since a server hears of an end only later.
 */
function watch(watched: RangeClient) {
  const most = { perAsset: 0, perOrigin: 0, total: 0 };
  const urls: string[] = [];
  const begin = (url: string) => {
    urls.push(url);
    const alike = (key: (url: string) => string) => urls.filter((other) => key(other) === key(url)).length;
    most.perAsset = Math.max(most.perAsset, alike(String));
    most.perOrigin = Math.max(
      most.perOrigin,
      alike((each) => new URL(each).origin),
    );
    most.total = Math.max(most.total, urls.length);
    let isOver = false;
    return () => {
      if (!isOver) urls.splice(urls.indexOf(url), 1);
      isOver = true;
    };
  };
  const get = async (request: RangeRequest): Promise<RangeResponse> => {
    const end = begin(request.url);
    try {
      const response = await watched.get(request);
      return { ...response, body: watchedBody(response.body, end) };
    } catch (error) {
      end();
      throw error;
    }
  };
  return { most, client: { get, close: () => watched.close() } };
}

/** Calls `end` when `body` is over, by itself or because nobody wants more. */
function watchedBody(body: RangeResponse['body'], end: () => void): RangeResponse['body'] {
  const iterator: RangeResponse['body'] = {
    next: async () => {
      const result = await body.next().catch((error) => {
        end();
        throw error;
      });
      if (result.done) end();
      return result;
    },
    return: async () => {
      end();
      return (await body.return?.()) ?? { done: true, value: undefined };
    },
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}

test('thirty assets on five origins keep to six connections per origin and 24 in all, and every one is had', async () => {
  const size = 1.5 * MB;
  for (const origin of origins) origin.latency = 300; // so that all who may ask at once do
  const { most, client: watched } = watch(client);
  sources = new Sources({ client: watched, store, retry: { baseMs: 1, maxDelayMs: 5 } });
  const urls = Array.from({ length: 30 }, (_, i) => `${origins[i % 5].url}/asset-${i}`);
  for (const i of urls.keys()) {
    origins[i % 5].put(`/asset-${i}`, { content: { size, seed: i + 1 }, etag: '"1"' });
    const failure = [[{ status: 503 }], [{ cutAfter: MB, rate: 4 * MB }], []][i % 3]; // the place that it took must come back
    origins[i % 5].fault(`/asset-${i}`, ...failure, { rate: 4 * MB, times: 10 });
  }
  const opened = await Promise.all(urls.map((url) => sources.open({ url, key: assetKey(url) })));
  const tails = opened.map(async (source, i) => {
    const tail = await source.reader().read({ start: size - 1000, end: size }, never());
    return firstDifference(tail, virtualBytes(size - 1000, size, i + 1));
  });
  expect(await Promise.all(tails)).toEqual(urls.map(() => -1));
  await Promise.all(opened.map((source) => source.completed(never())));
  expect(most.perAsset).toBeLessThanOrEqual(2);
  expect(most.perOrigin).toBeLessThanOrEqual(6);
  expect(most.total).toBeLessThanOrEqual(24);
  expect(most.total).toBeGreaterThan(20);
});

test('a track that is opened to be heard does not wait for downloads in the background', async () => {
  const [origin] = origins;
  const open = async (name: string) => {
    origin.put(name, { content: { size: 100 * MB }, etag: '"1"' });
    return await sources.open({ url: origin.url + name, key: assetKey(origin.url + name) });
  };
  origin.rate = MB;
  const background = await Promise.all(Array.from({ length: 6 }, (_, i) => open(`/background-${i}`)));
  await origin.until(() => inFlight(origin).length === 6 && origin.accesses().every(({ bodyBytes }) => bodyBytes > 0));
  const heard = await open('/heard');
  const bytes = await heard.reader().read({ start: 0, end: 1000 }, AbortSignal.timeout(5_000));
  expect(firstDifference(bytes, virtualBytes(0, 1000))).toBe(-1);
  await origin.until(() => inFlight(origin).length <= 6);
  expect(background.map(({ phase }) => phase)).toEqual(background.map(() => 'downloading'));
});

test('closing what waits for its turn does not wait, and asks nothing', async () => {
  const [origin] = origins;
  sources = new Sources({ client, store, connections: { perOrigin: 1 } });
  origin.put('/one', { content: { size: MB } });
  origin.put('/two', { content: { size: MB } });
  origin.fault('/one', { stallAfter: 10 });
  const one = await sources.open({ url: `${origin.url}/one`, key: assetKey('https://one.example') });
  await one.reader().read({ start: 0, end: 10 }, never(), 1);
  const two = await sources.open({ url: `${origin.url}/two`, key: assetKey('https://two.example') });
  await settled();
  await two.close();
  expect(origin.accesses('/two')).toEqual([]);
});
