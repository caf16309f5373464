import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { psnr } from '../fakes/pcm.ts';
import { expectedPlanes, type Fixture, fixtureBytes, fixtureFolder, fixtures, signalFrames } from '../fixtures/fixtures.ts';
import { root } from '../tools.ts';
import { aulos, start } from './aulos.ts';
import { bytesSent, filesIn, scene } from './scene.ts';

/** Lossless is bit by bit; the lossy decoders are held to the bars of the design. */
const atLeastDb: Readonly<Record<string, number>> = { flac: Infinity, wav: Infinity, mp3: 90, aac: 110, m4a: 110, ogg: 110 };

const formatOf = ({ name }: Fixture) => name.split('.')[1];

/**
 * Presented frames. ffmpeg does not cut M4A at its end; the fragmented file has no edit list, so that its priming is presented too.
 */
function framesOf(fixture: Fixture): number {
  if (formatOf(fixture) !== 'm4a') return fixture.frames;
  return signalFrames[fixture.sampleRate] + (fixture.name === 'fragmented.m4a' ? 1024 : 0);
}

/** Interleaved 32-bit floats as one plane per channel. */
function planesOf(bytes: Buffer, channels: number): Float32Array[] {
  const samples = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: samples.length / channels }, (_, i) => samples[i * channels + c]),
  );
}

describe.each(fixtures().map((fixture) => ({ ...fixture, fixture })))('aulos decode $name', ({ name, fixture }) => {
  it('writes what the reference decoder does, and again without the network', async () => {
    const { origin, cacheDir } = await scene();
    const args = ['decode', `${origin.url}/fixtures/${name}`, '-o', '-', '--format', 'f32le', '--cache-dir', cacheDir];
    const { code, stdout, stderr } = await aulos(args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^0:0\d decoded to -\n$/) });
    const planes = planesOf(stdout, fixture.channels);
    expect(planes[0].length).toBe(framesOf(fixture));
    expect(psnr(planes, expectedPlanes(fixture))).toBeGreaterThanOrEqual(atLeastDb[formatOf(fixture)]);
    expect(bytesSent(origin)).toBe(fixture.bytes);

    await origin.close();
    const cached = await aulos(args);
    expect(cached.code).toBe(0);
    expect(Buffer.compare(cached.stdout, stdout)).toBe(0);
  });
});

/** Where a position in time is one in samples for sure, seeking is exact. */
const exact = ['cbr.mp3', 'stereo.flac', 'mono-48k.flac', 'stereo.wav', 'moov-first.m4a', 'moov-last.m4a'];
const excerpts: readonly { file: string; from: string; to?: string; seconds: readonly [number, number?] }[] = [
  ...exact.map((file) => ({ file, from: '1.5', to: '2.25', seconds: [1.5, 2.25] as const })),
  { file: 'moov-last.m4a', from: '0', to: '0:00.1', seconds: [0, 0.1] },
  { file: 'cbr.mp3', from: '0:04', seconds: [4] },
  { file: 'stereo.flac', from: '5.9', to: '60', seconds: [5.9] },
];
const byName = new Map(fixtures().map((fixture) => [fixture.name, fixture]));

describe.runIf(byName.size > 0)('aulos decode --start --end', () => {
  it.each(excerpts)('writes the very samples of $file from $from to $to', async ({ file, from, to, seconds: [first, last] }) => {
    const { origin, cacheDir } = await scene();
    const fixture = byName.get(file)!;
    const span = ['--start', from, ...(to ? ['--end', to] : [])];
    const args = ['decode', `${origin.url}/fixtures/${file}`, '-o', '-', '--format', 'f32le', ...span, '--cache-dir', cacheDir];
    const { code, stdout } = await aulos(args);
    expect(code).toBe(0);
    const [start, end] = [first * fixture.sampleRate, last === undefined ? framesOf(fixture) : last * fixture.sampleRate];
    const expected = expectedPlanes(fixture).map((plane) => plane.subarray(start, end));
    const planes = planesOf(stdout, fixture.channels);
    expect(planes[0].length).toBe(expected[0].length);
    expect(psnr(planes, expected)).toBeGreaterThanOrEqual(atLeastDb[formatOf(fixture)]);
  });
});

