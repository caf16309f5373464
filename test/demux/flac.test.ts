import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FlacDecoder } from '../../src/decode/flac/decoder.ts';
import { flacDemuxer } from '../../src/demux/flac.ts';
import { crc16 } from '../../src/demux/flac-crc.ts';
import { isAulosError } from '../../src/errors.ts';
import type { Packet, SeekPoint } from '../../src/media.ts';
import { demux, md5, never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { randomFrom, type Tone, tonePcm } from '../fakes/noise.ts';
import { corpus, requireTool } from '../tools.ts';

const files = corpus();
const hasFlac = requireTool('flac');
const RATE = 48_000;

/** A file as the reference encoder writes it, with everything in STREAMINFO filled in. */
function encode(tone: Tone, ...options: string[]): Uint8Array {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'aulos-flac-'));
  try {
    const [raw, flac] = [path.join(folder, 'a.raw'), path.join(folder, 'a.flac')];
    writeFileSync(raw, tonePcm(tone));
    const format = ['--force-raw-format', '--endian=little', '--sign=signed', `--sample-rate=${RATE}`];
    execFileSync('flac', ['-s', ...format, `--bps=${tone.bits}`, `--channels=${tone.channels}`, ...options, '-o', flac, raw]);
    return new Uint8Array(readFileSync(flac));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** What must not depend on how the bytes come. */
const facts = ({ offset, timestamp, duration, data }: Packet) => ({ offset, timestamp, duration, data: md5(data) });

describe.runIf(files)('demuxing the FLAC corpus', () => {
  const flac = files?.files.filter(({ file }) => /^(flac|bad)\/.*\.flac$/.test(file)) ?? [];
  const read = (file: string) => readFileSync(path.join(files!.folder, file));
  // ffmpeg's parser makes other packets of a 32-bit file, and of one whose numbers begin in mid-stream.
  const cut = flac.filter(({ file, expected }) => expected.packets && /^flac/.test(file) && !/file_starting_at_frame/.test(file));

  it.each(cut.map(({ file, expected }) => [file, expected] as const))('%s: the packets are those of ffmpeg', async (file, expected) => {
    const packets = await demux(flacDemuxer, read(file));
    expect(packets).toHaveLength(expected.packets as number);
    expect(md5(...packets.map(({ data }) => data))).toBe(expected.packetsMd5);
  });

  const damaged = flac.filter(({ expected }) => expected.outcome !== 'decodes');
  it.each(damaged.map(({ file }) => [file] as const))('%s: packets, or an error with a byte offset', async (file) => {
    const outcome = await demux(flacDemuxer, read(file)).catch((error: unknown) => error);
    if (Array.isArray(outcome)) expect(outcome.length).toBeGreaterThan(0);
    else expect(isAulosError(outcome) && 'offset' in outcome.details, String(outcome)).toBe(true);
  });

  it('begins the timeline of a stream without head at its first frame', async () => {
    const demuxer = flacDemuxer(new MemorySource(read('flac/flactest-10_-_file_starting_at_frame_header.flac')));
    const { config, frames } = await demuxer.info(never);
    expect(config).toMatchObject({ sampleRate: 44_100, channels: 1 });
    expect(frames).toBeUndefined();
    const packets = await packetsOf(demuxer);
    expect(packets[0].timestamp).toBe(0);
    expect(packets.reduce((sum, { duration }) => sum + duration, 0)).toBe(664_669);
  });

  it('passes a picture over unread', async () => {
    const source = new MemorySource(read('flac/flactest-58_-_GIF_PICTURE.flac'), { grain: 1 });
    await flacDemuxer(source).info(never);
    expect(source.bytesRead).toBeLessThan(2_000);
  });
});

describe.runIf(hasFlac)('demuxing FLAC', () => {
  const tone = { bits: 16, channels: 2, frames: 40_000 };
  let file: Uint8Array;
  let packets: Packet[];

  beforeAll(async () => {
    file = encode(tone, '-5', '-T', 'TITLE=Aulos', '-T', 'ARTIST=A', '-T', 'artist=B', '-T', 'TRACKNUMBER=3');
    packets = await demux(flacDemuxer, file);
  });

  it('tells what the head says', async () => {
    const info = await flacDemuxer(new MemorySource(file)).info(never);
    expect(info).toMatchObject({ container: 'flac', frames: 40_000, duration: 40_000 / RATE, durationIsExact: true });
    expect(info.config).toMatchObject({ codec: 'flac', codecString: 'flac', sampleRate: RATE, channels: 2 });
    expect(info.tags).toMatchObject({ title: 'Aulos', artist: 'A; B', track: '3' });
    expect(Buffer.from(info.config.description.subarray(0, 4)).toString()).toBe('fLaC');
  });

  it('cuts the bytes into frames that miss nothing', () => {
    expect(join(...packets.map(({ data }) => data))).toEqual(file.subarray(packets[0].offset));
    expect(packets.map(({ timestamp }) => timestamp)).toEqual(packets.map((_, i) => i * 4_096));
    expect(packets.reduce((sum, { duration }) => sum + duration, 0)).toBe(40_000);
  });

  it.each<[string, MemorySourceOptions]>([
    ['a byte at a time', { grain: 1 }],
    ['in pieces of 997', { grain: 997 }],
    ['without a known length', { unknownLength: true }],
  ])('gives the same packets when bytes come %s', async (_, options) => {
    expect((await demux(flacDemuxer, file, options)).map(facts)).toEqual(packets.map(facts));
  });

  it('gives a frame as soon as the header of the next one has come', async () => {
    const source = new MemorySource(file, { grain: 1 });
    const iterator = flacDemuxer(source).packets(never)[Symbol.asyncIterator]();
    const { value } = await iterator.next();
    const demanded = Math.max(...source.reads.map(({ end }) => end));
    expect(demanded - (value.offset + value.data.length)).toBeLessThanOrEqual(16 + Math.max(64, value.data.length / 8));
  });

  it('finds the stream behind ID3v2 tags', async () => {
    const tag = new Uint8Array(10 + 300);
    tag.set([0x49, 0x44, 0x33, 4, 0, 0, 0, 0, 2, 44]);
    const found = await demux(flacDemuxer, join(tag, tag, file));
    expect(found.map(({ data }) => md5(data))).toEqual(packets.map(({ data }) => md5(data)));
  });

  it('keeps the last frame apart from an ID3v1 tag and from padding', async () => {
    const decoder = new FlacDecoder((await flacDemuxer(new MemorySource(file)).info(never)).config);
    for (const tail of [Buffer.from('TAG'.padEnd(128, ' ')), new Uint8Array(500)]) {
      const found = await demux(flacDemuxer, join(file, tail));
      expect(found).toHaveLength(packets.length);
      expect(decoder.decode(found.at(-1)!.data).frames).toBe(packets.at(-1)!.duration);
    }
  });

  it('goes on with the timeline when another stream is joined on', async () => {
    const bare = file.subarray(packets[0].offset);
    const found = await demux(flacDemuxer, join(file, bare));
    expect(found).toHaveLength(2 * packets.length);
    expect(found.at(-1)!.timestamp).toBe(40_000 + packets.at(-1)!.timestamp);
  });

  it.each([
    ['header', 4],
    ['middle', 1_000],
    ['footer', -1],
  ])('skips a frame with damage in its %s and tells the time of the next one truly', async (_, at) => {
    const bytes = file.slice();
    const victim = packets[3];
    bytes[victim.offset + (at < 0 ? victim.data.length + at : at)] ^= 0x55;
    const found = await demux(flacDemuxer, bytes);
    expect(found.map(facts)).toEqual(packets.filter((packet) => packet !== victim).map(facts));
  });

  it('skips a hole of many frames', async () => {
    const bytes = file.slice().fill(0, packets[2].offset + 100, packets[6].offset + 7);
    const found = await demux(flacDemuxer, bytes);
    expect(found.map(({ timestamp }) => timestamp / 4_096)).toEqual([0, 1, 7, 8, 9]);
  });

  it('gives a stream up when nothing is found for long', async () => {
    const random = randomFrom(7);
    const garbage = Uint8Array.from({ length: 400_000 }, () => random() * 256);
    const bytes = join(file.subarray(0, packets[5].offset), garbage, file);
    const outcome = demux(flacDemuxer, bytes);
    await expect(outcome).rejects.toMatchObject({ code: 'media.malformed' });
  });

  it('takes no more than linear time over headers without frames', async () => {
    const header = packets[0].data.subarray(0, 6);
    const mono = encode({ ...tone, channels: 1 }, '-5');
    const [{ data: other }] = await demux(flacDemuxer, mono);
    const footer = crc16(header, 0, header.length);
    const frame = join(header, Uint8Array.of(footer >> 8, footer & 0xff, 0x12)); // ends right, but no header follows at once
    for (const first of [header, frame]) {
      const pair = join(first, other.subarray(0, 6));
      const hostile = join(file.subarray(0, packets[0].offset), ...Array<Uint8Array>(20_000).fill(pair));
      const before = performance.now();
      await expect(demux(flacDemuxer, hostile)).rejects.toMatchObject({ code: 'media.malformed' });
      expect(performance.now() - before).toBeLessThan(1_000);
    }
  });

  it('passes a failure of the source on', async () => {
    for (const failAt of [0, 3, 50, packets[0].offset + 5, packets[4].offset + 9]) {
      await expect(demux(flacDemuxer, file, { failAt })).rejects.toMatchObject({ code: 'net.reset' });
    }
  });

  it('cut at any byte gives the frames before it, or a typed error', async () => {
    const small = encode({ bits: 16, channels: 1, frames: 600 }, '-5', '-b', '128', '-P', '64');
    const whole = (await demux(flacDemuxer, small)).map(facts);
    for (let length = 0; length < small.length; length++) {
      const outcome = await demux(flacDemuxer, small.subarray(0, length)).catch((error: unknown) => error);
      if (Array.isArray(outcome)) expect(outcome.map(facts), `cut at ${length}`).toEqual(whole.slice(0, outcome.length));
      else expect(isAulosError(outcome) && /^media\./.test(outcome.code), `cut at ${length}: ${outcome}`).toBe(true);
    }
  });

  it('with bytes changed anywhere gives packets or a typed error (seed 11)', async () => {
    const small = encode({ bits: 16, channels: 2, frames: 900 }, '-5', '-b', '128', '-S', '5x', '-P', '16');
    const random = randomFrom(11);
    for (let round = 0; round < 400; round++) {
      const bytes = small.slice();
      for (let i = 0; i < 4; i++) bytes[Math.floor(random() * bytes.length)] = random() * 256;
      const outcome = await demux(flacDemuxer, bytes).catch((error: unknown) => error);
      const isFine = Array.isArray(outcome) || (isAulosError(outcome) && /^media\./.test(outcome.code));
      expect(isFine, `round ${round}: ${outcome}`).toBe(true);
    }
  });
});

describe.runIf(hasFlac)('seeking in FLAC', () => {
  const seconds = 600;
  /** Offset of the metadata block that follows the marker and STREAMINFO. */
  const TABLE_HEADER = 4 + 4 + 34;
  let folder: string;
  const variants: Record<string, Uint8Array> = {};

  /** Ten minutes, half of them near silence, so that bytes are far from proportional to time. */
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'aulos-flac-'));
    const raw = path.join(folder, 'long.raw');
    const loud = tonePcm({ bits: 16, channels: 2, frames: (RATE * seconds) / 200 });
    const quiet = tonePcm({ bits: 16, channels: 2, frames: (RATE * seconds) / 200, level: 0.0005 });
    writeFileSync(raw, Buffer.concat([...Array<Uint8Array>(100).fill(loud), ...Array<Uint8Array>(100).fill(quiet)]));
    const format = ['--force-raw-format', '--endian=little', '--sign=signed', `--sample-rate=${RATE}`, '--bps=16', '--channels=2'];
    const flac = path.join(folder, 'long.flac');
    execFileSync('flac', ['-s', '-0', '-b', '4096', ...format, '--seekpoint=10s', '-o', flac, raw]);
    const bytes = new Uint8Array(readFileSync(flac));
    variants['with a table'] = bytes;
    variants['without a table'] = bytes.slice().fill(1, TABLE_HEADER, TABLE_HEADER + 1); // the type of padding
    const unknown = variants['without a table'].slice();
    unknown.fill(0, 4 + 4 + 14, 4 + 4 + 18); // the low 32 bits of the total
    variants['without a table and total'] = unknown;
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const holds = (point: SeekPoint, packet: Packet) => point.timestamp === packet.timestamp && point.offset === packet.offset;

  it.each<[string, MemorySourceOptions, number]>([
    ['with a table', {}, 3],
    ['without a table', {}, 5],
    ['without a table and total', {}, 8],
    ['without a table and total', { unknownLength: true }, 16],
  ])('%s %o lands on the frame that holds the target, in at most %i requests', async (name, options, maxRequests) => {
    const bytes = variants[name];
    for (const target of [0, 1, 7.77, 149.9, 299.99, 300.01, 451, 599, 599.999]) {
      const source = new MemorySource(bytes, options);
      const demuxer = flacDemuxer(source);
      await demuxer.info(never);
      source.reads.length = 0;
      const point = await demuxer.seek(target, never);
      expect(requests(source), `requests for ${target} s`).toBeLessThanOrEqual(maxRequests);
      expect(point).toMatchObject({ exact: true, errorBound: 0, target: Math.round(target * RATE) });
      expect(point.timestamp).toBe(Math.floor(point.target / 4_096) * 4_096);
      const { value } = await demuxer.packets(never, point)[Symbol.asyncIterator]().next();
      expect(holds(point, value)).toBe(true);
    }
  });

  it('reads at most 256 kB to sound near a target', async () => {
    for (const name of ['with a table', 'without a table']) {
      for (const target of [33, 222, 290, 333, 575]) {
        const source = new MemorySource(variants[name], { grain: 4_096 });
        const demuxer = flacDemuxer(source);
        await demuxer.info(never);
        const head = source.bytesRead;
        await demuxer
          .packets(never, await demuxer.seek(target, never))
          [Symbol.asyncIterator]()
          .next();
        expect(distinctBytes(source) - Math.min(head, 65_536), `${name}, ${target} s`).toBeLessThanOrEqual(262_144);
      }
    }
  });

  it('is not led astray by a seek table that lies', async () => {
    const bytes = variants['with a table'].slice();
    const table = TABLE_HEADER + 4;
    for (let i = 0; i < 20; i++) bytes.fill(i * 3, table + i * 18 + 12, table + i * 18 + 16);
    const demuxer = flacDemuxer(new MemorySource(bytes));
    for (const target of [15, 75, 155]) {
      const point = await demuxer.seek(target, never);
      expect(point.timestamp).toBe(Math.floor((target * RATE) / 4_096) * 4_096);
    }
  });

  it('past the end goes to the end', async () => {
    const demuxer = flacDemuxer(new MemorySource(variants['with a table']));
    const point = await demuxer.seek(9_999, never);
    expect(point.target).toBe(seconds * RATE);
    expect(await packetsOf(demuxer, point)).toHaveLength(1);
  });
});

/** Bytes of the resource that were read at least once: what a source that keeps them had to fetch. */
function distinctBytes({ reads }: MemorySource): number {
  let sum = 0;
  let reached = 0;
  for (const { start, end } of [...reads].sort((a, b) => a.start - b.start)) {
    sum += Math.max(0, end - Math.max(start, reached));
    reached = Math.max(reached, end);
  }
  return sum;
}

/** Reads that begin at bytes which no read before had given or ended at: what a source that keeps bytes must ask the network for. */
function requests({ reads }: MemorySource): number {
  const isKept = (offset: number, i: number) => reads.slice(0, i).some(({ start, end }) => start <= offset && offset <= end);
  return reads.filter(({ start }, i) => !isKept(start, i)).length;
}
