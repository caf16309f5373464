import { MessageChannel } from 'node:worker_threads';
import { expect, onTestFinished, test } from 'vitest';
import { allocatePcmRing } from '../../src/base/pcm-ring-memory.ts';
import { laneFrames } from '../../src/playback/lane.ts';
import { WorkletSink } from '../../src/playback/worklet-sink.browser.ts';

const { signal } = new AbortController();

test.each([8_000, 44_100, 48_000, 96_000].flatMap((sampleRate) => ['port', 'ring'].map((kind) => ({ sampleRate, channels: 2, kind }))))(
  '$sampleRate Hz in $channels channels by $kind: as much is taken ahead as is asked for',
  async ({ sampleRate, channels, kind }) => {
    const { port1 } = new MessageChannel();
    const ring = kind === 'ring' ? allocatePcmRing(channels, laneFrames(sampleRate, channels)) : undefined;
    const lane = { port: port1 as unknown as MessagePort, ring };
    const sink = new WorkletSink({ lane, sampleRate, channels, forSampleRate: sampleRate });
    onTestFinished(() => sink.close());
    sink.flush(1);
    const fits = Math.min(3 * sampleRate, ring ? 2 ** Math.floor(Math.log2(laneFrames(sampleRate, channels))) : Infinity);
    sink.aheadSeconds = 3;
    const frames = 4_000;
    let written = 0;
    const block = { planes: Array.from({ length: channels }, () => new Float32Array(frames)), sampleRate };
    const writeAll = async () => {
      for (let timestamp = 0; timestamp < 20 * sampleRate; timestamp += frames) {
        await sink.write({ ...block, timestamp }, 1, signal);
        written = timestamp + frames;
      }
    };
    void writeAll();
    for (let i = 0; i < 1_000; i++) await Promise.resolve();
    expect(written).toBeGreaterThan(fits - 2 * frames);
    expect(written).toBeLessThanOrEqual(fits);
  },
);
