import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { AlacDecoder } from '../../src/decode/alac/decoder.ts';
import { mp4Demuxer } from '../../src/demux/mp4.ts';
import { isAulosError } from '../../src/errors.ts';
import type { CodecConfig, Packet } from '../../src/media.ts';
import { md5, never, packetsOf } from '../fakes/demuxed.ts';
import { ffmpeg } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { type Tone, tonePcm } from '../fakes/noise.ts';
import { corpus, requireTool } from '../tools.ts';

const files = corpus();
const hasFfmpeg = requireTool('ffmpeg');

/** What is decoded, as ffmpeg's s32le has it: left-aligned in 32 bits. */
function decodeAll(config: CodecConfig, packets: readonly Packet[]): Uint8Array[] {
  const decoder = new AlacDecoder(config);
  return packets.map(({ data }) => {
    const { frames, channels } = decoder.decode(data);
    const pcm = new Int32Array(frames * channels);
    for (let c = 0; c < channels; c++)
      for (let i = 0; i < frames; i++) pcm[i * channels + c] = decoder.samples[c][i] << (32 - decoder.bits);
    return new Uint8Array(pcm.buffer);
  });
}

async function open(bytes: Uint8Array): Promise<{ config: CodecConfig; packets: Packet[] }> {
  const demuxer = mp4Demuxer(new MemorySource(bytes));
  const { config } = await demuxer.info(never);
  return { config, packets: await packetsOf(demuxer) };
}

describe.runIf(files && hasFfmpeg)('decoding the ALAC corpus', () => {
  it.each(['mp4/androidx-sample_alac.mp4', 'mp4/androidx-sample_alac_20bit.mp4', 'mp4/lofty-m4a_codec_alac.m4a'])(
    '%s is exact to the bit',
    async (name) => {
      const file = path.join(files!.folder, name);
      const { config, packets } = await open(new Uint8Array(readFileSync(file)));
      const pcm = decodeAll(config, packets);
      expect(md5(...pcm)).toBe(md5(ffmpeg(['-i', file, '-f', 's32le'])));
    },
  );
});

/** Encodes raw PCM of 16 or 24 bits. */
function encode(pcm: Uint8Array, { bits, channels }: Tone, layout: string, options: readonly string[] = []): Uint8Array {
  const input = ['-f', `s${bits}le`, '-ar', '48000', '-ac', `${channels}`, '-channel_layout', layout, '-i', '-'];
  return ffmpeg([...input, '-c:a', 'alac', ...options, '-movflags', 'frag_keyframe+empty_moov', '-f', 'mp4'], pcm);
}

/** PCM of fewer bits, left-aligned in 32. */
function leftAligned(pcm: Uint8Array, { bits }: Tone): Uint8Array {
  const width = bits / 8;
  const aligned = new Uint8Array((pcm.length / width) * 4);
  for (let i = 0; i < pcm.length; i++) aligned[Math.floor(i / width) * 4 + 4 - width + (i % width)] = pcm[i];
  return aligned;
}

