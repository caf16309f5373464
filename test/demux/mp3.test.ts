import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { Mp3Decoder } from '../../src/decode/mp3/decoder.ts';
import type { Demuxer } from '../../src/demux/demuxer.ts';
import { mp3Demuxer } from '../../src/demux/mp3.ts';
import { isAulosError } from '../../src/errors.ts';
import type { Packet, SeekPoint } from '../../src/media.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { corpus, requireTool } from '../tools.ts';

const signal = new AbortController().signal;
const open = (bytes: Uint8Array, options?: MemorySourceOptions): Demuxer => mp3Demuxer(new MemorySource(bytes, options));

async function packetsOf(demuxer: Demuxer, from?: SeekPoint): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const packet of demuxer.packets(signal, from)) packets.push(packet);
  return packets;
}

const endOf = (packets: readonly Packet[]): number => packets.reduce((_, { timestamp, duration }) => timestamp + duration, 0);

/** The first channel of packets that follow each other; refused packets are silence. */
function decode(packets: readonly Packet[]): Float32Array {
  const decoder = new Mp3Decoder();
  const pcm = new Float32Array(packets.reduce((sum, { duration }) => sum + duration, 0));
  let at = 0;
  for (const { data, duration } of packets) {
    pcm.set(decoder.decode(data).planes[0].subarray(0, duration), at);
    at += duration;
  }
  return pcm;
}

const media = corpus();
const read = (file: string): Uint8Array => readFileSync(path.join(media!.folder, file));

interface Expected {
  readonly outcome: string;
  readonly alsoAccept?: readonly string[];
  readonly frames?: number;
  readonly framesTolerance?: number;
  readonly framesAlso?: readonly number[];
  readonly framesMin?: number;
  readonly framesMax?: number;
  readonly packets?: number;
  readonly packetSizesMd5?: string;
  readonly sampleRate?: number;
  readonly channels?: number;
}

/** Files where ffmpeg, whose packets the manifest has, gives something else than audio frames, and what that is. */
const OTHER_PACKETS: Readonly<Record<string, string>> = {
  'mp3/androidx-bear-cbr-no-seek-table-trailing-garbage.mp3': 'the last packet has the garbage in it',
  'mp3/androidx-test-cbr-info-header-trailing-garbage.mp3': 'the last packet is garbage',
  'mp3/androidx-bear-id3.mp3': 'packets of the picture are counted too',
  'mp3/androidx-bear-id3-numeric-genre.mp3': 'packets of the picture are counted too',
  'mp3/minimp3-l3-compl.mp3': 'the last packet is cut off',
  'mp3/minimp3-l3-sin1k0db.mp3': 'the last packet is cut off',
  'mp3/minimp3-l1-fl1.mp1': 'the first packet is dropped',
  'mp3/minimp3-l2-fl10.mp2': 'the first packet is dropped',
};

/** Frames of sound in files that the manifest's tools cannot read. */
const OTHER_FRAMES: Readonly<Record<string, number>> = { 'mp3/minimp3-l2-nonstandard-free_format.mp2': 49 * 1_152 };

