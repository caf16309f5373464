import { getEventListeners, once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { AulosError } from '../../src/errors.ts';
import { createNodeClient, type NodeClientOptions } from '../../src/net/client.node.ts';
import type { RangeClient, RangeRequest } from '../../src/net/client.ts';
import { drain, rangeClientContract } from '../contracts/range-client.ts';
import { startOrigin } from '../fakes/origin.ts';

const origin = await startOrigin();
const other = await startOrigin();
afterAll(async () => {
  await origin.close();
  await other.close();
});

rangeClientContract('undici', createNodeClient, origin);

const clients: RangeClient[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.close();
});
const client = (options?: NodeClientOptions) => {
  const made = createNodeClient(options);
  clients.push(made);
  return made;
};
const get = (url: string, more: Partial<RangeRequest> = {}, options?: NodeClientOptions) =>
  client(options).get({ url, signal: new AbortController().signal, ...more });
const resource = { content: { size: 100_000 } };
const bodyOf = async (response: ReturnType<typeof get>) => drain((await response).body);

describe('requests', () => {
  test.each([
    ['a strong tag', { etag: '"a"' }, '"a"'],
    ['a weak tag', { etag: 'W/"a"' }, undefined],
    ['no validator', undefined, undefined],
  ])('with %s send If-Range %s', async (name, validator, ifRange) => {
    const path = `/if-range/${name.replaceAll(' ', '-')}`;
    origin.put(path, resource);
    await bodyOf(get(origin.url + path, { validator }));
    expect(origin.accesses(path)[0].headers['if-range']).toBe(ifRange);
  });

  test('keep their own headers whatever the application sets', async () => {
    origin.put('/headers', resource);
    const headers = { Range: 'bytes=5-6', 'Accept-Encoding': 'gzip', 'X-Token': 't' };
    await bodyOf(get(`${origin.url}/headers`, { headers }));
    expect(origin.accesses('/headers')[0].headers).toMatchObject({ range: 'bytes=0-', 'accept-encoding': 'identity', 'x-token': 't' });
  });

  test('carry user and password of the URL as a header', async () => {
    origin.put('/password', resource);
    const response = await get(`${origin.url.replace('://', '://jos%C3%A9:p%40ss@')}/password`);
    await drain(response.body);
    expect(response.url).toBe(`${origin.url}/password`);
    const { authorization } = origin.accesses('/password')[0].headers;
    expect(Buffer.from(authorization.slice('Basic '.length), 'base64').toString()).toBe('josé:p@ss');
  });

  test('one after the other share a connection', async () => {
    await using quiet = await startOrigin();
    quiet.put('/a', resource);
    const one = client();
    for (let i = 0; i < 3; i++) await bodyOf(one.get({ url: `${quiet.url}/a`, signal: new AbortController().signal }));
    expect(quiet.connections).toBe(1);
  });
});

describe('redirects', () => {
  test('to another origin drop the headers of the application', async () => {
    origin.put('/away', { ...resource, redirect: `${other.url}/here` });
    other.put('/here', resource);
    const response = await get(`${origin.url}/away`, { headers: { Authorization: 'Bearer secret' }, range: { start: 5, end: 10 } });
    expect((await drain(response.body)).bytes).toHaveLength(5);
    expect(response.url).toBe(`${other.url}/here`);
    expect(origin.accesses('/away')[0].headers.authorization).toBe('Bearer secret');
    expect(other.accesses('/here')[0].headers.authorization).toBeUndefined();
  });

  test('are followed ten times', async () => {
    for (let i = 0; i < 11; i++) origin.put(`/hop/${i}`, { ...resource, redirect: `/hop/${i + 1}` });
    origin.put('/hop/11', resource);
    expect((await bodyOf(get(`${origin.url}/hop/1`))).error).toBeUndefined();
    await expect(get(`${origin.url}/hop/0`)).rejects.toMatchObject({ code: 'http.redirect' });
  });

  test('in a circle end at once', async () => {
    origin.put('/circle/a', { ...resource, redirect: '/circle/b' });
    origin.put('/circle/b', { ...resource, redirect: '/circle/a' });
    await expect(get(`${origin.url}/circle/a`)).rejects.toMatchObject({ code: 'http.redirect' });
    expect(origin.accesses('/circle/a')).toHaveLength(1);
  });
});

describe('connections that cannot be had', () => {
  test('an unknown host', async () => {
    await expect(get('http://nowhere.invalid/a.mp3?token=1')).rejects.toMatchObject({
      code: 'net.dns',
      details: { url: 'http://nowhere.invalid/a.mp3' },
    });
  });

  test('a closed port', async () => {
    const gone = await startOrigin();
    await gone.close();
    await expect(get(gone.url)).rejects.toMatchObject({ code: 'net.connect', retryable: true });
  });

  test('no TLS at the other end', async () => {
    await expect(get(origin.url.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'net.tls', retryable: false });
  });

  test('no connection within the time', async () => {
    const options = { timeouts: { connectMs: 100 }, lookup: () => {} };
    await expect(get('http://example.invalid/', {}, options)).rejects.toMatchObject({ code: 'net.connect' });
  });

  test('an address that the lookup refuses', async () => {
    const denied = new AulosError('access.denied', { url: 'http://private.invalid/', address: '10.0.0.1' }, 'denied');
    const options: NodeClientOptions = { lookup: (_host, _options, callback) => callback(denied, '', 0) };
    await expect(get('http://private.invalid/', {}, options)).rejects.toBe(denied);
  });

  test('a lookup says where the connection goes', async () => {
    origin.put('/looked-up', resource);
    const { port } = new URL(origin.url);
    const options: NodeClientOptions = { lookup: (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }]) };
    expect((await bodyOf(get(`http://music.invalid:${port}/looked-up`, {}, options))).bytes).toHaveLength(100_000);
  });
});

