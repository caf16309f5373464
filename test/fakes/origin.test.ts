import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { virtualBytes } from './content.ts';
import { type Origin, startOrigin } from './origin.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await startOrigin();
});
afterAll(() => origin.close());

const get = (path: string, range?: string) => fetch(origin.url + path, { headers: range ? { range } : {} });

test('a virtual file has the same bytes however it is cut', () => {
  const whole = virtualBytes(4000, 13_000, 7);
  expect([...virtualBytes(8190, 8300, 7)]).toEqual([...whole.subarray(4190, 4300)]);
  expect([...virtualBytes(6_000_000_001, 6_000_000_009)]).toEqual([...virtualBytes(6_000_000_000, 6_000_000_020).subarray(1, 9)]);
});

test('ranges of a virtual file of 6 GB are answered exactly', async () => {
  origin.put('/big', { content: { size: 6e9 }, etag: '"v1"' });
  const response = await get('/big', 'bytes=5000000000-5000000099');
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe('bytes 5000000000-5000000099/6000000000');
  expect(new Uint8Array(await response.arrayBuffer())).toEqual(virtualBytes(5e9, 5e9 + 100));
});

test.each([
  [undefined, 200, null, 100],
  ['bytes=0-', 206, 'bytes 0-99/100', 100],
  ['bytes=-30', 206, 'bytes 70-99/100', 30],
  ['bytes=90-200', 206, 'bytes 90-99/100', 10],
  ['bytes=100-', 416, 'bytes */100', 0],
  ['items=0-1', 200, null, 100],
])('asked for %s it answers %i with Content-Range %s', async (range, status, contentRange, length) => {
  origin.put('/small', { content: { size: 100 } });
  const response = await get('/small', range);
  expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
  expect((await response.arrayBuffer()).byteLength).toBe(length);
});

test('faults are used up one per request, in order', async () => {
  origin.put('/faulty', { content: { size: 1000 } });
  origin.fault('/faulty', { status: 503, headers: { 'Retry-After': '1' }, times: 2 }, {}, { ignoreRange: true });
  const statuses = [];
  for (let i = 0; i < 5; i++) statuses.push((await get('/faulty', 'bytes=10-')).status);
  expect(statuses).toEqual([503, 503, 206, 200, 206]);
});

test('a cut answer gives exactly the bytes before the cut', async () => {
  origin.put('/cut', { content: { size: 500_000 } });
  origin.fault('/cut', { cutAfter: 300_001 });
  const response = await get('/cut');
  await expect(response.arrayBuffer()).rejects.toThrow('terminated');
  expect(origin.accesses('/cut')[0]).toMatchObject({ method: 'GET', status: 200, bodyBytes: 300_001 });
});

test('a folder is served with types and ranges', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'origin-'));
  await writeFile(path.join(folder, 'a b.flac'), 'fLaC0123');
  origin.mount('/folder', folder);
  const response = await get('/folder/a%20b.flac', 'bytes=2-4');
  expect(response.headers.get('content-type')).toBe('audio/flac');
  expect(await response.text()).toBe('aC0');
  expect((await get('/folder/../../etc/passwd')).status).toBe(404);
  expect((await get('/folder/')).status).toBe(404);
  await rm(folder, { recursive: true });
});

test('a rate slows the body down', async () => {
  origin.put('/slow', { content: { size: 20_000 } });
  const startedAt = performance.now();
  await (await get('/slow?rate=100000&latency=50')).arrayBuffer();
  expect(performance.now() - startedAt).toBeGreaterThan(225);
});
