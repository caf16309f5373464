import { describe, expect, it } from 'vitest';
import type { StreamConfig } from '../../src/engine/frame.ts';
import type { PcmBlock } from '../../src/media.ts';
import type { Sink } from '../../src/playback/sink.ts';

const signal = new AbortController().signal;
const config: StreamConfig = {
  epoch: 0,
  codec: 'pcm-f32',
  mimeType: 'audio/pcm',
  sampleRate: 1_000,
  channels: 2,
  header: new Uint8Array(),
};

/** Frames `[from, to)`; the sample of frame n is n / 1024 on the left, its negative on the right. */
const block = (from: number, to: number): PcmBlock => {
  const left = Float32Array.from({ length: to - from }, (_, i) => (from + i) / 1024);
  return { planes: [left, left.map((x) => -x)], sampleRate: 1_000, timestamp: from };
};

export interface SinkCase {
  readonly sink: Sink;
  /** The left channel of what has come out, once drained. */
  heard(): Promise<readonly number[]>;
}

/** What every sink owes that writes down what it is given. */
export function sinkContract(name: string, create: () => Promise<SinkCase>): void {
  describe(`${name} as a sink`, () => {
    it('gives out every frame in order, and drains when they are out', async () => {
      const { sink, heard } = await create();
      await sink.configure(config);
      await sink.write(block(0, 100), 0, signal);
      await sink.write(block(100, 101), 0, signal);
      await sink.write(block(101, 300), 0, signal);
      await sink.drain(signal);
      expect(await heard()).toEqual(Array.from({ length: 300 }, (_, n) => n / 1024));
      await sink.close();
    });

    it('does not change the block it is given, nor keep it', async () => {
      const { sink, heard } = await create();
      const given = block(0, 50);
      await sink.configure(config);
      await sink.write(given, 0, signal);
      expect(given).toEqual(block(0, 50));
      given.planes[0].fill(0.5);
      await sink.drain(signal);
      expect(await heard()).toEqual(Array.from({ length: 50 }, (_, n) => n / 1024));
      await sink.close();
    });

    it('rejects with the reason of an abort', async () => {
      const { sink } = await create();
      await sink.configure(config);
      await expect(sink.write(block(0, 10), 0, AbortSignal.abort('enough'))).rejects.toBe('enough');
      await sink.close();
    });

    it('closes twice without harm', async () => {
      const { sink } = await create();
      await sink.configure(config);
      await sink.close();
      await expect(sink.close()).resolves.toBeUndefined();
    });
  });
}
