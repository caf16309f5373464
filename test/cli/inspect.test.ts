import { stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixtures, signalFrames } from '../fixtures/fixtures.ts';
import { root } from '../tools.ts';
import { aulos } from './aulos.ts';
import { bytesSent, scene } from './scene.ts';

const aac = { container: 'mp4', codec: 'mp4a.40.2', sampleRate: 44_100, channels: 2, durationIsExact: true };
const tags = { title: 'Reed', artist: 'Aulos' };

/** What each fixture is, as its encoder was told. */
const facts: Readonly<Record<string, object>> = {
  'cbr.mp3': { container: 'mp3', codec: 'mp3', sampleRate: 44_100, channels: 2, frames: 264_600, durationIsExact: true, tags },
  'vbr.mp3': { container: 'mp3', codec: 'mp3', sampleRate: 44_100, channels: 2, frames: 264_600, durationIsExact: true },
  'mono-48k.mp3': { container: 'mp3', codec: 'mp3', sampleRate: 48_000, channels: 1, frames: 144_000, durationIsExact: true },
  'stereo.aac': { container: 'adts', codec: 'mp4a.40.2', sampleRate: 44_100, channels: 2, durationIsExact: false },
  'moov-first.m4a': { ...aac, frames: 264_600, encoderDelay: 1024, padding: 616, tags },
  'moov-last.m4a': { ...aac, frames: 264_600, encoderDelay: 1024, padding: 616, tags },
  'fragmented.m4a': { ...aac, durationIsExact: expect.any(Boolean) },
  'stereo.flac': { container: 'flac', codec: 'flac', sampleRate: 44_100, channels: 2, bitsPerSample: 16, frames: 264_600, tags },
  'mono-48k.flac': { container: 'flac', codec: 'flac', sampleRate: 48_000, channels: 1, bitsPerSample: 16, frames: 144_000 },
  'stereo.wav': { container: 'wav', sampleRate: 44_100, channels: 2, bitsPerSample: 16, frames: 264_600, durationIsExact: true },
  'mono-48k.wav': { container: 'wav', sampleRate: 48_000, channels: 1, bitsPerSample: 16, frames: 144_000, durationIsExact: true },
};

describe('aulos inspect', () => {
  it.each(fixtures())('tells what $name is', async ({ name, sampleRate, bytes }) => {
    const { origin, cacheDir } = await scene();
    const url = `${origin.url}/fixtures/${name}`;
    const { code, stdout } = await aulos(['inspect', url, '--json', '--cache-dir', cacheDir]);
    expect(code).toBe(0);
    const report = JSON.parse(stdout.toString());
    expect(report).toMatchObject({ url, length: bytes, ...facts[name] });
    expect(Math.abs(report.duration - signalFrames[sampleRate] / sampleRate)).toBeLessThan(0.2);
  });

  it('prints it for people', async () => {
    const { origin, cacheDir } = await scene();
    const { code, stdout, stderr } = await aulos(['inspect', `${origin.url}/demo/kithara.flac`, '--cache-dir', cacheDir]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.toString().split('\n');
    expect(lines).toContain('container      flac');
    expect(lines).toContain('size           1.23 MB');
    expect(lines).toContain('duration       0:26');
    expect(lines).toContainEqual(expect.stringMatching(/^held {11}\d+\.\d kB: 0–\d+$/));
  });

  it.each(['reed.mp3', 'salt.aac', 'harbour.m4a', 'late-ferry.m4a', 'lanterns.m4a', 'kithara.flac', 'small-hours.wav'])(
    'takes few bytes of %s, keeps them, and tells the same of them without the network',
    async (name) => {
      const { origin, cacheDir } = await scene();
      const { size } = await stat(path.join(root, 'demo/media', name));
      const args = ['inspect', `${origin.url}/demo/${name}`, '--json', '--cache-dir', cacheDir];
      const first = JSON.parse((await aulos(args)).stdout.toString());
      console.log(`${name}: ${bytesSent(origin)} of ${size} bytes in ${origin.log.length} requests`);
      expect(bytesSent(origin)).toBeLessThanOrEqual(192 << 10);
      const heldBytes = first.held.reduce((sum: number, { start, end }: { start: number; end: number }) => sum + end - start, 0);
      expect(heldBytes).toBe(bytesSent(origin));

      await origin.close();
      const again = await aulos(args);
      expect(again.code).toBe(0);
      expect(JSON.parse(again.stdout.toString())).toEqual({ ...first, phase: expect.any(String) });
    },
  );
});