describe('aulos decode', () => {
  it.runIf(byName.size > 0)('writes 16 bits, 24 bits and floats to pipes', async () => {
    const { origin, cacheDir } = await scene();
    const pcm = Buffer.from(fixtureBytes('stereo.wav').subarray(44));
    const decode = async (format: string) => {
      const args = ['decode', `${origin.url}/fixtures/stereo.flac`, '-o', '-', '--format', format, '--cache-dir', cacheDir];
      return (await aulos(args)).stdout;
    };
    expect(Buffer.compare(await decode('s16le'), pcm)).toBe(0);
    const wide = await decode('s24le');
    expect(wide.length).toBe((pcm.length / 2) * 3);
    const mismatch = Array.from({ length: pcm.length / 2 }, (_, i) => wide.readIntLE(i * 3, 3) - pcm.readInt16LE(i * 2) * 256).find(
      Boolean,
    );
    expect(mismatch).toBeUndefined();
    const floats = await decode('f32le');
    const expected = await readFile(path.join(fixtureFolder, 'stereo.flac.f32'));
    expect(Buffer.compare(floats, expected)).toBe(0);
  });

  it.runIf(byName.size > 0)('writes a WAV of the true size, to a file and to a pipe alike', async () => {
    const { origin, folder, cacheDir } = await scene();
    const url = `${origin.url}/fixtures/stereo.flac`;
    const file = path.join(folder, 'out.wav');
    const { code, stdout } = await aulos(['decode', url, '-o', file, '--cache-dir', cacheDir, '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toEqual({ url, output: file, frames: 264_600, seconds: 6 });
    const written = await readFile(file);
    const source = Buffer.from(fixtureBytes('stereo.wav'));
    expect(written.readUInt32LE(100)).toBe(source.length - 44);
    expect(Buffer.compare(written.subarray(104), source.subarray(44))).toBe(0);
    expect((await filesIn(folder)).filter((name) => !name.startsWith('cache'))).toEqual(['out.wav']);

    const piped = await aulos(['decode', url, '-o', '-', '--cache-dir', cacheDir]);
    expect(Buffer.compare(piped.stdout, written)).toBe(0);
  });

  it.each(['reed.mp3', 'salt.aac', 'harbour.m4a', 'late-ferry.m4a', 'lanterns.m4a', 'kithara.flac', 'small-hours.wav'])(
    'writes the first PCM of %s before a fifth of it was sent',
    async (name) => {
      const { origin, cacheDir } = await scene();
      origin.rate = 100_000;
      const run = start(['decode', `${origin.url}/demo/${name}`, '-o', '-', '--format', 's16le', '--cache-dir', cacheDir]);
      await run.firstOutput;
      const sent = bytesSent(origin);
      const { size } = await stat(path.join(root, 'demo/media', name));
      console.log(`${name}: first PCM after ${((100 * sent) / size).toFixed(1)} % (${sent} of ${size} bytes)`);
      expect(sent / size).toBeLessThan(0.2);
    },
  );

  it('fetches little more than an excerpt needs', async () => {
    const { origin, cacheDir } = await scene();
    const args = ['--start', '0:30', '--end', '0:31', '--format', 's16le', '--cache-dir', cacheDir];
    const { code, stdout } = await aulos(['decode', `${origin.url}/demo/late-ferry.m4a`, '-o', '-', ...args]);
    expect({ code, bytes: stdout.length }).toEqual({ code: 0, bytes: 44_100 * 4 });
    expect(bytesSent(origin)).toBeLessThan(300_000);
  });

  it('leaves no half-written file when it is interrupted, and keeps what arrived', async () => {
    const { origin, folder, cacheDir } = await scene();
    origin.rate = 200_000;
    const output = path.join(folder, 'out.wav');
    const run = start(['decode', `${origin.url}/demo/reed.mp3`, '-o', output, '--cache-dir', cacheDir, '--json']);
    await run.until((stderr) => /"bytes":[1-9]\d{5}/.test(stderr));
    run.process.kill('SIGTERM');
    expect((await run.exited).code).toBe(143);
    const files = await filesIn(folder);
    expect(files.filter((name) => name.includes('out.wav'))).toEqual([]);
    expect(files.some((name) => /data\.1$/.test(name))).toBe(true);
  });
});
