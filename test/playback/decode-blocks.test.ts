import { describe, expect, it } from 'vitest';
import { type FrameSpan, frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import type { Demuxer } from '../../src/demux/demuxer.ts';
import type { MediaInfo, Packet, SeekPoint } from '../../src/media.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
import { concatenate } from '../fakes/pcm.ts';

const signal = new AbortController().signal;

/** A track of one channel, 8-bit PCM at 1,000 Hz in packets of ten frames, whose sample says which packet it is of. */
function track({
  starts,
  frames,
  encoderDelay = 0,
  exact = true,
}: {
  starts: number[];
  frames?: number;
  encoderDelay?: number;
  exact?: boolean;
}) {
  const info: MediaInfo = {
    container: 'wav',
    config: {
      codec: 'pcm',
      codecString: 'pcm',
      sampleRate: 1_000,
      channels: 1,
      description: new Uint8Array(),
      pcm: { encoding: 'uint', bits: 8, bigEndian: false },
    },
    duration: frames && frames / 1_000,
    durationIsExact: true,
    frames,
    bitRate: 8_000,
    encoderDelay,
    padding: 0,
    tags: {},
    chapters: [],
    pictures: [],
  };
  let given = 0;
  const demuxer: Demuxer = {
    container: 'wav',
    info: async () => info,
    async *packets(_, from) {
      for (const [index, timestamp] of starts.entries()) {
        if (timestamp < (from?.timestamp ?? 0)) continue;
        given++;
        yield {
          data: new Uint8Array(10).fill(128 + index + 1),
          offset: index * 10,
          timestamp,
          duration: 10,
          join: true,
          preroll: 0,
        } satisfies Packet;
      }
    },
    async seek(seconds): Promise<SeekPoint> {
      const target = seconds * 1_000 + encoderDelay;
      const timestamp = starts.findLast((start) => start <= target) ?? 0;
      return { offset: 0, index: 0, timestamp, target, exact, errorBound: exact ? 0 : 1 };
    },
  };
  return { info, demuxer, given: () => given };
}

/** The packet numbers heard, run-length coded: `1×10 0×5 2×10`. */
async function heard(options: Parameters<typeof track>[0], excerpt?: FrameSpan): Promise<string> {
  const { info, demuxer } = track(options);
  const span = excerpt ?? frameSpan(info);
  const blocks = [];
  for await (const block of decodeBlocks(demuxer, await createDecoder(info.config), info, span, signal)) blocks.push(block);
  let next = blocks[0]?.timestamp;
  for (const { timestamp, planes } of blocks) {
    expect(timestamp).toBe(next);
    next += planes[0].length;
  }
  const runs: { value: number; count: number }[] = [];
  for (const sample of concatenate(blocks)[0] ?? []) {
    const value = Math.round(sample * 128);
    if (runs.at(-1)?.value === value) runs[runs.length - 1].count++;
    else runs.push({ value, count: 1 });
  }
  return runs.map(({ value, count }) => `${value}×${count}`).join(' ');
}

describe('decodeBlocks', () => {
  it.each([
    ['plays packets that follow each other', { starts: [0, 10, 20] }, '1×10 2×10 3×10'],
    ['drops the encoder delay and what lies after the last frame', { starts: [0, 10, 20], encoderDelay: 4, frames: 20 }, '1×6 2×10 3×4'],
    ['fills a hole with silence', { starts: [0, 25, 35] }, '1×10 0×15 2×10 3×10'],
    ['fills an empty edit at the start', { starts: [30, 40] }, '0×30 1×10 2×10'],
  ])('%s', async (_, options, expected) => {
    expect(await heard(options)).toBe(expected);
  });

  it('takes a jump of an hour for another timeline', async () => {
    const { info, demuxer } = track({ starts: [0, 3_600_010] });
    let frames = 0;
    const all = { start: 0, end: Number.POSITIVE_INFINITY };
    for await (const block of decodeBlocks(demuxer, await createDecoder(info.config), info, all, signal)) frames += block.planes[0].length;
    expect(frames).toBe(20);
  });

  it('gives exactly the frames of an excerpt, and reads no packet behind it', async () => {
    expect(await heard({ starts: [0, 10, 20, 30] }, { start: 13, end: 25 })).toBe('2×7 3×5');
    const { info, demuxer, given } = track({ starts: [0, 10, 20, 30, 40, 50] });
    for await (const _ of decodeBlocks(demuxer, await createDecoder(info.config), info, { start: 0, end: 15 }, signal));
    expect(given()).toBeLessThanOrEqual(3);
  });

  it('does not take the error of an inexact seek for a hole', async () => {
    const { info, demuxer } = track({ starts: [0, 10, 20, 30], exact: false });
    demuxer.seek = async () => ({ offset: 0, index: 0, timestamp: 20, target: 12, exact: false, errorBound: 1 });
    let frames = 0;
    for await (const block of decodeBlocks(demuxer, await createDecoder(info.config), info, { start: 12, end: 99 }, signal))
      frames += block.planes[0].length;
    expect(frames).toBe(20);
  });
});
