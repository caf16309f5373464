import { afterEach, describe, expect, test } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import type { ErrorCode } from '../../src/errors.ts';
import type { NetTimeouts, RangeClient, RangeRequest } from '../../src/net/client.ts';
import { firstDifference, virtualBytes } from '../fakes/content.ts';
import { FakeClock, settled } from '../fakes/fake-clock.ts';
import type { Fault, OriginControl, Resource } from '../fakes/origin.ts';

const SIZE = 300_000;
const lastModified = 'Mon, 06 Jul 2026 10:00:00 GMT';

/** What the clients of the contract are made with. */
interface ClientOptions {
  readonly timeouts?: Partial<NetTimeouts>;
  readonly clock?: Clock;
}

/** What every RangeClient does, run against a real origin. Paths are made unique, so that suites may share one. */
export function rangeClientContract(name: string, makeClient: (options?: ClientOptions) => RangeClient, origin: OriginControl): void {
  const clients: RangeClient[] = [];
  const client = (options?: ClientOptions) => {
    const made = makeClient(options);
    clients.push(made);
    return made;
  };
  afterEach(async () => {
    for (const made of clients.splice(0)) await made.close();
  });

  const serve = async (resource: Partial<Resource> = {}, ...faults: Fault[]) => {
    const path = `/range-client/${name.replace(/\W/g, '-')}/${crypto.getRandomValues(new Uint32Array(2)).join('-')}`;
    await origin.put(path, { content: { size: SIZE }, etag: '"v1"', lastModified, mediaType: 'Audio/MPEG; charset=binary', ...resource });
    await origin.fault(path, ...faults);
    return { path, url: origin.url + path };
  };
  const get = (url: string, more: Partial<RangeRequest> = {}, options?: ClientOptions) =>
    client(options).get({ url, signal: new AbortController().signal, ...more });

  describe(`${name}: good answers`, () => {
    test('the whole resource is asked for as an open range, by one GET without encodings', async () => {
      const { path, url } = await serve();
      const response = await get(url);
      expect(response).toMatchObject({
        status: 206,
        range: { start: 0, end: SIZE },
        total: SIZE,
        unverifiedRange: false,
        mediaType: 'audio/mpeg',
        url,
      });
      expect(response.validator).toMatchObject({ etag: '"v1"', lastModified });
      expectBytes((await drain(response.body)).bytes, virtualBytes(0, SIZE));
      const log = await origin.accesses(path);
      expect(log.map(({ method, range }) => [method, range])).toEqual([['GET', 'bytes=0-']]);
      expect(log[0].headers['accept-encoding']).toBe('identity');
    });

    test.each([
      [{ start: 0, end: 1 }, 1],
      [{ start: 1234, end: 5678 }, 5678],
      [{ start: SIZE - 1, end: SIZE }, SIZE],
      [{ start: 299_000, end: 400_000 }, SIZE],
      [{ start: 299_000, end: Number.POSITIVE_INFINITY }, SIZE],
    ])('range %o is answered up to byte %d', async (range, end) => {
      const { url } = await serve();
      const response = await get(url, { range });
      expect(response).toMatchObject({ status: 206, range: { start: range.start, end }, total: SIZE });
      expectBytes((await drain(response.body)).bytes, virtualBytes(range.start, end));
    });

    test('ranges beyond 4 GiB are exact', async () => {
      const { url } = await serve({ content: { size: 6e9 } });
      const response = await get(url, { range: { start: 5e9, end: 5e9 + 1000 } });
      expect(response.total).toBe(6e9);
      expectBytes((await drain(response.body)).bytes, virtualBytes(5e9, 5e9 + 1000));
    });

    test('a server without ranges gives a 200 with the whole resource', async () => {
      const { url } = await serve({}, { ignoreRange: true });
      const response = await get(url, { range: { start: 1000, end: 2000 } });
      expect(response).toMatchObject({ status: 200, range: { start: 0, end: SIZE }, total: SIZE });
      await response.body.return?.();
    });

    test('a body without any length ends at its terminator', async () => {
      const { url } = await serve({}, { ignoreRange: true, chunked: true });
      const response = await get(url);
      expect(response).toMatchObject({ status: 200, range: { start: 0, end: Number.POSITIVE_INFINITY }, total: undefined });
      expectBytes((await drain(response.body)).bytes, virtualBytes(0, SIZE));
    });

    test('a chunked 206 is held to its range', async () => {
      const { url } = await serve({}, { chunked: true });
      expectBytes((await drain((await get(url)).body)).bytes, virtualBytes(0, SIZE));
    });

    test('an empty resource is one without bytes', async () => {
      const { url } = await serve({ content: new Uint8Array() });
      const response = await get(url);
      expect(response).toMatchObject({ status: 200, range: { start: 0, end: 0 }, total: 0 });
      expect(await drain(response.body)).toEqual({ bytes: new Uint8Array(), error: undefined });
    });

    test('a scheme in capitals is the same', async () => {
      const { url } = await serve();
      const response = await get(url.replace('http', 'HtTp'), { range: { start: 10, end: 20 } });
      expectBytes((await drain(response.body)).bytes, virtualBytes(10, 20));
    });

    test('a redirect is followed, and told', async () => {
      const { url } = await serve();
      const from = await serve({ redirect: url });
      const response = await get(from.url, { range: { start: 10, end: 20 } });
      expect(response.url).toBe(url);
      expectBytes((await drain(response.body)).bytes, virtualBytes(10, 20));
    });
  });

  describe(`${name}: answers that are refused at their head`, () => {
    const rows: Array<[string, Fault, ErrorCode, object]> = [
      ['404', { status: 404 }, 'http.status', { status: 404 }],
      ['403', { status: 403 }, 'http.status', { status: 403 }],
      ['a false 416', { status: 416 }, 'http.status', { status: 416 }],
      ['503 with Retry-After', { status: 503, headers: { 'retry-after': '7' } }, 'http.status', { status: 503, retryAfterMs: 7000 }],
      ['204', { status: 204, headers: { 'content-length': null } }, 'http.range', {}],
      ['another start', { headers: { 'content-range': `bytes 0-299899/${SIZE}` } }, 'http.range', { asked: { start: 100, end: 200 } }],
      ['more than asked', { headers: { 'content-range': `bytes 100-299999/${SIZE}` } }, 'http.range', {}],
      ['an unknown total', { headers: { 'content-range': 'bytes 100-199/*' } }, 'http.range', { answered: 'bytes 100-199/*' }],
      ['another unit', { headers: { 'content-range': `seconds 100-199/${SIZE}` } }, 'http.range', {}],
      ['a total inside the range', { headers: { 'content-range': 'bytes 100-199/150' } }, 'http.range', {}],
      ['a length beside the range', { headers: { 'content-length': '99' } }, 'http.range', {}],
      [
        'a 206 of several parts',
        { headers: { 'content-type': 'multipart/byteranges; boundary=x', 'content-range': null } },
        'http.range',
        {},
      ],
      ['a 200 with Content-Range', { status: 200 }, 'http.range', {}],
      [
        'a web page',
        { body: '<html>log in', headers: { 'content-type': 'text/html; charset=utf-8' } },
        'media.unsupported',
        { what: 'text/html' },
      ],
    ];
    test('a content encoding that was not asked for', async () => {
      const { url } = await serve({}, { gzip: true, ignoreRange: true });
      // Chromium refuses it itself, as a failed fetch.
      await expect(get(url)).rejects.toMatchObject({ code: expect.stringMatching(/^(http\.encoding|net\.unreachable)$/) });
    });

    test.each(rows)('%s', async (_, fault, code, details) => {
      const { path, url } = await serve({}, fault);
      await expect(get(`${url}?secret=1`, { range: { start: 100, end: 200 } })).rejects.toMatchObject({
        name: 'AulosError',
        code,
        details,
      });
      expect(await origin.accesses(path)).toHaveLength(1);
    });
  });

  describe(`${name}: bodies that break`, () => {
    test('a body that ends early never looks complete, wherever that is', { timeout: 60_000 }, async () => {
      for (const cutAfter of [0, 1, 1000, 65_535, 65_536, 131_073, SIZE - 1]) {
        for (const shape of [
          {},
          { chunked: true },
          { chunked: true, ignoreRange: true },
          { headers: { connection: 'close' } },
          { reset: true },
        ]) {
          const { url } = await serve({}, { cutAfter, ...shape });
          const { bytes, error } = await drain(getBody(get(url)));
          expect(error, JSON.stringify({ cutAfter, ...shape })).toMatchObject({
            code: expect.stringMatching(/^net\.(truncated|reset|unreachable)$/),
          });
          expectBytes(bytes, virtualBytes(0, bytes.length));
        }
      }
    });

    test('a body longer than its range is refused at the first byte too many', async () => {
      const { url } = await serve({}, { chunked: true, headers: { 'content-range': `bytes 0-999/${SIZE}` } });
      const { bytes, error } = await drain((await get(url)).body);
      expect(error).toMatchObject({ code: 'http.length', details: { expected: 1000 } });
      expectBytes(bytes, virtualBytes(0, bytes.length));
    });

    test('silence in the body is a stall', async () => {
      const { url } = await serve({}, { stallAfter: 100_000 });
      const { bytes, error } = await drain((await get(url, {}, { timeouts: { stallMs: 300 } })).body);
      expect(error).toMatchObject({ code: 'net.stall', details: { afterMs: 300 } });
      expectBytes(bytes, virtualBytes(0, 100_000));
    });

    test('silence before the head is a stall', async () => {
      const { url } = await serve({}, { stallAfter: -1 });
      await expect(get(url, {}, { timeouts: { connectMs: 200, firstByteMs: 200 } })).rejects.toMatchObject({ code: 'net.stall' });
    });

    test('a connection that ends before the head is an error that may be tried again', async () => {
      const { url } = await serve({}, { cutAfter: -1, times: 10 });
      await expect(get(url)).rejects.toMatchObject({ code: expect.stringMatching(/^net\.(reset|unreachable)$/), retryable: true });
    });

    test('a trickle is given up', async () => {
      const { url } = await serve({}, { rate: 40 });
      const { error } = await drain((await get(url, {}, { timeouts: { slowMs: 300 } })).body);
      expect(error).toMatchObject({ code: 'net.slow' });
    });

    test.each([
      ['of media that plays five times faster is given up', 128_000, 'net.slow'],
      ['of media that plays not even twice as fast is not', 40_000, undefined],
    ])('a body %s', async (_, bitRate, code) => {
      const { url } = await serve({ content: { size: 3000 } }, { rate: 3000 });
      const { error } = await drain((await get(url, { bitRate: () => bitRate }, { timeouts: { slowMs: 300 } })).body);
      expect((error as { code?: string } | undefined)?.code).toBe(code);
    });

    test('a body that is not what its Content-Digest promised ends in an error, one that is does not', async () => {
      const bytes = virtualBytes(100, 200);
      const sha256 = await digestOf(bytes);
      const range = { start: 100, end: 200 };
      const right = await serve({}, { headers: { 'content-digest': `sha-256=:${sha256}:` } });
      expect((await drain((await get(right.url, { range })).body)).error).toBeUndefined();
      const wrong = await serve({ content: { size: SIZE, seed: 2 } }, { headers: { 'content-digest': `sha-256=:${sha256}:` } });
      expect((await drain((await get(wrong.url, { range })).body)).error).toMatchObject({ code: 'asset.integrity', retryable: false });
    });

    test('a receiver that takes its time is mistaken neither for a stall nor for a trickle', async () => {
      const { url } = await serve();
      const clock = new FakeClock();
      const response = await get(url, {}, { clock });
      const first = await response.body.next();
      await clock.advance(24 * 3_600_000);
      const { bytes, error } = await drain(response.body);
      expect(error).toBeUndefined();
      expect((first.value as Uint8Array).length + bytes.length).toBe(SIZE);
    });
  });

  describe(`${name}: ending`, () => {
    test.each([
      ['while it waits for the head', { stallAfter: -1 }],
      ['in the middle of a body', { stallAfter: 1000 }],
    ])('an abort %s gives its reason at once', async (_, fault) => {
      const { path, url } = await serve({}, fault);
      const controller = new AbortController();
      const reason = new Error('enough');
      const ending = drain(getBody(get(url, { signal: controller.signal })));
      await origin.sent(path, fault.stallAfter);
      controller.abort(reason);
      expect(await Promise.race([ending, settled()])).toMatchObject({ error: reason });
    });

    test('an aborted signal sends nothing', async () => {
      const { path, url } = await serve();
      await expect(get(url, { signal: AbortSignal.abort('no') })).rejects.toBe('no');
      expect(await origin.accesses(path)).toEqual([]);
    });

    test('leaving the loop ends the transfer, and the client goes on', async () => {
      const { path, url } = await serve({ content: { size: 1e9 } });
      const one = client();
      const response = await one.get({ url, signal: new AbortController().signal });
      for await (const bytes of response.body) {
        expect(bytes.length).toBeGreaterThan(0);
        break;
      }
      expect(await response.body.next()).toEqual({ done: true, value: undefined });
      const again = await one.get({ url, range: { start: 5, end: 9 }, signal: new AbortController().signal });
      expectBytes((await drain(again.body)).bytes, virtualBytes(5, 9));
      expect((await origin.accesses(path))[0].bodyBytes).toBeLessThan(1e9);
    });

    test.each(['file:///etc/passwd', 'data:,x', 'a.mp3', ''])('%j is not fetched', async (url) => {
      await expect(get(url)).rejects.toMatchObject({ code: 'input.invalid' });
    });

    test('a closed client refuses, and ends what it was doing', async () => {
      const { url } = await serve({}, { stallAfter: 1000 });
      const one = client();
      const response = await one.get({ url, signal: new AbortController().signal });
      const ending = drain(response.body);
      await one.close();
      expect((await ending).error).toMatchObject({ code: 'source.closed' });
      await expect(one.get({ url, signal: new AbortController().signal })).rejects.toMatchObject({ code: 'source.closed' });
    });
  });
}

function expectBytes(bytes: Uint8Array, expected: Uint8Array): void {
  expect(firstDifference(bytes, expected)).toBe(-1);
}

/** SHA-256 in base64, of the platform. */
async function digestOf(bytes: Uint8Array): Promise<string> {
  return btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', new Uint8Array(bytes)))));
}

/** All bytes of a body and the error that it ended with, if any. */
export async function drain(body: AsyncIterable<Uint8Array>): Promise<{ bytes: Uint8Array; error: unknown }> {
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (thrown) {
    error = thrown;
  }
  const bytes = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return { bytes, error };
}

/** Bytes of an answer yet to come; its failure is a failure of the bytes. */
async function* getBody(response: Promise<{ readonly body: AsyncIterable<Uint8Array> }>): AsyncGenerator<Uint8Array> {
  yield* (await response).body;
}
