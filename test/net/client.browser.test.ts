import { afterEach, describe, expect, inject, test, vi } from 'vitest';
import { createBrowserClient } from '../../src/net/client.browser.ts';
import type { RangeRequest } from '../../src/net/client.ts';
import { drain, rangeClientContract } from '../contracts/range-client.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { settled } from '../fakes/fake-clock.ts';
import type { Resource } from '../fakes/origin.ts';
import { RemoteOrigin } from '../fakes/remote-origin.ts';

const origin = new RemoteOrigin(inject('origin'));

rangeClientContract('fetch', createBrowserClient, origin);

const get = (url: string, more: Partial<RangeRequest> = {}) =>
  createBrowserClient().get({ url, signal: new AbortController().signal, ...more });
const validator = { etag: '"v1"' };
const open = { start: 400, end: Number.POSITIVE_INFINITY };

describe('another origin', () => {
  test('that hides its headers gives an unverified range, without a preflight', async () => {
    await origin.put('/cors/simple', { content: { size: 1000 }, cors: 'simple', ...validator });
    const response = await get(`${origin.url}/cors/simple`, { range: open, validator });
    expect(response).toMatchObject({ status: 206, unverifiedRange: true, range: { start: 400, end: 1000 }, total: 1000 });
    expect(response.validator.etag).toBeUndefined();
    expect(firstDifference((await drain(response.body)).bytes, virtualBytes(400, 1000))).toBe(-1);
    const log = await origin.accesses('/cors/simple');
    expect(log.map(({ method, headers }) => [method, headers['if-range']])).toEqual([['GET', undefined]]);
  });

  test('that does not allow pages to read it is named as a possible cause', async () => {
    await origin.put('/cors/none', { content: { size: 1000 }, cors: 'none' });
    const failing = get(`${origin.url}/cors/none`);
    await expect(failing).rejects.toMatchObject({ code: 'net.unreachable' });
    await expect(failing).rejects.toThrow('Access-Control-Allow-Origin');
  });

  test('that breaks off early is no end, also with hidden headers', async () => {
    await origin.put('/cors/cut', { content: { size: 100_000 }, cors: 'simple' });
    await origin.fault('/cors/cut', { cutAfter: 70_000 });
    const { bytes, error } = await drain((await get(`${origin.url}/cors/cut`)).body);
    expect(bytes.length).toBeLessThanOrEqual(70_000);
    expect(error).toMatchObject({ code: expect.stringMatching(/^net\.(truncated|reset)$/) });
  });

  test('may ask for a preflight, which headers of the application need', async () => {
    await origin.put('/cors/preflighted', { content: { size: 1000 }, cors: 'preflighted' });
    await drain((await get(`${origin.url}/cors/preflighted`, { headers: { 'X-Token': 't' } })).body);
    const log = await origin.accesses('/cors/preflighted');
    expect(log.map(({ method }) => method)).toEqual(['OPTIONS', 'GET']);
  });
});

describe('a station of another origin', () => {
  test.each<[string, Pick<Resource, 'cors' | 'headers'>, string[]]>([
    ['is asked for titles', { cors: 'preflighted', headers: { 'icy-metaint': '400' } }, ['OPTIONS undefined', 'GET 1']],
    [
      'is asked again without when it does not tell where they are',
      { cors: 'preflighted' },
      ['OPTIONS undefined', 'GET 1', 'GET undefined'],
    ],
    ['is asked without when it does not allow to ask for them', { cors: 'simple' }, ['OPTIONS undefined', 'GET undefined']],
  ])('%s', async (_, resource, asked) => {
    const path = `/icy/${crypto.randomUUID()}`;
    await origin.put(path, { content: { size: 1000 }, ...resource });
    const response = await get(origin.url + path, { titles: true });
    expect((await drain(response.body)).bytes.length).toBe(1000);
    const log = await origin.accesses(path);
    expect(log.map(({ method, headers }) => `${method} ${headers['icy-metadata']}`)).toEqual(asked);
  });
});

describe('a resource that may be cached', () => {
  const cacheable = { content: { size: 500_000 }, headers: { 'cache-control': 'public, max-age=3600' }, ...validator };

  test('is not taken from the HTTP cache', async () => {
    await origin.put('/cacheable/twice', cacheable);
    for (let i = 0; i < 2; i++) await drain((await get(`${origin.url}/cacheable/twice`)).body);
    expect(await origin.accesses('/cacheable/twice')).toMatchObject([{ bodyBytes: 500_000 }, { bodyBytes: 500_000 }]);
  });

  test('is read by a second connection while the first one is silent', async () => {
    await origin.put('/cacheable/silent', cacheable);
    await origin.fault('/cacheable/silent', { stallAfter: 1000 });
    const first = await get(`${origin.url}/cacheable/silent`);
    await first.body.next();
    const { bytes } = await drain((await get(`${origin.url}/cacheable/silent`)).body);
    expect(firstDifference(bytes, virtualBytes(0, 500_000))).toBe(-1);
    await first.body.return?.();
  });
});

describe('the own origin', () => {
  const here = new URL('/no-such-file', location.href).href;
  afterEach(() => vi.restoreAllMocks());

  test('is asked with If-Range', async () => {
    const spy = vi.spyOn(globalThis, 'fetch');
    await expect(get(here, { range: open, validator })).rejects.toMatchObject({ name: 'AulosError' });
    expect(spy.mock.lastCall?.[1]).toMatchObject({ cache: 'no-store', headers: { range: 'bytes=400-', 'if-range': '"v1"' } });
  });
});

test('what came before a connection broke is not lost to a receiver that takes its time', async () => {
  let breakOff!: (error: Error) => void;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      breakOff = (error) => controller.error(error); // which empties the queue of the stream
      for (let start = 0; start < 200_000; start += 50_000) controller.enqueue(virtualBytes(start, start + 50_000));
    },
  });
  const head = new Response(stream, { headers: { 'content-length': '300000', 'content-type': 'audio/mpeg' } });
  vi.spyOn(globalThis, 'fetch').mockResolvedValue(head);
  const { body } = await get('https://example.org/unhurried');
  vi.restoreAllMocks();
  await settled(); // a turn in which the receiver asks for nothing
  breakOff(new TypeError('network error'));
  const { bytes, error } = await drain(body);
  expect(firstDifference(bytes, virtualBytes(0, 200_000))).toBe(-1);
  expect(error).toMatchObject({ code: 'net.reset' });
});