describe.runIf(hasFfmpeg)('decoding ALAC made by ffmpeg', () => {
  const tones: readonly (readonly [string, Tone, string, readonly string[]])[] = [
    ['16 bits in mono', { bits: 16, channels: 1, frames: 20_000 }, 'mono', []],
    ['16 bits in stereo', { bits: 16, channels: 2, frames: 20_000 }, 'stereo', []],
    ['16 bits, not compressed', { bits: 16, channels: 2, frames: 20_000 }, 'stereo', ['-compression_level', '0']],
    ['16 bits, a fixed predictor', { bits: 16, channels: 2, frames: 20_000 }, 'stereo', ['-compression_level', '1']],
    [
      '16 bits, the longest predictor',
      { bits: 16, channels: 2, frames: 20_000 },
      'stereo',
      ['-min_prediction_order', '30', '-max_prediction_order', '30'],
    ],
    [
      '16 bits, the shortest predictor',
      { bits: 16, channels: 2, frames: 20_000 },
      'stereo',
      ['-min_prediction_order', '1', '-max_prediction_order', '1'],
    ],
    ['16 bits of full scale', { bits: 16, channels: 2, frames: 20_000, level: 1 }, 'stereo', []],
    ['16 bits, nearly silent', { bits: 16, channels: 2, frames: 20_000, level: 0.0003 }, 'stereo', []],
    ['16 bits of silence', { bits: 16, channels: 2, frames: 20_000, level: 0 }, 'stereo', []],
    ['24 bits in mono', { bits: 24, channels: 1, frames: 20_000 }, 'mono', []],
    ['24 bits in stereo', { bits: 24, channels: 2, frames: 20_000, level: 1 }, 'stereo', []],
    ['24 bits, not compressed', { bits: 24, channels: 2, frames: 20_000 }, 'stereo', ['-compression_level', '0']],
    ['3 channels', { bits: 16, channels: 3, frames: 9_000 }, '3.0', []],
    ['4 channels', { bits: 16, channels: 4, frames: 9_000 }, '4.0', []],
    ['5 channels', { bits: 24, channels: 5, frames: 9_000 }, '5.0', []],
    ['6 channels', { bits: 16, channels: 6, frames: 9_000 }, '5.1', []],
    ['7 channels', { bits: 16, channels: 7, frames: 9_000 }, '6.1(back)', []],
    ['8 channels', { bits: 24, channels: 8, frames: 9_000 }, '7.1(wide)', []],
  ];

  it.each(tones)('%s', async (_, tone, layout, options) => {
    const pcm = tonePcm(tone);
    const { config, packets } = await open(encode(pcm, tone, layout, options));
    expect(config.channels).toBe(tone.channels);
    expect(md5(...decodeAll(config, packets))).toBe(md5(leftAligned(pcm, tone)));
  });

  const tone = { bits: 16, channels: 2, frames: 20_000 };

  it('scales full scale to 1', async () => {
    const { config, packets } = await open(encode(tonePcm(tone), tone, 'stereo'));
    const decoder = new AlacDecoder(config);
    const { planes, frames } = decoder.decode(packets[0].data);
    expect(frames).toBe(4_096);
    for (const channel of [0, 1]) {
      expect(Array.from(planes[channel])).toEqual(Array.from(decoder.samples[channel], (sample) => sample / 32_768));
    }
  });

  it('refuses a packet that is cut anywhere, and decodes the next one', async () => {
    const { config, packets } = await open(encode(tonePcm(tone), tone, 'stereo'));
    const decoder = new AlacDecoder(config);
    const { data } = packets[1];
    const whole = md5(new Uint8Array(decoder.decode(data).planes[0].slice().buffer));
    for (let length = 0; length < data.length - 1; length += 7) {
      expect(() => decoder.decode(data.subarray(0, length)), `${length} bytes`).toThrow('broken ALAC packet');
    }
    expect(md5(new Uint8Array(decoder.decode(data).planes[0].slice().buffer))).toBe(whole);
  });

  it('survives any bit flipped: samples of some sort, or a typed error', async () => {
    const { config, packets } = await open(encode(tonePcm({ ...tone, frames: 4_096 }), tone, 'stereo'));
    const decoder = new AlacDecoder(config);
    const damaged = packets[0].data.slice();
    const outcomes = new Set<string>();
    for (let bit = 0; bit < 2_000; bit++) {
      damaged[bit >> 3] ^= 0x80 >> (bit & 7);
      try {
        outcomes.add(`${decoder.decode(damaged).frames > 0}`);
      } catch (error) {
        outcomes.add(isAulosError(error, 'decode.failed') ? 'decode.failed' : `${error}`);
      }
      damaged[bit >> 3] ^= 0x80 >> (bit & 7);
    }
    expect([...outcomes].sort()).toEqual(['decode.failed', 'true']);
  });
});

/** Bits, most significant first, as bytes; each row is a value and its width. */
function packed(...fields: readonly (readonly [value: number, bits: number])[]): Uint8Array {
  const text = fields
    .map(([value, bits]) =>
      (value >>> 0)
        .toString(2)
        .padStart(32, '0')
        .slice(32 - bits),
    )
    .join('');
  return Uint8Array.from(text.match(/.{1,8}/g) ?? [], (byte) => Number.parseInt(byte.padEnd(8, '0'), 2));
}

