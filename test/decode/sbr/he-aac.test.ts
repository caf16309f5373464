import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AacDecoder } from '../../../src/decode/aac/decoder.ts';
import type { Decoder } from '../../../src/decode/decoder.ts';
import { createDecoder } from '../../../src/decode/registry.ts';
import { SharedDecoder } from '../../../src/decode/shared.ts';
import type { Demuxer } from '../../../src/demux/demuxer.ts';
import { openDemuxer } from '../../../src/demux/probe.ts';
import { isAulosError } from '../../../src/errors.ts';
import type { MediaInfo, Packet, PcmBlock } from '../../../src/media.ts';
import { ffmpegPlanes } from '../../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../../fakes/memory-source.ts';
import { corpus, requireTool, root } from '../../tools.ts';

/** By fdkaac: a pair that is coupled, one that is not, 5.1, SBR at the rate of the core, and parametric stereo. */
const fixtures = [
  ['v1-coupled.aac', 2, 'mp4a.40.5'],
  ['v1.m4a', 2, 'mp4a.40.5'],
  ['5.1.aac', 6, 'mp4a.40.5'],
  ['downsampled.m4a', 2, 'mp4a.40.5'],
  ['v2.aac', 2, 'mp4a.40.29'],
] as const;
const signal = new AbortController().signal;
const load = (name: string) => new Uint8Array(readFileSync(path.join(root, 'test/fixtures/he-aac', name)));
const hasFfmpeg = requireTool('ffmpeg');
const media = corpus();

interface Stream {
  readonly demuxer: Demuxer;
  readonly info: MediaInfo;
  readonly packets: readonly Packet[];
}

async function open(bytes: Uint8Array): Promise<Stream> {
  const demuxer = await openDemuxer(new MemorySource(bytes), '', signal);
  const info = await demuxer.info(signal);
  const packets: Packet[] = [];
  for await (const packet of demuxer.packets(signal)) packets.push(packet);
  return { demuxer, info, packets };
}

async function decode(info: MediaInfo, packets: readonly Packet[], made?: Decoder): Promise<Float32Array[]> {
  const decoder = made ?? (await createDecoder(info.config));
  const blocks: PcmBlock[] = await decoder.decode(packets, signal);
  return blocks[0].planes.map((_, channel) => {
    const samples = blocks.flatMap(({ planes }) => Array.from(planes[channel]));
    return Float32Array.from(samples);
  });
}

/** Peak signal to noise in dB of the channel where it is least, over what both have. */
function psnr(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  const noise = expected.map((reference, channel) => {
    const count = Math.min(reference.length, actual[channel].length);
    let error = 0;
    for (let i = 0; i < count; i++) error += (reference[i] - actual[channel][i]) ** 2;
    return error / count;
  });
  return -10 * Math.log10(Math.max(...noise));
}

