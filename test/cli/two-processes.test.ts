import { describe, expect, it } from 'vitest';
import { start } from './aulos.ts';
import { bytesSent, cachedBytes, noiseWav, scene } from './scene.ts';

const MB = 1_000_000;

describe('two processes that fetch one file into one cache', () => {
  it('share one download, and both hold all of it', async () => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(2 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav', etag: '"v1"' });
    origin.rate = 1 * MB;
    const url = `${origin.url}/noise.wav`;
    const first = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    await first.until((stderr) => stderr.includes('"progress"'));
    const second = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    for (const { code, stdout, stderr } of await Promise.all([first.exited, second.exited])) {
      expect(code, stderr).toBe(0);
      expect(JSON.parse(stdout.toString())).toMatchObject({ bytes: content.length });
    }
    expect(bytesSent(origin)).toBeLessThan(1.1 * content.length);
    await origin.close();
    expect(Buffer.compare(await cachedBytes(cacheDir, url), content)).toBe(0);
  });

  it('lets the second one finish what the first one was killed at', async () => {
    const { origin, cacheDir } = await scene();
    const content = noiseWav(2 * MB);
    origin.put('/noise.wav', { content, mediaType: 'audio/wav', etag: '"v1"' });
    origin.rate = 1 * MB;
    const url = `${origin.url}/noise.wav`;
    const first = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    await first.until((stderr) => stderr.includes('"progress"'));
    const second = start(['fetch', url, '--cache-dir', cacheDir, '--json']);
    await second.until((stderr) => stderr.includes('"progress"'));
    first.process.kill('SIGKILL');
    const { code, stderr } = await second.exited;
    expect(code, stderr).toBe(0);
    await origin.close();
    expect(Buffer.compare(await cachedBytes(cacheDir, url), content)).toBe(0);
  });
});
