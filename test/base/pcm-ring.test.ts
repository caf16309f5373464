import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { PcmRing } from '../../src/base/pcm-ring.ts';
import { allocatePcmRing } from '../../src/base/pcm-ring-memory.ts';

/** Two planes that count up from `first`; the second is negative. */
function counting(first: number, frames: number): Float32Array[] {
  const up = Float32Array.from({ length: frames }, (_, i) => first + i);
  return [up, up.map((sample) => -sample)];
}

const pair = (frames: number): { producer: PcmRing; consumer: PcmRing } => {
  const producer = new PcmRing(allocatePcmRing(2, frames));
  return { producer, consumer: new PcmRing(producer.buffer) };
};

describe('a PCM ring', () => {
  test('has a capacity that is a power of two, at most what was asked', () => {
    expect(pair(1_000).producer.capacity).toBe(512);
    expect(pair(1_024).producer.capacity).toBe(1_024);
  });

  test('gives the frames in order across the wrap, however writes and reads are cut', () => {
    const { producer, consumer } = pair(64);
    const out = [new Float32Array(7), new Float32Array(7)];
    let written = 0;
    for (let read = 0; read < 1_000; ) {
      const frames = Math.min(producer.room, 1 + (written % 13));
      producer.write(counting(written, frames), 0, frames, 0);
      written += frames;
      const count = consumer.read(out);
      expect(out.map((plane) => [...plane.subarray(0, count)])).toEqual(counting(read, count).map((plane) => [...plane]));
      read += count;
    }
    expect(producer.room + consumer.available).toBe(64);
  });

  test('keeps indexing right when its counters wrap around 2^32', () => {
    const { producer, consumer } = pair(8);
    const cells = new Int32Array(producer.buffer, 0, 3);
    cells.fill(2 ** 31 - 4); // four frames before the sign turns
    const out = [new Float32Array(8), new Float32Array(8)];
    expect(producer.room).toBe(8);
    producer.write(counting(1, 8), 0, 8, 0);
    expect(producer.room).toBe(0);
    expect(consumer.read(out)).toBe(8);
    expect([...out[0]]).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(producer.room).toBe(8);
  });

  test('voids unread frames on a flush and begins the new epoch at its own time', () => {
    const { producer, consumer } = pair(16);
    const out = [new Float32Array(4), new Float32Array(4)];
    producer.write(counting(0, 10), 0, 10, 0);
    consumer.read(out);
    expect(consumer.timestampUs(1_000)).toBe(4_000);
    producer.flush(7);
    expect(consumer.available).toBe(0);
    expect(producer.room).toBe(10); // the consumer may be in the midst of a read
    expect(consumer.read(out)).toBe(0);
    expect(producer.room).toBe(16);
    producer.write(counting(100, 5), 1, 4, 2_000_000);
    expect(consumer.epoch).toBe(7);
    expect(consumer.read(out)).toBe(4);
    expect([...out[0]]).toEqual([101, 102, 103, 104]);
    expect(consumer.timestampUs(1_000)).toBe(2_004_000);
  });

  test('is complete after the last frame, until a flush', () => {
    const { producer, consumer } = pair(16);
    producer.write(counting(0, 3), 0, 3, 0);
    expect(consumer.isComplete).toBe(false);
    producer.complete();
    expect(consumer.isComplete).toBe(true);
    producer.flush(1);
    expect(consumer.isComplete).toBe(false);
  });

  test('carries a million frames between two threads without losing or changing one', async () => {
    const total = 1_000_000;
    const { producer, consumer } = pair(4_096);
    const writer = `
      import { workerData } from 'node:worker_threads';
      import { PcmRing } from './pcm-ring.ts';
      const ring = new PcmRing(workerData);
      for (let next = 0; next < ${total}; ) {
        const frames = Math.min(ring.room, 480, ${total} - next);
        const up = Float32Array.from({ length: frames }, (_, i) => next + i);
        ring.write([up, up.map((sample) => -sample)], 0, frames, 0);
        next += frames;
      }`;
    const folder = new URL('../../src/base', import.meta.url).pathname;
    const { outputFiles } = await build({
      stdin: { contents: writer, resolveDir: folder },
      bundle: true,
      format: 'esm',
      platform: 'node',
      write: false,
    });
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`), { workerData: producer.buffer });
    const out = [new Float32Array(128), new Float32Array(128)];
    let wrong = 0;
    for (let read = 0; read < total; ) {
      const frames = consumer.read(out);
      for (let i = 0; i < frames; i++) if (out[0][i] !== read + i || out[1][i] !== -(read + i)) wrong++;
      read += frames;
      if (frames === 0) await new Promise(setImmediate);
    }
    expect(wrong).toBe(0);
    await worker.terminate();
  });
});
