import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AacDecoder } from '../../src/decode/aac/decoder.ts';
import { adtsDemuxer } from '../../src/demux/adts.ts';
import { isAulosError } from '../../src/errors.ts';
import type { MediaInfo, SeekPoint } from '../../src/media.ts';
import { ffmpeg, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { corpus, requireTool } from '../tools.ts';

const signal = new AbortController().signal;
const media = corpus();

const open = (bytes: Uint8Array, options: MemorySourceOptions = {}) => adtsDemuxer(new MemorySource(bytes, options));

interface Read {
  readonly info: MediaInfo;
  readonly packets: readonly Uint8Array[];
}

async function read(bytes: Uint8Array, options: MemorySourceOptions = {}): Promise<Read> {
  const demuxer = open(bytes, options);
  const packets: Uint8Array[] = [];
  for await (const { data } of demuxer.packets(signal)) packets.push(data);
  return { info: await demuxer.info(signal), packets };
}

/** Frames of a clean file. */
function framesOf(adts: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at < adts.length; at += frames.at(-1)!.length) {
    const size = ((adts[at + 3] & 3) << 11) | (adts[at + 4] << 3) | (adts[at + 5] >> 5);
    frames.push(adts.subarray(at, at + size));
  }
  return frames;
}

const join = (...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

describe.runIf(media)('ADTS of the corpus', () => {
  const files = media?.files.filter(({ file }) => file.startsWith('aac/')) ?? [];

  it.each(files.map(({ file, expected }) => [file, expected] as const))(
    '%s has the packets that other tools see',
    async (file, expected) => {
      const { info, packets } = await read(new Uint8Array(readFileSync(path.join(media!.folder, file))));
      expect(info.config).toMatchObject({ sampleRate: expected.sampleRate, channels: expected.channels });
      expect(packets.length * 1024).toBe(expected.framesUntrimmed);
      const sizes = (expected.firstPacketSizes as number[]).map((size) => size - 7);
      expect(packets.slice(0, sizes.length).map(({ length }) => length)).toEqual(sizes);
      expect(info.degraded).toBeUndefined();
    },
  );

  it('tells when nothing in a file is a frame', async () => {
    const bytes = new Uint8Array(readFileSync(path.join(media!.folder, 'bad/musicmeta-adts-sf-escape.aac')));
    await expect(open(bytes).info(signal)).rejects.toMatchObject({ code: 'media.malformed' });
  });

  it.runIf(requireTool('ffmpeg')).each([
    ['fmp4/kithara-he-aac-v1-fmp4.mp4', 'mp4a.40.5'],
    ['fmp4/kithara-he-aac-v2-fmp4.mp4', 'mp4a.40.29'],
  ])('tells that %s is HE-AAC, which its headers do not', async (file, codecString) => {
    const { info, packets } = await read(ffmpeg(['-i', path.join(media!.folder, file), '-c', 'copy', '-f', 'adts']));
    expect(info).toMatchObject({ config: { codecString, sampleRate: 44_100, channels: 2 }, frames: 45_056 });
    expect(info.degraded).toBeUndefined();
    expect(packets).toHaveLength(22);
  });
});

describe.runIf(requireTool('ffmpeg'))('ADTS', () => {
  const encode = (rate: number, layout: string, channels: number, seconds: number, bitRate: string): Uint8Array =>
    ffmpeg([...ffmpegSignal(rate, layout, channels, seconds), ...`-c:a aac -b:a ${bitRate} -f adts`.split(' ')]);
  const stereo = encode(44_100, 'stereo', 2, 12, '96k');
  const frames = framesOf(stereo);
  const bodies = frames.map((frame) => frame.subarray(7));

  it('gives each packet as soon as its last byte is there', async () => {
    const last = 150;
    const failAt = frames.slice(0, last + 1).reduce((sum, { length }) => sum + length, 0);
    let given = 0;
    const reading = (async () => {
      for await (const _ of open(stereo, { failAt }).packets(signal)) given++;
    })();
    await expect(reading).rejects.toMatchObject({ code: 'net.reset' });
    expect(given).toBe(last + 1);
  });

  it('finds the next frame after damage', async () => {
    const damaged = join(...frames.slice(0, 100), Array(5000).fill(0xff), frames[101].subarray(9), ...frames.slice(102));
    expect((await read(damaged)).packets).toEqual([...bodies.slice(0, 100), ...bodies.slice(102)]);
  });

  it('skips ID3 tags between frames, as in joined HLS segments', async () => {
    const tag = [...[0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 0, 20], ...Array(20).fill(0xff)];
    const joined = join(tag, frames[0], tag, ...frames.slice(1, 90), tag, ...frames.slice(90));
    expect((await read(joined)).packets).toEqual(bodies);
  });

  it('takes the checksum for part of the header', async () => {
    const checked = frames.map((frame) => {
      const size = frame.length + 2;
      const header = [
        0xff,
        frame[1] & 0xfe,
        frame[2],
        (frame[3] & 0xfc) | (size >> 11),
        (size >> 3) & 255,
        ((size & 7) << 5) | (frame[5] & 31),
      ];
      return join(header, [frame[6], 0x12, 0x34], frame.subarray(7));
    });
    expect((await read(join(...checked))).packets).toEqual(bodies);
  });

  it('leaves the last frame out if it is cut off', async () => {
    expect((await read(stereo.subarray(0, stereo.length - 1))).packets).toEqual(bodies.slice(0, -1));
  });

  it.each<[string, (frame: Uint8Array) => void, string]>([
    ['several blocks in a frame', (frame) => (frame[6] |= 1), 'media.unsupported'],
    ['AAC Main', (frame) => (frame[2] &= 0x3f), 'media.unsupported'],
    ['AAC LTP', (frame) => (frame[2] |= 0xc0), 'media.unsupported'],
    ['a missing channel configuration', (frame) => (frame[3] &= 0x3f), 'media.unsupported'],
    ['a reserved sampling frequency', (frame) => (frame[2] |= 0x3c), 'media.malformed'],
  ])('refuses %s', async (_, change, code) => {
    const changed = frames.map((frame) => frame.slice());
    for (const frame of changed) change(frame);
    await expect(open(join(...changed)).info(signal)).rejects.toMatchObject({ code });
  });

  it('ends with a whole packet or a typed error, wherever the file is cut off', async () => {
    const quad = encode(8000, 'quad', 4, 0.5, '32k');
    const decoder = new AacDecoder((await open(quad).info(signal)).config);
    const short = join(...framesOf(quad).slice(0, 4));
    for (let length = 0; length < short.length; length++) {
      try {
        const { packets } = await read(short.subarray(0, length));
        for (const packet of packets) expect(decoder.decode(packet).channels).toBe(4);
      } catch (error) {
        expect(isAulosError(error), `${length} bytes: ${error}`).toBe(true);
      }
    }
  });

  it('estimates the duration within 3 %, and knows it for a file that it has seen the end of', async () => {
    const info = await open(stereo).info(signal);
    expect(info).toMatchObject({ durationIsExact: false, frames: undefined });
    expect(Math.abs(info.duration! / ((frames.length * 1024) / 44_100) - 1)).toBeLessThan(0.03);
    const short = await read(join(...frames.slice(0, 20)));
    expect(short.info).toMatchObject({ durationIsExact: true, frames: 20 * 1024, duration: (20 * 1024) / 44_100 });
  });

  /** Seconds by which the point's timestamp is off. */
  const errorOf = ({ offset, timestamp }: SeekPoint, all = frames): number => {
    let at = 0;
    const packet = all.findIndex(({ length }) => (at += length) > offset);
    return Math.abs(timestamp - packet * 1024) / 44_100;
  };

  it('seeks far with one small read, and says by how much it may be off', async () => {
    const long = [...frames, ...frames, ...frames];
    const source = new MemorySource(join(...long));
    const demuxer = adtsDemuxer(source);
    await demuxer.info(signal);
    const before = { reads: source.reads.length, bytes: source.bytesRead };
    const point = await demuxer.seek(27, signal);
    expect(point.exact).toBe(false);
    expect(errorOf(point, long)).toBeLessThanOrEqual(point.errorBound);
    expect(point.errorBound).toBeLessThan(3);
    expect(source.reads.slice(before.reads).filter(({ start, end }) => end > start).length).toBeLessThanOrEqual(2);
    expect(source.bytesRead - before.bytes).toBeLessThanOrEqual(131_072);
  });

  it('seeks exactly where it has read, one packet early for the overlap', async () => {
    const demuxer = open(stereo);
    for await (const { timestamp } of demuxer.packets(signal)) if (timestamp > 10 * 44_100) break;
    const point = await demuxer.seek(9, signal);
    expect(point).toMatchObject({ exact: true, errorBound: 0, target: 9 * 44_100 });
    expect(errorOf(point)).toBe(0);
    expect(Math.floor(point.target / 1024)).toBe(point.timestamp / 1024 + 1);
  });
});
