import { describe, expect, it } from 'vitest';
import { openDemuxer } from '../../src/demux/probe.ts';
import { tsDemuxer } from '../../src/demux/ts.ts';
import type { Packet } from '../../src/media.ts';
import { demuxerContract } from '../contracts/demuxer.ts';
import { ffmpeg, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { requireTool } from '../tools.ts';

const signal = new AbortController().signal;
const PACKET = 188;

const open = (bytes: Uint8Array, options: MemorySourceOptions = {}) => tsDemuxer(new MemorySource(bytes, options));

async function packetsOf(bytes: Uint8Array): Promise<Packet[]> {
  const packets: Packet[] = [];
  for await (const packet of open(bytes).packets(signal)) packets.push(packet);
  return packets;
}

const dataOf = async (bytes: Uint8Array) => (await packetsOf(bytes)).map(({ data }) => data);

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const transportPackets = (bytes: Uint8Array): Uint8Array[] =>
  Array.from({ length: bytes.length / PACKET }, (_, i) => bytes.slice(i * PACKET, (i + 1) * PACKET));

const pidOf = (packet: Uint8Array) => ((packet[1] & 0x1f) << 8) | packet[2];
/** Where ffmpeg puts the first stream and its map. */
const SOUND = 0x100;
const MAP = 0x1000;

describe.runIf(requireTool('ffmpeg'))('MPEG transport streams', () => {
  const sound = ffmpegSignal(44_100, 'stereo', 2, 20);
  const aac = ffmpeg([...sound, ...'-c:a aac -b:a 96k -f mpegts'.split(' ')]);
  const mp3 = ffmpeg([...sound, ...'-c:a libmp3lame -b:a 128k -f mpegts'.split(' ')]);
  const disc = concat(...transportPackets(aac).flatMap((packet, i) => [Uint8Array.of(0, 0, i >> 8, i), packet]));

  const copy = (bytes: Uint8Array, options: string) => ffmpeg(['-i', '-', '-c', 'copy', ...options.split(' ')], bytes);
  const bareAac = copy(aac, '-f adts');
  const bareMp3 = copy(mp3, '-write_xing 0 -id3v2_version 0 -f mp3');

  function framesOfBareAac(): Uint8Array[] {
    const frames: Uint8Array[] = [];
    for (let at = 0, size = 0; at < bareAac.length; at += size) {
      size = ((bareAac[at + 3] & 3) << 11) | (bareAac[at + 4] << 3) | (bareAac[at + 5] >> 5);
      frames.push(bareAac.subarray(at + 7, at + size));
    }
    return frames;
  }

  it.each([
    ['AAC', aac, 'aac'],
    ['AAC from a disc', disc, 'aac'],
    ['MP3', mp3, 'mp3'],
  ])('are told from their bytes: %s', async (_, bytes, codec) => {
    const demuxer = await openDemuxer(new MemorySource(bytes, { mediaType: 'audio/x-wrong', grain: 1 }), 'http://host/x.wrong', signal);
    expect(demuxer.container).toBe('ts');
    expect(await demuxer.info(signal)).toMatchObject({ container: 'ts', config: { codec, sampleRate: 44_100, channels: 2 } });
    const name = `packets of ${bytes === disc ? 192 : 188} bytes, the sound in PID ${SOUND}`;
    expect(await demuxer.anatomy?.(signal)).toMatchObject({ parts: [{ name, offset: 0, size: bytes.length }] });
  });

  it('give the AAC packets that ffmpeg copies out of them', async () => {
    expect(await dataOf(aac)).toEqual(framesOfBareAac());
    expect(await dataOf(disc)).toEqual(framesOfBareAac());
  });

  it('give the MP3 frames that ffmpeg copies out of them', async () => {
    expect(Buffer.compare(concat(...(await dataOf(mp3))), bareMp3)).toBe(0);
  });

  it('tell where in the file a packet begins', async () => {
    for (const { data, offset } of await packetsOf(aac)) {
      const held = Math.min(data.length, PACKET - (offset % PACKET));
      expect(Buffer.compare(aac.subarray(offset, offset + held), data.subarray(0, held))).toBe(0);
    }
  });

  it.each([
    ['AAC', aac],
    ['MP3', mp3],
  ])('tell the duration by their times, which is no promise: %s', async (_, bytes) => {
    const { duration = 0, durationIsExact, config } = await open(bytes).info(signal);
    const last = (await packetsOf(bytes)).at(-1)!;
    expect(duration).toBeCloseTo((last.timestamp + last.duration) / config.sampleRate, 9);
    expect(durationIsExact).toBe(false);
  });

  it('are sought in by few bytes, as near as their times tell', async () => {
    const long = ffmpeg([...ffmpegSignal(44_100, 'mono', 1, 100), ...'-c:a aac -b:a 64k -f mpegts'.split(' ')]);
    const straight = await packetsOf(long);
    const source = new MemorySource(long);
    const demuxer = tsDemuxer(source);
    await demuxer.info(signal);
    const before = source.reads.length;
    const point = await demuxer.seek(70, signal);
    expect(source.reads.length - before).toBeLessThanOrEqual(6);
    const { value: first } = await demuxer.packets(signal, point)[Symbol.asyncIterator]().next();
    expect(straight.find(({ offset }) => offset === first.offset)?.timestamp).toBe(first.timestamp);
    expect(point.target - first.timestamp).toBeGreaterThanOrEqual(1024);
    expect(point.target - first.timestamp).toBeLessThan(44_100);
  });

  it('go on behind damage', async () => {
    const packets = transportPackets(aac);
    const junk = new Uint8Array(5_000).fill(0x46);
    const middle = packets.length >> 1;
    const data = await dataOf(concat(...packets.slice(0, middle), junk, packets[middle].subarray(50), ...packets.slice(middle + 1)));
    const frames = framesOfBareAac();
    const whole = new Set(frames.map(String));
    expect(data.filter((frame) => whole.has(String(frame))).length).toBeGreaterThan(frames.length - 5);
    expect(data.at(-1)).toEqual(frames.at(-1));
  });

  it('may send a packet twice', async () => {
    const doubled = transportPackets(aac).flatMap((packet, i) => (i % 7 === 3 && pidOf(packet) === SOUND ? [packet, packet] : [packet]));
    expect(await dataOf(concat(...doubled))).toEqual(framesOfBareAac());
  });

  it('may wrap their times', async () => {
    const wrapping = copy(aac, '-f mpegts -muxdelay 0 -muxpreload 0 -output_ts_offset 95433');
    const { duration = 0 } = await open(wrapping).info(signal);
    expect(duration).toBeCloseTo((await open(aac).info(signal)).duration ?? 0, 1);
  });

  it.each<[string, (packet: Uint8Array) => Uint8Array[], string]>([
    ['no tables', (packet) => (pidOf(packet) === MAP ? [] : [packet]), 'media.malformed'],
    ['no sound', (packet) => (pidOf(packet) === SOUND ? [] : [packet]), 'media.malformed'],
    [
      'a map without sound that claims to be longer than its packet',
      (packet) => {
        if (pidOf(packet) === MAP) {
          packet.set([0xbf, 0xff], 6);
          packet[17] = 0x42;
        }
        return [packet];
      },
      'media.unsupported',
    ],
    [
      'a map of which nothing is in its packet',
      (packet) => {
        if (pidOf(packet) === MAP) packet.set([0x0f, 0xff], 15);
        return [packet];
      },
      'media.malformed',
    ],
    [
      'encrypted sound',
      (packet) => {
        if (pidOf(packet) === SOUND) packet[3] |= 0x80;
        return [packet];
      },
      'media.unsupported',
    ],
  ])('are refused with %s', async (_, change, code) => {
    const bytes = concat(...transportPackets(aac).flatMap(change));
    await expect(open(bytes).info(signal)).rejects.toMatchObject({ code, details: { offset: expect.any(Number) } });
  });

  it('name the codec that is not played', async () => {
    const ac3 = ffmpeg([...ffmpegSignal(48_000, 'stereo', 2, 1), ...'-c:a ac3 -f mpegts'.split(' ')]);
    await expect(open(ac3).info(signal)).rejects.toMatchObject({ code: 'media.unsupported', details: { what: 'AC-3' } });
  });

  it('keep their errors typed whatever bytes are changed', { timeout: 30_000 }, async () => {
    const seed = Date.now() % 100_000;
    console.log(`seed ${seed}`);
    let state = seed;
    const random = (below: number) => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const short = aac.subarray(0, PACKET * 40);
    for (let round = 0; round < 300; round++) {
      const bytes = short.slice(0, round % 3 ? undefined : random(short.length));
      for (let i = 0; i < 8; i++) bytes[random(bytes.length)] = random(256);
      const outcome = await packetsOf(bytes).then(
        () => 'packets',
        (error) => error.code,
      );
      expect(outcome, `round ${round}`).toMatch(/^(packets|media\.\w+)$/);
    }
  });

  for (const [name, bytes] of Object.entries({ aac, disc, mp3 })) {
    demuxerContract(tsDemuxer, { name: `${name} in a transport stream`, bytes, sampleRate: 44_100, channels: 2, frames: undefined });
  }
});