describe('files of the corpus', () => {
  const files = media?.files.filter(({ file }) => /^(mp3|bad)\/.*\.mp[123]$/.test(file)) ?? [];
  const of = (outcome: string) => files.filter(({ expected }) => expected.outcome === outcome);

  it.each(of('decodes'))('give the frames that other players give: $file', async ({ file, ...entry }) => {
    const expected = entry.expected as Expected;
    const demuxer = open(read(file));
    const info = await demuxer.info(signal);
    const packets = await packetsOf(demuxer);
    const presented = endOf(packets) - info.encoderDelay - info.padding;
    const accepted = OTHER_FRAMES[file] ? [OTHER_FRAMES[file]] : [expected.frames!, ...(expected.framesAlso ?? [])];
    expect(Math.min(...accepted.map((frames) => Math.abs(frames - presented)))).toBeLessThanOrEqual(expected.framesTolerance ?? 0);
    if (info.durationIsExact) expect(info.frames).toBe(presented);
    expect(info.config).toMatchObject({ sampleRate: expected.sampleRate, channels: expected.channels });
    if (OTHER_PACKETS[file] || !expected.packetSizesMd5) return;
    expect(packets).toHaveLength(expected.packets!);
    const sizes = packets.map(({ data }) => data.length).join(',');
    expect(createHash('md5').update(sizes).digest('hex')).toBe(expected.packetSizesMd5);
  });

  it.each(of('recoverable'))('play on behind damage: $file', async ({ file, ...entry }) => {
    const { frames, framesTolerance, framesMin, framesMax } = entry.expected as Expected;
    const demuxer = open(read(file));
    const { encoderDelay, padding } = await demuxer.info(signal);
    const presented = endOf(await packetsOf(demuxer)) - encoderDelay - padding;
    // Tools differ on frames that are cut in two by the damage.
    expect(presented).toBeGreaterThanOrEqual(Math.min(framesMin ?? Infinity, frames! - framesTolerance!) - 1152);
    expect(presented).toBeLessThanOrEqual(Math.max(framesMax ?? 0, frames! + framesTolerance!) + 1152);
  });

  it.each(of('reject'))('are refused with a typed error and an offset: $file', async ({ file }) => {
    const error = await open(read(file))
      .info(signal)
      .catch((reason: unknown) => reason);
    expect(isAulosError(error)).toBe(true);
    expect(error).toMatchObject({ code: expect.stringMatching(/^media\./), details: { offset: expect.any(Number) } });
  });

  it.each(of('decodes').filter(({ file, size }) => size < 20_000 && !file.includes('garbage')))(
    'give the same packets however their bytes arrive: $file',
    async ({ file }) => {
      const bytes = read(file);
      const straight = open(bytes);
      const drop = open(bytes, { grain: 1 });
      expect(await drop.info(signal)).toEqual(await straight.info(signal));
      expect(await packetsOf(drop)).toEqual(await packetsOf(straight));
    },
  );

  it.runIf(media)('give typed errors or shorter streams when they are cut anywhere', async () => {
    const whole = read('mp3/musicmeta-notags.mp3');
    const all = await packetsOf(open(whole));
    for (let length = 0; length < whole.length; length += length < 100 ? 1 : 97) {
      const demuxer = open(whole.subarray(0, length));
      const packets = await packetsOf(demuxer).catch((error: unknown) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^media\.(malformed|truncated)$/) });
        return [];
      });
      expect(packets).toEqual(all.slice(0, packets.length));
    }
  });

  it.runIf(media)('reject with the fault of the source', async () => {
    const whole = read('mp3/musicmeta-notags.mp3');
    await expect(open(whole, { failAt: 100 }).info(signal)).rejects.toMatchObject({ code: 'net.reset' });
    await expect(packetsOf(open(whole, { failAt: 5_000 }))).rejects.toMatchObject({ code: 'net.reset' });
  });

  it.runIf(media)('give what their tag tells without reading further', async () => {
    const source = new MemorySource(read('mp3/rodio-music.mp3'), { grain: 1 });
    const info = await mp3Demuxer(source).info(signal);
    expect(info).toMatchObject({ frames: 447_720, encoderDelay: 576 + 529, padding: 984 - 529, durationIsExact: true });
    expect(source.reads.at(-1)!.end).toBeLessThan(4_096);
  });
});

const SECONDS = 30;

/** Half a minute of sweeps and noise whose loudness changes, so that a variable bit rate varies. */
function music(): Buffer {
  const frames = SECONDS * 44_100;
  const pcm = Buffer.alloc(frames * 4);
  let noise = 1;
  for (let i = 0; i < frames * 2; i++) {
    noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
    const t = (i >> 1) / 44_100;
    const loudness = 0.5 + 0.5 * Math.sin(t / 2);
    const value = 0.3 * Math.sin(2 * Math.PI * (300 + 8 * t) * t) + loudness * 0.2 * (noise / 2 ** 31 - 1);
    pcm.writeInt16LE(Math.round(32_000 * value), 2 * i);
  }
  return pcm;
}

/** Half a minute of silence in layer I at 384 kbit/s, whose frames are 104 or 105 slots of four bytes. */
function layer1(): Uint8Array {
  const frames = Math.ceil((SECONDS * 44_100) / 384);
  const slots = (frame: number) => Math.floor((frame * 12 * 384_000) / 44_100);
  const bytes = new Uint8Array(4 * slots(frames));
  for (let frame = 0; frame < frames; frame++) {
    const isPadded = slots(frame + 1) - slots(frame) > 104;
    bytes.set([0xff, 0xff, isPadded ? 0xc2 : 0xc0, 0x00], 4 * slots(frame));
  }
  return bytes;
}

it('seeking finds the frame in layer I, where padding is four bytes', async () => {
  const bytes = layer1();
  const startOf = new Map((await packetsOf(open(bytes))).map((packet) => [packet.offset, packet.timestamp]));
  const held = Object.assign(new MemorySource(bytes), { tryRead: async ({ start, end }: ByteRange) => bytes.subarray(start, end) });
  const config = { codec: 'mp3', codecString: 'mp1', sampleRate: 44_100, channels: 2 };
  expect(await mp3Demuxer(held).info(signal)).toMatchObject({ frames: startOf.size * 384, durationIsExact: true, config });
  for (let seconds = 0; seconds < SECONDS; seconds += 0.37) {
    const point = await open(bytes).seek(seconds, signal);
    expect(point.exact).toBe(true);
    expect(point.timestamp).toBe(startOf.get(point.offset));
    expect(point.timestamp).toBeLessThanOrEqual(Math.max(0, point.target - 2 * 384));
  }
});

