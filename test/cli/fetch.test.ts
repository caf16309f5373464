import { describe, expect, it } from 'vitest';
import { type Access, startOrigin } from '../fakes/origin.ts';
import { requireTool } from '../tools.ts';
import { aulos, jsonLines, onTerminal, start } from './aulos.ts';
import { bytesSent, cachedBytes, noiseWav, scene } from './scene.ts';

const MB = 1_000_000;
const OVERLAP = 64 * 1024;

const progressOf = (stderr: string) => jsonLines(stderr).filter(({ event }) => event === 'progress') as { bytes: number; total: number }[];
const startOf = ({ range }: Access) => Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1]);

describe('aulos fetch', () => {
  it('holds the whole file, and asks for nothing the second time', async () => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(3 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav' });
    const url = `${origin.url}/noise.wav`;

    const first = await aulos(['fetch', url, '--cache-dir', cacheDir]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout.toString()).toBe('3.00 MB held, 3.00 MB of it fetched now (requests: 1)\n');
    expect(bytesSent(origin)).toBe(content.length);

    const second = await aulos(['fetch', url, '--cache-dir', cacheDir, '--json']);
    expect(second.code).toBe(0);
    expect(JSON.parse(second.stdout.toString())).toMatchObject({ bytes: content.length, heldBefore: content.length, requests: 0 });
    expect(origin.log).toHaveLength(1);

    await origin.close();
    expect(Buffer.compare(await cachedBytes(cacheDir, url), content)).toBe(0);
  });

  it('tells its progress as lines of JSON on stderr, and the result as one on stdout', async () => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(2 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav' });
    origin.rate = 1 * MB;
    const url = `${origin.url}/noise.wav`;

    const { code, stdout, stderr } = await aulos(['fetch', url, '--cache-dir', cacheDir, '--json']);
    expect(code).toBe(0);
    const progress = progressOf(stderr);
    expect(progress.length).toBeGreaterThan(2);
    expect(progress.map(({ bytes }) => bytes)).toEqual(progress.map(({ bytes }) => bytes).sort((a, b) => a - b));
    expect(progress.at(-1)).toMatchObject({ bytes: content.length, total: content.length, etaSeconds: 0 });
    const phases = jsonLines(stderr).filter(({ event }) => event === 'phase');
    expect(phases.map(({ to }) => to)).toEqual(['downloading', 'complete']);
    expect(stdout.toString().trim().split('\n')).toHaveLength(1);
    expect(JSON.parse(stdout.toString())).toEqual({
      url,
      bytes: content.length,
      fetchedBytes: content.length,
      requests: 1,
      mediaType: 'audio/wav',
      heldBefore: 0,
    });
  });

  it.each([
    { validator: 'a strong etag', etag: '"v1"', overlap: 0 },
    { validator: 'no validator', etag: undefined, overlap: OVERLAP },
  ])('keeps what arrived when it is interrupted, and then fetches only the rest: $validator', async ({ etag, overlap }) => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(4 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav', etag });
    origin.rate = 3 * MB;
    const url = `${origin.url}/noise.wav`;

    const run = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    await run.until((stderr) => /"event":"progress","bytes":[1-9]\d{6}/.test(stderr));
    run.process.kill('SIGINT');
    const interrupted = await run.exited;
    expect(interrupted.code).toBe(130);
    expect(interrupted.stdout.toString()).toBe('');
    expect(interrupted.stderr).toMatch(/aulos: interrupted; what arrived is kept\n$/);
    await origin.until(() => origin.log[0].finished);
    const [first] = origin.log;

    origin.rate = Number.POSITIVE_INFINITY;
    const { code, stdout } = await aulos(['fetch', url, '--cache-dir', cacheDir, '--json']);
    expect(code).toBe(0);
    const { heldBefore, fetchedBytes } = JSON.parse(stdout.toString());
    expect(heldBefore).toBeGreaterThanOrEqual(MB);
    expect(heldBefore).toBeLessThanOrEqual(first.bodyBytes);
    expect(fetchedBytes).toBe(content.length - heldBefore + overlap);
    expect(origin.log.map(startOf)).toEqual([0, heldBefore - overlap]);
    expect(bytesSent(origin) - first.bodyBytes).toBe(fetchedBytes);

    await origin.close();
    expect(Buffer.compare(await cachedBytes(cacheDir, url), content)).toBe(0);
  });

  it('survives being killed: it goes on from what it had recorded', async () => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(6 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav', etag: '"v1"' });
    origin.rate = 6 * MB;
    const url = `${origin.url}/noise.wav`;

    const run = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    await run.until((stderr) => /"event":"progress","bytes":[3-9]\d{6}/.test(stderr));
    run.process.kill('SIGKILL');
    await run.exited;

    origin.rate = Number.POSITIVE_INFINITY;
    const { code, stdout } = await aulos(['fetch', url, '--cache-dir', cacheDir, '--json']);
    expect(code).toBe(0);
    const { heldBefore, fetchedBytes } = JSON.parse(stdout.toString());
    expect(heldBefore).toBeGreaterThan(MB);
    expect(fetchedBytes).toBe(content.length - heldBefore);

    await origin.close();
    expect(Buffer.compare(await cachedBytes(cacheDir, url), content)).toBe(0);
  });

  const seed = Date.now() % 1e6;
  it.each([
    { validator: 'a strong etag', etag: '"v1"', overlap: 0 },
    { validator: 'no validator', etag: undefined, overlap: OVERLAP },
  ])(`makes a true copy through 20 dropped connections and a restart: $validator (seed ${seed})`, async ({ etag, overlap }) => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(10 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav', etag });
    const random = seeded(seed);
    // Each answer brings more than 64 KiB that is new, so that no retry has to wait.
    const drop = () => ({ cutAfter: Math.floor(overlap + 1.1 * OVERLAP + random() * 200_000) });
    const before = Array.from({ length: 10 }, drop);
    const after = Array.from({ length: 10 }, drop);
    origin.fault('/noise.wav', ...before, { stallAfter: 300_000 }, ...after);
    const url = `${origin.url}/noise.wav`;

    const run = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    await origin.until(() => origin.log[before.length]?.bodyBytes === 300_000);
    run.process.kill('SIGINT');
    expect((await run.exited).code).toBe(130);
    const { code, stdout } = await aulos(['fetch', url, '--cache-dir', cacheDir, '--json']);
    expect(code).toBe(0);

    // Every request begins where the bytes before it ended, but for the overlap that proves the version.
    const { heldBefore } = JSON.parse(stdout.toString());
    expect(origin.log).toHaveLength(before.length + 1 + after.length + 1);
    for (const [i, { range, bodyBytes }] of origin.log.entries()) {
      if (i === 0) continue;
      const previous = origin.log[i - 1];
      const arrived = i === before.length + 1 ? heldBefore : startOf(previous) + previous.bodyBytes;
      expect({ i, range }).toEqual({ i, range: `bytes=${arrived - overlap}-` });
      expect(bodyBytes).toBeGreaterThan(0);
    }
    await origin.close();
    expect(Buffer.compare(await cachedBytes(cacheDir, url), content)).toBe(0);
  });

  it.runIf(requireTool('script'))('draws a bar on a terminal, but none for a cached track', async () => {
    const { origin, cacheDir } = await scene();
    origin.put('/noise.wav', { content: noiseWav(2 * MB), mediaType: 'audio/wav' });
    origin.rate = 4 * MB;
    const args = ['fetch', `${origin.url}/noise.wav`, '--cache-dir', cacheDir];
    const first = await onTerminal(args);
    expect(first).toMatch(/ \d+ % {2}\d\S* \w*B of 2\.00 MB {2}\S+ \w*B\/s {2}eta 0:0\d/);
    expect(first).toMatch(/2\.00 MB held, 2\.00 MB of it fetched now \(requests: 1\)/);
    expect(await onTerminal(args)).toBe('2.00 MB held, 0 B of it fetched now (requests: 0)\r\n');
  });

  it('needs no extension and no media type to know a track', async () => {
    await using origin = await startOrigin();
    const { cacheDir } = await scene();
    origin.put('/stream', { content: noiseWav(1000), mediaType: 'application/octet-stream' });
    const { code, stdout } = await aulos(['fetch', `${origin.url}/stream?token=secret`, '--cache-dir', cacheDir]);
    expect({ code, stdout: stdout.toString() }).toEqual({ code: 0, stdout: '1.10 kB held, 1.10 kB of it fetched now (requests: 1)\n' });
  });
});

/** Numbers in [0, 1): mulberry32. */
function seeded(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
