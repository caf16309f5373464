import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PcmDecoder } from '../../src/decode/pcm.ts';
import type { CodecConfig, PcmFormat } from '../../src/media.ts';
import { tonePcm } from '../fakes/noise.ts';
import { requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg');

const configOf = (pcm: PcmFormat, channels: number): CodecConfig => ({
  codec: 'pcm',
  codecString: 'pcm',
  sampleRate: 48_000,
  channels,
  description: new Uint8Array(0),
  pcm,
});

function decode(pcm: PcmFormat, channels: number, data: Uint8Array): number[][] {
  const { planes, frames } = new PcmDecoder(configOf(pcm, channels)).decode(data);
  return planes.slice(0, channels).map((plane) => Array.from(plane.subarray(0, frames)));
}

const int = (bits: number, bigEndian = false): PcmFormat => ({ encoding: 'int', bits, bigEndian });

describe.runIf(hasFfmpeg)('decoding PCM as ffmpeg does', () => {
  const channels = 3;
  const source = tonePcm({ bits: 32, channels, frames: 1_000, level: 1 });
  const convert = (input: Uint8Array, from: string, to: string): Buffer => {
    const raw = ['-ar', '48000', '-ac', String(channels)];
    return execFileSync('ffmpeg', ['-v', 'error', '-f', from, ...raw, '-i', '-', '-f', to, '-'], { input });
  };

  it.each<[string, PcmFormat]>([
    ['s8', int(8)],
    ['u8', { encoding: 'uint', bits: 8, bigEndian: false }],
    ['s16le', int(16)],
    ['s16be', int(16, true)],
    ['s24le', int(24)],
    ['s24be', int(24, true)],
    ['s32le', int(32)],
    ['s32be', int(32, true)],
    ['f32le', { encoding: 'float', bits: 32, bigEndian: false }],
    ['f32be', { encoding: 'float', bits: 32, bigEndian: true }],
    ['f64le', { encoding: 'float', bits: 64, bigEndian: false }],
    ['f64be', { encoding: 'float', bits: 64, bigEndian: true }],
    ['alaw', { encoding: 'alaw', bits: 8, bigEndian: false }],
    ['mulaw', { encoding: 'mulaw', bits: 8, bigEndian: false }],
  ])('%s', (name, format) => {
    const data = convert(source, 's32le', name);
    const reference = convert(data, name, 'f32le');
    const planes = decode(format, channels, data);
    expect(planes[0]).toHaveLength(1_000);
    for (let c = 0; c < channels; c++) {
      expect(planes[c]).toEqual(Array.from({ length: 1_000 }, (_, i) => reference.readFloatLE((i * channels + c) * 4)));
    }
  });

  it.each<[string, PcmFormat]>([
    ['alaw', { encoding: 'alaw', bits: 8, bigEndian: false }],
    ['mulaw', { encoding: 'mulaw', bits: 8, bigEndian: false }],
  ])('all 256 codes of %s', (name, format) => {
    const data = Uint8Array.from({ length: 258 }, (_, code) => code); // a multiple of three channels
    const reference = convert(data, name, 'f32le');
    expect(decode(format, 1, data)[0]).toEqual(Array.from({ length: 258 }, (_, i) => reference.readFloatLE(i * 4)));
  });
});

describe('decoding PCM', () => {
  it('divides integers by 2^(bits − 1)', () => {
    expect(decode(int(16), 1, Uint8Array.of(0, 0x80, 0xff, 0x7f, 1, 0))).toEqual([[-1, 32_767 / 32_768, 1 / 32_768]]);
    expect(decode(int(64), 1, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x40))).toEqual([[-1, 0.5]]);
  });

  it('reads 24 bits from the low bytes of 4', () => {
    const format = { ...int(24), stride: 4 };
    expect(decode(format, 2, Uint8Array.of(0, 0, 0x40, 0, 0, 0, 0x80, 0xff))).toEqual([[0.5], [-1]]);
  });

  it('reads data that begins at an odd byte of a larger buffer, and drops a partial frame', () => {
    const buffer = Uint8Array.of(9, 0, 0x40, 0, 0xc0, 0x12);
    expect(decode(int(16), 2, buffer.subarray(1))).toEqual([[0.5], [-0.5]]);
  });

  it('refuses a packet without a whole frame', () => {
    expect(() => decode(int(16), 2, new Uint8Array(3))).toThrow('no PCM frame');
  });

  it('gives planes that fit packets of any order of sizes', () => {
    const decoder = new PcmDecoder(configOf(int(8), 1));
    for (const frames of [3, 100, 1, 50]) expect(decoder.decode(new Uint8Array(frames)).frames).toBe(frames);
  });

  it.each<[PcmFormat]>([[int(12)], [int(40)], [{ encoding: 'float', bits: 16, bigEndian: false }]])('refuses %o', (format) => {
    expect(() => new PcmDecoder(configOf(format, 1))).toThrow('not supported: PCM');
  });
});