describe.runIf(requireTool('lame') && requireTool('ffmpeg'))('seeking', () => {
  const pcm = music();
  const presented = SECONDS * 44_100;

  /** Encodes into a file, because lame goes back to write its tag. */
  function lame(options: string): Uint8Array {
    const folder = mkdtempSync(path.join(tmpdir(), 'aulos-mp3-'));
    try {
      const file = path.join(folder, 'music.mp3');
      execFileSync('lame', ['--quiet', '-r', '-s', '44.1', ...options.split(' '), '-', file], {
        input: pcm,
        stdio: ['pipe', 'ignore', 'ignore'],
      });
      return readFileSync(file);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  const mp2 = (bitRate: string): Uint8Array =>
    execFileSync('ffmpeg', ['-v', 'error', ...'-f s16le -ar 44100 -ac 2 -i - -c:a mp2 -f mp2 -b:a'.split(' '), bitRate, '-'], {
      input: pcm,
      maxBuffer: 1 << 24,
    });

  it.each<[string, () => Uint8Array, boolean]>([
    ['a constant rate with a tag', () => lame('-b 128'), true],
    ['a constant rate without a tag', () => lame('-b 128 -t'), true],
    ['a low constant rate, whose reservoir reaches far', () => lame('-b 32 -m m --resample 44.1 -t'), true],
    ['a variable rate with a table', () => lame('-V 4'), false],
    ['a variable rate without a tag', () => lame('-V 4 -t'), false],
    ['layer II', () => mp2('192k'), true],
  ])('finds the sound in %s', async (_, encode, isExact) => {
    const bytes = encode();
    const demuxer = open(bytes);
    const all = await packetsOf(demuxer);
    const straight = decode(all);
    const startOf = new Map(all.map((packet) => [packet.offset, packet.timestamp]));
    for (const seconds of [0, 0.01, 1, 10, 20, 29.9]) {
      const source = new MemorySource(bytes);
      const fresh = mp3Demuxer(source);
      const info = await fresh.info(signal);
      const head = source.bytesRead;
      const point = await fresh.seek(seconds, signal);
      expect(source.bytesRead - head).toBeLessThan(256 * 1024);
      expect(point.target).toBe(Math.round(Math.min(seconds, info.duration!) * 44_100) + info.encoderDelay);
      const truly = startOf.get(point.offset)!;
      expect(truly).toBeGreaterThanOrEqual(0);
      expect(point.exact).toBe(isExact || seconds <= 1); // so near the start frames are counted
      expect(Math.abs(point.timestamp - truly) / 44_100).toBeLessThanOrEqual(point.errorBound);
      const settled = point.target - point.timestamp;
      const late = decode((await packetsOf(fresh, point)).slice(0, 40));
      expect(late.subarray(settled)).toEqual(straight.subarray(truly + settled, truly + late.length));
    }
  });

  it('counts the frames of a constant rate without a tag where that costs no network', async () => {
    const bytes = lame('-b 128 -t');
    const frames = endOf(await packetsOf(open(bytes)));
    const held = Object.assign(new MemorySource(bytes), { tryRead: async ({ start, end }: ByteRange) => bytes.subarray(start, end) });
    expect(await mp3Demuxer(held).info(signal)).toMatchObject({ frames, durationIsExact: true });
    expect(await open(bytes).info(signal)).toMatchObject({ frames: undefined, durationIsExact: false });
    const missing = Object.assign(new MemorySource(bytes), { tryRead: async () => undefined });
    expect(await mp3Demuxer(missing).info(signal)).toMatchObject({ frames: undefined, durationIsExact: false });
  });

  it('is exact wherever packets have passed', async () => {
    const bytes = lame('-V 4');
    const demuxer = open(bytes);
    const all = await packetsOf(demuxer);
    const point = await demuxer.seek(15, signal);
    expect(point).toMatchObject({ exact: true, errorBound: 0 });
    expect(all.find(({ offset }) => offset === point.offset)?.timestamp).toBe(point.timestamp);
  });

  it('ends at the end', async () => {
    const demuxer = open(lame('-b 128'));
    expect(await demuxer.info(signal)).toMatchObject({ frames: presented, duration: SECONDS, durationIsExact: true });
    const point = await demuxer.seek(1_000, signal);
    expect(point.target).toBe(presented + 1_105);
    expect(endOf(await packetsOf(demuxer, point))).toBeGreaterThanOrEqual(point.target);
  });

  it('knows how many packets the reservoir of each one needs', async () => {
    const all = await packetsOf(open(lame('-b 32 -m m --resample 44.1 -t')));
    const straight = decode(all);
    for (let i = 200; i < 230; i++) {
      const from = i - all[i].preroll;
      const late = decode(all.slice(from, i + 1));
      const samples = all[i].duration;
      expect(late.subarray(-samples)).toEqual(straight.subarray(i * samples, (i + 1) * samples));
    }
  });
});