describe('HE-AAC', () => {
  it.runIf(hasFfmpeg).each(fixtures)('sounds as ffmpeg decodes it: %s', async (name, channels, codecString) => {
    const { info, packets } = await open(load(name));
    expect(info.config).toMatchObject({ sampleRate: 44_100, channels, codecString });
    expect(info.degraded).toBeUndefined();
    const expected = ffmpegPlanes(load(name), channels, ['-flags2', '+skip_manual']);
    const actual = await decode(info, packets);
    expect(actual[0].length).toBe(packets.reduce((sum, { duration }) => sum + duration, 0));
    expect(psnr(actual, expected)).toBeGreaterThan(100);
  });

  it.runIf(hasFfmpeg && media).each(['fmp4/kithara-he-aac-v1-fmp4.mp4', 'fmp4/kithara-he-aac-v2-fmp4.mp4', 'ts/shaka-id3-metadata.ts'])(
    'sounds as ffmpeg decodes it: %s',
    async (name) => {
      const bytes = new Uint8Array(readFileSync(path.join(media!.folder, name)));
      const { info, packets } = await open(bytes);
      expect(psnr(await decode(info, packets), ffmpegPlanes(bytes, 2))).toBeGreaterThan(100);
    },
  );

  it('is trimmed in M4A by frames of the core', async () => {
    // iTunSMPB of the file: 2,048 frames in front and 22,050 of sound, at 22,050 Hz.
    const { info } = await open(load('v1.m4a'));
    expect(info).toMatchObject({ encoderDelay: 4096, frames: 44_100, durationIsExact: true });
    expect((await open(load('downsampled.m4a'))).info).toMatchObject({ encoderDelay: 2048, frames: 44_100 });
  });

  it('begins anew after a reset, and asks for enough packets before a seek for a header of SBR to pass', async () => {
    const { info, packets } = await open(load('v1-coupled.aac'));
    const decoder = await createDecoder(info.config);
    const whole = (await decoder.decode(packets, signal)).flatMap(({ planes }) => Array.from(planes[0]));
    decoder.reset();
    const again = (await decoder.decode(packets, signal)).flatMap(({ planes }) => Array.from(planes[0]));
    expect(again).toEqual(whole);
    expect(packets[0].preroll).toBeGreaterThan(8);
  });

  it('keeps its core, at the same rate, when the SBR of a packet is missing', async () => {
    const { info, packets } = await open(load('v1-coupled.aac'));
    const without = packets.map((packet) => ({ ...packet, data: withoutFill(packet.data) }));
    const [full] = await decode(info, packets);
    const [core] = await decode(info, without);
    expect(core).toHaveLength(full.length);
    expect(energyBelow(core, 300)).toBeCloseTo(energyBelow(full, 300), 1);
    const rough = (plane: Float32Array) => plane.reduce((sum, value, i) => sum + (value - (plane[i - 1] ?? 0)) ** 2, 0);
    expect(rough(core)).toBeLessThan(0.8 * rough(full));
  });

  it('decodes packets in steps, between which other streams take theirs', async () => {
    // Two of each kind, which have the same room to work in if any do; one is slower, lest both always have the same in it.
    const names = fixtures.flatMap(([name]) => [name, name]);
    const streams = await Promise.all(names.map((name) => open(load(name))));
    let breaths = 0;
    const inTurns = streams.map(async ({ info, packets }, i) => {
      const breathe = async () => {
        breaths++;
        if (i % 2) await undefined;
      };
      return decode(info, packets.slice(0, 12), new SharedDecoder(new AacDecoder(info.config), info.config, breathe));
    });
    for (const [i, planes] of (await Promise.all(inTurns)).entries()) {
      const alone = await decode(streams[i].info, streams[i].packets.slice(0, 12));
      for (const [channel, plane] of planes.entries())
        expect(Buffer.from(plane.buffer).equals(Buffer.from(alone[channel].buffer))).toBe(true);
    }
    expect(breaths).toBeGreaterThan(10 * 12 * streams.length);
  });

  it('never ends in anything but sound or a broken packet, whatever bits are changed', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log('seed', seed);
    const random = generator(seed);
    for (const [name] of fixtures) {
      const { info, packets } = await open(load(name));
      const kernel = new AacDecoder(info.config);
      await kernel.ready;
      for (let round = 0; round < 12; round++) {
        for (const { data } of packets) {
          const damaged = data.slice();
          for (let flips = random(4); flips > 0; flips--) damaged[random(damaged.length)] ^= 1 << random(8);
          try {
            const { planes, frames } = kernel.decode(damaged);
            expect(planes[0].length).toBe(frames);
            expect(planes.every((plane) => plane.every(Number.isFinite))).toBe(true);
          } catch (error) {
            if (!isAulosError(error, 'decode.failed')) throw error;
          }
        }
      }
    }
  });
});

/** A raw_data_block whose last fill element, which the fixture has its SBR in, is turned into one of plain fill bits. */
function withoutFill(data: Uint8Array): Uint8Array {
  // extension_type is the first half byte of the payload; any bit offset may hold it, so the last 110 1111 … 1101 is looked for.
  const bits = Array.from(data, (byte) => byte.toString(2).padStart(8, '0')).join('');
  for (let end = bits.length - 3; end > bits.length - 11; end--) {
    if (bits.slice(end, end + 3) !== '111') continue;
    for (let count = 1; count < 270; count++) {
      const payload = end - 8 * count;
      const head = count < 15 ? `110${count.toString(2).padStart(4, '0')}` : `1101111${(count - 14).toString(2).padStart(8, '0')}`;
      const start = payload - head.length;
      if (start < 0 || bits.slice(start, payload) !== head || !/^11(01|10)/.test(bits.slice(payload))) continue;
      const plain = `${bits.slice(0, payload)}0000${bits.slice(payload + 4)}`;
      return Uint8Array.from(plain.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
    }
  }
  return data;
}

/** Energy of a plane smoothed over so many samples, in dB. */
function energyBelow(plane: Float32Array, window: number): number {
  let mean = 0;
  let energy = 0;
  for (const value of plane) {
    mean += (value - mean) / window;
    energy += mean * mean;
  }
  return 10 * Math.log10(energy);
}

function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.floor(((state >>> 8) / 2 ** 24) * below);
  };
}
