import { describe, expect, it } from 'vitest';
import type { Demuxer, DemuxerFactory } from '../../src/demux/demuxer.ts';
import type { Packet, SeekPoint } from '../../src/media.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';

const signal = new AbortController().signal;

export interface DemuxerCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly sampleRate: number;
  readonly channels: number;
  /** Presented frames; undefined where the container does not say. */
  readonly frames: number | undefined;
}

interface Summary {
  readonly timestamp: number;
  readonly duration: number;
  readonly offset: number;
  readonly data: string;
}

const summary = ({ timestamp, duration, offset, data }: Packet): Summary => ({
  timestamp,
  duration,
  offset,
  data: `${data.length}:${data.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 0)}`,
});

async function packetsOf(demuxer: Demuxer, from?: SeekPoint): Promise<Summary[]> {
  const packets: Summary[] = [];
  for await (const packet of demuxer.packets(signal, from)) packets.push(summary(packet));
  return packets;
}

/** What every demuxer owes, on one sound file. */
export function demuxerContract(create: DemuxerFactory, { name, bytes, sampleRate, channels, frames }: DemuxerCase): void {
  const open = (options: MemorySourceOptions = {}) => {
    const source = new MemorySource(bytes, options);
    return { source, demuxer: create(source) };
  };

  describe(`demuxer of ${name}`, () => {
    it('tells rate, channels and length as they are', async () => {
      const info = await open().demuxer.info(signal);
      expect(info.config).toMatchObject({ sampleRate, channels });
      expect(info.frames).toBe(frames);
      if (frames !== undefined) expect(info.duration).toBeCloseTo(frames / sampleRate, 9);
      if (frames !== undefined) expect(info.durationIsExact).toBe(true);
    });

    it('gives info again without reading again', async () => {
      const { source, demuxer } = open();
      const [first, second] = await Promise.all([demuxer.info(signal), demuxer.info(signal)]);
      expect(second).toBe(first);
      const { length } = source.reads;
      await demuxer.info(signal);
      expect(source.reads).toHaveLength(length);
    });

    it('gives packets that follow each other on the decoded timeline', async () => {
      const { demuxer } = open();
      const { encoderDelay, padding } = await demuxer.info(signal);
      const packets = await packetsOf(demuxer);
      let next = packets[0].timestamp;
      for (const { timestamp, duration } of packets) {
        expect(timestamp).toBe(next);
        next += duration;
      }
      if (frames !== undefined) expect(next).toBeGreaterThanOrEqual(encoderDelay + frames);
      if (frames !== undefined) expect(next - encoderDelay - frames).toBeLessThanOrEqual(Math.max(padding, 0));
    });

    it.each<[string, MemorySourceOptions]>([
      ['one byte at a time', { grain: 1 }],
      ['in odd pieces', { grain: 1013 }],
      ['without a known length', { unknownLength: true }],
    ])('gives the same packets when bytes come %s', async (_, options) => {
      expect(await packetsOf(open(options).demuxer)).toEqual(await packetsOf(open().demuxer));
    });

    it('passes an error of the source on, at whichever byte it comes', async () => {
      for (const part of [0, 0.01, 0.1, 0.5, 0.99]) {
        const failing = packetsOf(open({ failAt: Math.floor(bytes.length * part) }).demuxer);
        await expect(failing, `at ${part}`).rejects.toMatchObject({ code: 'net.reset' });
      }
    });

    it.each([0, 1 / 3, 2 / 3, 0.99])('seeks to %f of its duration onto packets of the straight run', async (part) => {
      const { demuxer } = open();
      const { duration = 0 } = await demuxer.info(signal);
      const straight = await packetsOf(demuxer);
      const point = await demuxer.seek(duration * part, signal);
      const [first] = await packetsOf(demuxer, point);
      const same = straight.find(({ offset }) => offset === first.offset);
      expect(same).toBeDefined();
      const tolerance = point.exact ? 0 : point.errorBound * sampleRate;
      expect(Math.abs(first.timestamp - (same?.timestamp ?? 0))).toBeLessThanOrEqual(tolerance);
      if (point.exact) expect(first.timestamp).toBeLessThanOrEqual(point.target);
      if (point.exact) expect(first).toEqual(same);
    });

    it('clamps a seek past the end', async () => {
      const { demuxer } = open();
      const { duration = 0 } = await demuxer.info(signal);
      const packets = await packetsOf(demuxer, await demuxer.seek(duration + 100, signal));
      expect(packets.length).toBeLessThan(40);
    });

    it('rejects with the reason of an abort', async () => {
      const controller = new AbortController();
      controller.abort(new Error('enough'));
      await expect(open().demuxer.info(controller.signal)).rejects.toThrow('enough');
    });
  });
}
