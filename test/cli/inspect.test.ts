import { execFileSync } from 'node:child_process';
import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { ffmpeg } from '../fakes/ffmpeg-audio.ts';
import { fixtureBytes, fixtureFolder, fixtures, signalFrames } from '../fixtures/fixtures.ts';
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
    expect(lines).toContainEqual(expect.stringMatching(/^container +flac$/));
    expect(lines).toContainEqual(expect.stringMatching(/^size +1.23 MB$/));
    expect(lines).toContainEqual(expect.stringMatching(/^duration +0:26$/));
    expect(lines).toContainEqual(expect.stringMatching(/^held +\d+\.\d kB: 0–\d+$/));
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

  it.each(fixtures())('prints the packets of $name as ffprobe finds them', async ({ name, sampleRate }) => {
    const file = path.join(fixtureFolder, name);
    const { code, stdout, stderr } = await aulos(['inspect', file, '--packets', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(stderr)).toMatchObject({ container: expect.any(String) });
    const packets: PacketLine[] = stdout
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const probed = probePackets(file);
    if (name.endsWith('.wav')) {
      expect(sum(packets.map(({ size }) => size))).toBe(sum(probed.map(({ size }) => size)));
      return;
    }
    // ffprobe counts the header of a frame of ADTS.
    const header = name.endsWith('.aac') ? 7 : 0;
    expect(packets.map(({ size }) => size + header)).toEqual(probed.map(({ size }) => size));
    if (!/ogg/.test(name)) expect(packets.map(({ offset }) => offset - header)).toEqual(probed.map(({ offset }) => offset));
    // Where the block size changes, ffprobe puts a packet of Vorbis elsewhere within its overlap.
    const tolerance = name === 'vorbis.ogg' ? 1_024 / sampleRate : 2e-5;
    // Times of both begin elsewhere, and the first packet of Vorbis only primes the decoder.
    const late = packets.filter(
      ({ seconds }, i) => i > 0 && Math.abs(seconds - packets[1].seconds - (probed[i].seconds - probed[1].seconds)) > tolerance,
    );
    expect(late).toEqual([]);
    expect(sum(packets.map(({ duration }) => duration)) / sampleRate).toBeGreaterThanOrEqual(signalFrames[sampleRate] / sampleRate);
  });

  it('tells how a file is built, its loudness, chapters and pictures, and saves its cover', async () => {
    const { folder } = await scene();
    const cover = ffmpeg(['-f', 'lavfi', '-i', 'testsrc=s=96x64:d=0.04', '-frames:v', '1', '-f', 'mjpeg']);
    const [jpeg, text, file, saved] = ['cover.jpg', 'chapters.txt', 'made.m4a', 'saved.jpg'].map((name) => path.join(folder, name));
    await writeFile(jpeg, cover);
    await writeFile(text, ';FFMETADATA1\ntitle=Two\\\nlines\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\ntitle=Prélude\n');
    const inputs = ['-f', 'lavfi', '-i', 'sine=d=1', '-f', 'ffmetadata', '-i', text, '-i', jpeg];
    const mapping = [
      '-map',
      '0',
      '-map',
      '2',
      '-map_metadata',
      '1',
      '-map_chapters',
      '1',
      '-c:v',
      'copy',
      '-disposition:v',
      'attached_pic',
    ];
    execFileSync('ffmpeg', ['-v', 'error', '-y', ...inputs, ...mapping, file]);
    const json = JSON.parse((await aulos(['inspect', file, '--json', '--picture', saved])).stdout.toString());
    expect(json.parts.map(({ name }: { name: string }) => name)).toEqual(['ftyp', 'free', 'mdat', 'moov']);
    expect(json.seeksBy).toMatch(/^a table of \d+ samples$/);
    expect(json.chapters).toMatchObject([{ title: 'Prélude', start: 0 }]);
    expect(json.pictures).toEqual([{ type: 'front cover', mediaType: 'image/jpeg', description: '', bytes: cover.length }]);
    expect(new Uint8Array(await readFile(saved))).toEqual(cover);
    const lines = (await aulos(['inspect', file])).stdout.toString().split('\n');
    expect(lines).toContainEqual(expect.stringMatching(/^chapter +0:00 Prélude$/));
    expect(lines).toContainEqual(expect.stringMatching(/^title +Two lines$/));
  });

  it('lists what is joined in a chain, with its titles', async () => {
    const { folder } = await scene();
    const chain = path.join(folder, 'chain.ogg');
    await writeFile(chain, Buffer.concat([fixtureBytes('vorbis.ogg'), fixtureBytes('in-ogg.flac')]));
    const lines = (await aulos(['inspect', chain])).stdout.toString().split('\n');
    expect(lines).toContainEqual(expect.stringMatching(/^frames +529200$/));
    expect(lines.filter((line) => line.startsWith('link'))).toEqual([
      expect.stringMatching(/^link +0:00 Reed – Aulos$/),
      expect.stringMatching(/^link +0:06 Reed – Aulos$/),
    ]);
  });

  it('has no cover to save where there is none', async () => {
    const { code, stderr } = await aulos(['inspect', path.join(fixtureFolder, 'stereo.wav'), '--picture', '/nowhere/x']);
    expect(code).toBe(2);
    expect(stderr).toContain('no picture');
  });
});

interface PacketLine {
  readonly offset: number;
  readonly size: number;
  readonly seconds: number;
  readonly duration: number;
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function probePackets(file: string): { offset: number; size: number; seconds: number }[] {
  const args = ['-v', 'error', '-select_streams', 'a:0', '-show_entries', 'packet=pos,size,pts_time', '-of', 'json', file];
  const { packets } = JSON.parse(execFileSync('ffprobe', args, { encoding: 'utf8', maxBuffer: 1 << 26 }));
  return packets.map(({ pos, size, pts_time }: Record<string, string>) => ({
    offset: Number(pos),
    size: Number(size),
    seconds: Number(pts_time),
  }));
}
