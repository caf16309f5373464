import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { oggDemuxer } from '../../src/demux/ogg.ts';
import { opusPacketFrames } from '../../src/demux/opus-packet.ts';
import type { Packet } from '../../src/media.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
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

/** A packet, its bytes as their hash. */
const factsOf = ({ data, ...facts }: Packet) => ({ ...facts, data: md5(data) });

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) => new Uint8Array(buffer, byteOffset, byteLength);

/** All planes of what is decoded from `start` seconds on. */
async function sound(bytes: Uint8Array, start = 0): Promise<Float32Array[]> {
  const demuxer = oggDemuxer(new MemorySource(bytes));
  const info = await demuxer.info(never);
  const decoder = await createDecoder(info.config);
  const blocks: (readonly Float32Array[])[] = [];
  for await (const { planes } of decodeBlocks(demuxer, decoder, info, frameSpan(info, start), never)) blocks.push(planes);
  decoder.close();
  return [0, 1].map((c) => Float32Array.from(blocks.flatMap((planes) => [...planes[c]])));
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

  it.each(['libopus', 'libvorbis', 'flac'])('plays a chain of %s as one sound, and seeks in all of it', async (codec) => {
    const links = [encode(codec, 2), encode(codec, 3), encode(codec, 1)];
    const chain = new Uint8Array(Buffer.concat(links));
    const demuxer = oggDemuxer(new MemorySource(chain));
    const info = await demuxer.info(never);
    expect(info).toMatchObject({ frames: 288_000, durationIsExact: true });
    expect(info.links?.map(({ start, tags }) => [start, tags.title])).toEqual([
      [0, 'Reed'],
      [2, 'Reed'],
      [5, 'Reed'],
    ]);
    const alone = await Promise.all(links.map((link) => packetsOf(oggDemuxer(new MemorySource(link)))));
    const straight = await packetsOf(demuxer);
    expect(straight.map(({ data }) => md5(data))).toEqual(alone.flat().map(({ data }) => md5(data)));
    expect(straight.filter(({ config }) => config)).toHaveLength(2);
    const unlimited = await packetsOf(oggDemuxer(new MemorySource(chain, { unknownLength: true })));
    expect(unlimited.map(factsOf)).toEqual(straight.map(factsOf));
    for (const seconds of [1, 2.0001, 4.9, 5.5]) {
      const point = await demuxer.seek(seconds, never);
      const packets = await packetsOf(demuxer, point);
      const index = straight.findIndex(({ offset }) => offset === packets[0].offset);
      expect(packets.map(({ offset, timestamp }) => [offset, timestamp])).toEqual(
        straight.slice(index).map(({ offset, timestamp }) => [offset, timestamp]),
      );
      expect(packets[0].timestamp).toBeLessThanOrEqual(point.target);
    }
  });

  it.each(['libopus', 'flac'])('plays a file of %s that is joined to itself, whose links have one serial number', async (codec) => {
    const [song, other] = [encode(codec, 12), encode(codec, 2)];
    const single = await packetsOf(oggDemuxer(new MemorySource(song)));
    for (const links of [
      [song, song],
      [song, song, song],
      [song, other, song],
    ]) {
      const demuxer = oggDemuxer(new MemorySource(Buffer.concat(links)));
      const seconds = links.reduce((sum, link) => sum + (link === song ? 12 : 2), 0);
      expect(await demuxer.info(never)).toMatchObject({ frames: seconds * 48_000, durationIsExact: true });
      const packets = await packetsOf(demuxer, await demuxer.seek(seconds - 9, never));
      expect(packets.slice(-50).map(({ data }) => md5(data))).toEqual(single.slice(-50).map(({ data }) => md5(data)));
    }
  });

  it('knows where sound ends that fades out, and needs no more than its head and its end', async () => {
    const fading = ffmpeg([...ffmpegSignal(48_000, 'stereo', 2, 20), '-af', 'afade=out:st=10:d=3', '-c:a', 'libopus', '-f', 'ogg']);
    const source = new MemorySource(fading);
    expect(await oggDemuxer(source).info(never)).toMatchObject({ frames: 960_000 });
    expect(placesOf(source.reads)).toBeLessThanOrEqual(2);
  });

  it.each(['libopus', 'libvorbis', 'flac'])('decodes a chain of %s to what its links decode to, one behind the other', async (codec) => {
    const links = [encode(codec, 1), encode(codec, 2)];
    const chain = new Uint8Array(Buffer.concat(links));
    const [whole, ...parts] = await Promise.all([chain, ...links].map((bytes) => sound(bytes)));
    expect(whole.map((plane) => plane.length)).toEqual([144_000, 144_000]);
    expect(whole.map((plane) => md5(bytesOf(plane)))).toEqual([0, 1].map((c) => md5(...parts.map((planes) => bytesOf(planes[c])))));
    expect((await sound(chain, 2)).map((plane) => plane.length)).toEqual([48_000, 48_000]);
  });

  it('says so where a chain goes on at another sample rate', async () => {
    const other = ffmpeg([...ffmpegSignal(44_100, 'stereo', 2, 1), '-c:a', 'flac', '-f', 'ogg']);
    const first = encode('flac', 1);
    const chain = new Uint8Array(Buffer.concat([first, other]));
    expect(await oggDemuxer(new MemorySource(chain)).info(never)).toMatchObject({ frames: 48_000, durationIsExact: true });
    let end = 0;
    const play = async () => {
      for await (const { timestamp, duration } of oggDemuxer(new MemorySource(chain)).packets(never)) end = timestamp + duration;
    };
    await expect(play()).rejects.toMatchObject({ code: 'media.unsupported', details: { offset: first.length } });
    expect(end).toBe(48_000);
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