function configOf(fields: Partial<Record<'frames' | 'bits' | 'channels' | 'version' | 'remainderBits', number>> = {}): CodecConfig {
  const { frames = 4_096, bits = 32, channels = 2, version = 0, remainderBits = 14 } = fields;
  const description = new Uint8Array(24);
  const view = new DataView(description.buffer);
  view.setUint32(0, frames);
  description.set([version, bits, 40, 10, remainderBits, channels], 4);
  view.setUint32(20, 44_100);
  return { codec: 'alac', codecString: 'alac', sampleRate: 44_100, channels, description };
}

/** What no encoder at hand writes. */
describe('decoding ALAC made by hand', () => {
  const plainPair = (samples: readonly number[]) =>
    packed([1, 3], [0, 16], [1, 1], [0, 2], [1, 1], [samples.length / 2, 32], ...samples.map((sample) => [sample, 32] as const), [7, 3]);

  it('32 bits, plain', () => {
    const decoder = new AlacDecoder(configOf());
    expect(decoder.decode(plainPair([1, -1, 2 ** 31 - 1, -(2 ** 31)]))).toMatchObject({ frames: 2, channels: 2, sampleRate: 44_100 });
    expect(decoder.samples.map((plane) => [...plane.subarray(0, 2)])).toEqual([
      [1, 2 ** 31 - 1],
      [-1, -(2 ** 31)],
    ]);
  });

  it('low bytes that are not predicted, behind predicted high ones', () => {
    const head = [
      [0, 3],
      [0, 16],
      [1, 1],
      [2, 2],
      [0, 1],
      [2, 32],
      [0, 8],
      [0, 8],
      [0, 4],
      [9, 4],
      [4, 3],
      [0, 5],
    ] as const;
    const low = [
      [0xbeef, 16],
      [0x1234, 16],
    ] as const;
    // Escaped values of 16 bits; the lowest bit is the sign.
    const high = [
      [0x1ff, 9],
      [2 * 5, 16],
      [0x1ff, 9],
      [2 * 7 - 1, 16],
    ] as const;
    const decoder = new AlacDecoder(configOf({ channels: 1 }));
    expect(decoder.decode(packed(...head, ...low, ...high, [7, 3])).frames).toBe(2);
    expect([...decoder.samples[0].subarray(0, 2)]).toEqual([0x5beef, -7 * 65_536 + 0x1234]);
  });

  it('skips elements of data and of filling', () => {
    const data = [
      [4, 3],
      [0, 4],
      [1, 1],
      [3, 8],
      [0, 16 - 16],
      [0xabcdef, 24],
    ] as const;
    const fill = [
      [6, 3],
      [2, 4],
      [0x1234, 16],
    ] as const;
    const sound = [
      [0, 3],
      [0, 16],
      [1, 1],
      [0, 2],
      [1, 1],
      [1, 32],
      [0x1234, 16],
      [7, 3],
    ] as const;
    const decoder = new AlacDecoder(configOf({ bits: 16, channels: 1 }));
    expect(decoder.decode(packed(...data, ...fill, ...sound)).frames).toBe(1);
    expect(decoder.samples[0][0]).toBe(0x1234);
  });

  it.each<[string, Parameters<typeof configOf>[0]]>([
    ['packets without end', { frames: 2 ** 31 }],
    ['packets of nothing', { frames: 0 }],
    ['a width that there is not', { bits: 23 }],
    ['no channel', { channels: 0 }],
    ['nine channels', { channels: 9 }],
    ['another version', { version: 1 }],
    ['too wide remainders', { remainderBits: 40 }],
  ])('refuses a configuration with %s', (_, fields) => {
    expect(() => new AlacDecoder(configOf(fields))).toThrow(expect.objectContaining({ code: 'media.unsupported' }));
  });

  it('refuses a packet with more channels, or fewer, than the stream', () => {
    const one = new AlacDecoder(configOf({ channels: 1 }));
    expect(() => one.decode(plainPair([1, 2]))).toThrow('more than 1 channels');
    const three = new AlacDecoder(configOf({ channels: 3 }));
    expect(() => three.decode(plainPair([1, 2]))).toThrow('it has 2 channels, not 3');
  });
});
