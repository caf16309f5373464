import { describe, expect, it } from 'vitest';
import { OpusDecoder } from '../../src/decode/opus.ts';
import { SharedDecoder } from '../../src/decode/shared.ts';
import { oggDemuxer } from '../../src/demux/ogg.ts';
import type { CodecConfig } from '../../src/media.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { ffmpeg, ffmpegPlanes, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { concatenate, psnr } from '../fakes/pcm.ts';
import { requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg');

const encode = (layout: string, channels: number) =>
  ffmpeg([...ffmpegSignal(48_000, layout, channels, 3), '-c:a', 'libopus', '-b:a', `${64 * channels}k`, '-f', 'ogg']);

async function open(bytes: Uint8Array) {
  const demuxer = oggDemuxer(new MemorySource(bytes));
  const info = await demuxer.info(never);
  return { info, packets: await packetsOf(demuxer), decoder: new SharedDecoder(new OpusDecoder(info.config), info.config) };
}

const headOf = (...bytes: number[]): CodecConfig => ({
  codec: 'opus',
  codecString: 'opus',
  sampleRate: 48_000,
  channels: bytes[1] ?? 0,
  description: Uint8Array.of(...new TextEncoder().encode('OpusHead'), ...bytes),
});

describe.runIf(hasFfmpeg)('decoding Opus', () => {
  it.each<[string, number]>([
    ['mono', 1],
    ['stereo', 2],
    ['3.0', 3],
    ['quad', 4],
    ['5.0', 5],
    ['5.1', 6],
    ['6.1', 7],
    ['7.1', 8],
  ])('%s sounds as the reference decoder has it, channel by channel', async (layout, channels) => {
    const bytes = encode(layout, channels);
    const { info, packets, decoder } = await open(bytes);
    const planes = concatenate(await decoder.decode(packets, never)).map((plane) => plane.subarray(info.encoderDelay));
    // The reference decoder, which ffmpeg has round to 16 bits.
    expect(psnr(planes, ffmpegPlanes(bytes, channels, ['-c:a', 'libopus']))).toBeGreaterThanOrEqual(95);
    expect(info.frames).toBe(144_000);
    expect(planes[0].length).toBeGreaterThanOrEqual(144_000);
  });

  it('begins anew after a reset, also when nothing has been decoded', async () => {
    const { packets, decoder } = await open(encode('stereo', 2));
    decoder.reset();
    const first = concatenate(await decoder.decode(packets.slice(0, 9), never));
    decoder.reset();
    decoder.reset();
    expect(psnr(concatenate(await decoder.decode(packets.slice(0, 9), never)), first)).toBe(Number.POSITIVE_INFINITY);
  });

  it('applies the gain of the head', async () => {
    const bytes = encode('stereo', 2);
    const { info, packets, decoder } = await open(bytes);
    const plain = concatenate(await decoder.decode(packets, never));
    const description = info.config.description.slice();
    new DataView(description.buffer).setInt16(16, -6 * 256, true);
    const config = { ...info.config, description };
    const quiet = concatenate(await new SharedDecoder(new OpusDecoder(config), config).decode(packets, never));
    const expected = plain.map((plane) => plane.map((sample) => sample * 10 ** (-6 / 20)));
    expect(psnr(quiet, expected)).toBeGreaterThan(140);
  });

  it('conceals packets that are broken and goes on', async () => {
    const { packets, decoder } = await open(encode('stereo', 2));
    const broken = { ...packets[3], data: new Uint8Array(20_000).fill(0xfc) }; // more than libopus is given room for
    const blocks = await decoder.decode([...packets.slice(0, 3), broken, ...packets.slice(4, 9)], never);
    expect(concatenate(blocks)[0]).toHaveLength(9 * 960);
    expect(decoder.concealed).toBe(1);
  });
});

describe('OpusDecoder', () => {
  it.each<[string, CodecConfig]>([
    ['no head', headOf()],
    ['no channel', headOf(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['three channels without a table', headOf(1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0)],
    ['a table that is cut off', headOf(1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0)],
    ['a table to streams that are not there', headOf(1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 1, 0, 1, 9)],
    ['more coupled streams than streams', headOf(1, 3, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 0, 1, 2)],
    ['another mapping family', headOf(1, 2, 0, 0, 0, 0, 0, 0, 0, 0, 255)],
  ])('refuses a head with %s', (_, config) => {
    expect(() => new OpusDecoder(config)).toThrow(expect.objectContaining({ code: 'media.unsupported' }));
  });
});