describe('answers that are no proper HTTP', () => {
  test.each([
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['endless headers', `HTTP/1.1 200 OK\r\n${'X-Padding: 0123456789abcdef\r\n'.repeat(4000)}\r\n`],
  ])('%s', async (name, raw) => {
    const path = `/raw/${name.replaceAll(' ', '-')}`;
    origin.fault(path, { raw });
    await expect(get(origin.url + path)).rejects.toMatchObject({ code: 'http.range' });
  });

  test('a body delimited by the end of the connection is taken, without a total', async () => {
    origin.fault('/http10', { raw: 'HTTP/1.0 200 OK\r\nContent-Type: audio/mpeg\r\n\r\nhello' });
    const response = await get(`${origin.url}/http10`);
    expect(response).toMatchObject({ status: 200, total: undefined, range: { start: 0, end: Number.POSITIVE_INFINITY } });
    expect(new TextDecoder().decode((await drain(response.body)).bytes)).toBe('hello');
  });

  test('a broken chunk is no end', async () => {
    origin.fault('/chunk', { raw: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\nzz\r\n' });
    const { bytes, error } = await bodyOf(get(`${origin.url}/chunk`));
    expect(bytes).toHaveLength(5);
    expect(error).toMatchObject({ code: 'net.reset' });
  });
});

describe('ending', () => {
  test('every byte before an early FIN is given, then the truth', async () => {
    for (const cutAfter of [1, 65_537, 99_999]) {
      origin.put('/fin', resource);
      origin.fault('/fin', { cutAfter });
      const { bytes, error } = await bodyOf(get(`${origin.url}/fin`));
      expect(bytes).toHaveLength(cutAfter);
      expect(error).toMatchObject({ code: 'net.truncated', details: { expected: 100_000, received: cutAfter } });
    }
  });

  test('an abort in a body closes its connection', async () => {
    await using quiet = await startOrigin();
    quiet.put('/a', { content: { size: 1e9 } });
    const controller = new AbortController();
    const response = await get(`${quiet.url}/a`, { signal: controller.signal });
    await response.body.next();
    expect(quiet.connections).toBe(1);
    controller.abort();
    await quiet.until(() => quiet.connections === 0 && quiet.log[0].finished);
    expect(quiet.log[0].bodyBytes).toBeLessThan(1e9);
  });

  test('an answer refused at its head closes its connection', async () => {
    await using quiet = await startOrigin();
    quiet.put('/a', { content: { size: 1e9 }, mediaType: 'text/html' });
    await expect(get(`${quiet.url}/a`)).rejects.toMatchObject({ code: 'media.unsupported' });
    await quiet.until(() => quiet.connections === 0);
    expect(quiet.log[0].bodyBytes).toBeLessThan(1e9);
  });

  test('an abort while connecting does not wait for the connection', async () => {
    const controller = new AbortController();
    const lookup = () => controller.abort(new Error('enough'));
    await expect(get('http://example.invalid/', { signal: controller.signal }, { lookup })).rejects.toThrow('enough');
  });

  test('a body that nobody asks for keeps the sender waiting', async () => {
    origin.put('/unread', { content: { size: 1e9 } });
    const response = await get(`${origin.url}/unread`);
    await response.body.next();
    await response.body.return?.();
    await origin.until(() => origin.accesses('/unread')[0].finished);
    expect(origin.accesses('/unread')[0].bodyBytes).toBeLessThan(32e6);
  });

  test.each([
    ['a whole body', {}],
    ['a broken one', { cutAfter: 10 }],
    ['a refused head', { status: 500 }],
    ['a connection that broke', { cutAfter: -1 }],
  ])('after %s nothing is left on the signal of the caller', async (name, fault) => {
    const path = `/left/${name.replaceAll(' ', '-')}`;
    origin.put(path, resource);
    origin.fault(path, fault);
    const { signal } = new AbortController();
    await bodyOf(get(origin.url + path, { signal })).catch((error) => expect(error).toBeInstanceOf(AulosError));
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  test('a server that accepts and says nothing is a stall, told apart from no connection', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as { port: number };
    const options = { timeouts: { connectMs: 5000, firstByteMs: 100 } };
    await expect(get(`http://127.0.0.1:${port}/`, {}, options)).rejects.toMatchObject({ code: 'net.stall', details: { afterMs: 100 } });
    silent.close();
  });
});
