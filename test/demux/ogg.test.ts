import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { oggDemuxer } from '../../src/demux/ogg.ts';
import { opusPacketFrames } from '../../src/demux/opus-packet.ts';
import { demuxerContract } from '../contracts/demuxer.ts';
import { md5, never, packetsOf } from '../fakes/demuxed.ts';
import { ffmpeg, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { corpus, requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg');
const files = corpus();

const encode = (codec: string, seconds: number, options: readonly string[] = []) =>
  ffmpeg([...ffmpegSignal(48_000, 'stereo', 2, seconds), '-c:a', codec, ...options, '-metadata', 'title=Reed', '-f', 'ogg']);

/** How many stretches of the file the reads cover; bytes that are held are not asked for again. */
function placesOf(reads: readonly ByteRange[]): number {
  let places = 0;
  let covered = -1;
  for (const { start, end } of [...reads].sort((a, b) => a.start - b.start)) {
    if (start > covered) places++;
    covered = Math.max(covered, end);
  }
  return places;
}

if (hasFfmpeg) {
  for (const codec of ['libopus', 'libvorbis', 'flac']) {
    const bytes = encode(codec, 5);
    demuxerContract(oggDemuxer, { name: `${codec} in Ogg`, bytes, sampleRate: 48_000, channels: 2, frames: 240_000 });
  }
}

describe.runIf(hasFfmpeg)('Ogg', () => {
  it('tells tags, pre-skip and what is cut off at the end', async () => {
    const demuxer = oggDemuxer(new MemorySource(encode('libopus', 5)));
    const info = await demuxer.info(never);
    expect(info).toMatchObject({ container: 'ogg', encoderDelay: 312, frames: 240_000, tags: { title: 'Reed' } });
    const last = (await packetsOf(demuxer)).at(-1)!;
    expect(last.timestamp + last.duration).toBe(info.encoderDelay + 240_000 + info.padding);
  });

  it('lays the three Vorbis headers into the description as Xiph lacing', async () => {
    const { config } = await oggDemuxer(new MemorySource(encode('libvorbis', 1))).info(never);
    expect(config.description[0]).toBe(2);
    expect(config.description[1]).toBe(30);
    expect(String.fromCharCode(...config.description.subarray(2, 12))).toContain('vorbis');
  });

  it.each([
    ['libopus', 3_840],
    ['libvorbis', 2_048],
    ['flac', 0],
  ])('seeks %s to a packet that begins before the target, in at most five places of the file', async (codec, preroll) => {
    const bytes = encode(codec, 60);
    const source = new MemorySource(bytes);
    const demuxer = oggDemuxer(source);
    const { encoderDelay } = await demuxer.info(never);
    const straight = await packetsOf(demuxer);
    for (const seconds of [3, 17.7, 31.234, 59.9]) {
      const before = source.reads.length;
      const point = await demuxer.seek(seconds, never);
      expect(placesOf(source.reads.slice(before))).toBeLessThanOrEqual(5);
      expect(point).toMatchObject({ exact: true, target: encoderDelay + Math.round(seconds * 48_000) });
      const index = straight.findIndex(({ timestamp }) => timestamp === point.timestamp);
      const { timestamp, duration } = straight[index];
      expect(timestamp + preroll).toBeLessThanOrEqual(point.target);
      expect(timestamp + duration + preroll).toBeGreaterThan(point.target);
      expect((await packetsOf(demuxer, point)).map(({ offset }) => offset)).toEqual(straight.slice(index).map(({ offset }) => offset));
    }
  });

  it('goes on behind damage at the right time', async () => {
    const bytes = encode('libopus', 10);
    const straight = await packetsOf(oggDemuxer(new MemorySource(bytes)));
    const damaged = bytes.slice();
    damaged[bytes.length >> 1] ^= 0xff;
    const packets = await packetsOf(oggDemuxer(new MemorySource(damaged)));
    expect(packets.length).toBeLessThan(straight.length);
    expect(packets.length).toBeGreaterThan(straight.length / 2);
    const times = new Map(straight.map(({ timestamp, data }) => [timestamp, md5(data)]));
    expect(packets.filter(({ timestamp, data }) => times.get(timestamp) !== md5(data))).toEqual([]);
  });

  it('plays a chain to the end of its first link', async () => {
    const link = encode('libopus', 2);
    const chain = new Uint8Array([...link, ...encode('libopus', 30)]);
    const [one, both] = [oggDemuxer(new MemorySource(link)), oggDemuxer(new MemorySource(chain))];
    expect((await both.info(never)).frames).toBe(96_000);
    expect((await packetsOf(both)).map(({ offset }) => offset)).toEqual((await packetsOf(one)).map(({ offset }) => offset));
  });

  it('ends in sound or a typed error wherever it is cut', async () => {
    const bytes = encode('libopus', 1);
    const outcomes = new Set<string>();
    for (let length = 1; length < bytes.length; length += 61) {
      const ended = packetsOf(oggDemuxer(new MemorySource(bytes.subarray(0, length)))).then(
        (packets) => (packets.length > 0 ? 'sound' : 'nothing'),
        (error: { code?: string }) => `${error.code}`,
      );
      outcomes.add(await ended);
    }
    expect([...outcomes].filter((outcome) => outcome !== 'sound' && !outcome.startsWith('media.'))).toEqual([]);
  });

  it('refuses a stream of another codec', async () => {
    const bytes = ffmpeg([...ffmpegSignal(16_000, 'mono', 1, 1), '-c:a', 'libspeex', '-f', 'ogg']);
    await expect(oggDemuxer(new MemorySource(bytes)).info(never)).rejects.toMatchObject({ code: 'media.unsupported' });
  });
});

describe.runIf(files)('Ogg files of others', () => {
  /** Packets that a decoder must do without, and one that has no end. */
  const differing = ['ogg/firefox-chain.ogg', 'ogg/firefox-variable-samplerate.opus', 'ogg/mediabunny-vorbis-eos.ogg'];
  const all = files?.files.filter(({ file }) => file.startsWith('ogg/') && !differing.includes(file)) ?? [];

  it.each(all.map(({ file, expected }) => [file, expected] as const))('%s has the packets that ffprobe finds', async (file, expected) => {
    const packets = await packetsOf(oggDemuxer(new MemorySource(readFileSync(path.join(files!.folder, file)))));
    const sizes = packets.map(({ data }) => data.length).join(',');
    expect(md5(new TextEncoder().encode(sizes))).toBe(expected.packetSizesMd5);
  });
});

describe('opusPacketFrames', () => {
  it.each<[string, number[], number]>([
    ['SILK of 10 ms', [0x00], 480],
    ['SILK of 60 ms', [0x18], 2_880],
    ['hybrid of 20 ms', [0x68], 960],
    ['CELT of 2.5 ms', [0x80], 120],
    ['two of 20 ms', [0xf9], 1_920],
    ['three of 20 ms', [0xfb, 3], 2_880],
    ['more than 120 ms', [0xfb, 7], 0],
    ['any number, not said', [0xfb], 0],
    ['nothing', [], 0],
  ])('of %s', (_, bytes, frames) => {
    expect(opusPacketFrames(Uint8Array.from(bytes))).toBe(frames);
  });
});
