import { expect, it } from 'vitest';
import type { PacketDecoder } from '../../src/decode/decoder.ts';
import { SharedDecoder } from '../../src/decode/shared.ts';
import type { CodecConfig } from '../../src/media.ts';

const config: CodecConfig = { codec: 'mp3', codecString: 'mp3', sampleRate: 8_000, channels: 1, description: new Uint8Array() };
const signal = new AbortController().signal;

it.each([
  [
    [0, -0, 1, -1, 7.999999, 8, -8],
    [0, -0, 1, -1, 7.999999, 8, -8],
  ],
  [
    [8.000001, -8.000001, 1e30, -1e30, 0.5],
    [8, -8, 8, -8, 0.5],
  ],
  [
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.25],
    [0, 8, -8, 0.25],
  ],
])('gives %j as %j: within ±8, and never NaN', async (samples, expected) => {
  const kernel: PacketDecoder = {
    decode: () => ({ planes: [Float32Array.from(samples)], frames: samples.length, channels: 1, sampleRate: 8_000 }),
    reset() {},
  };
  const packet = { data: new Uint8Array(1), offset: 0, timestamp: 0, duration: samples.length, join: true, preroll: 0 };
  const [{ planes }] = await new SharedDecoder(kernel, config).decode([packet], signal);
  expect([...planes[0]]).toEqual(expected.map(Math.fround));
});

it('lets go of the thread between the steps in which a kernel decodes a packet', async () => {
  const told: string[] = [];
  const frames = { planes: [new Float32Array(1)], frames: 1, channels: 1, sampleRate: 8_000 };
  const kernel: PacketDecoder = {
    decode: () => frames,
    *decodeInSteps() {
      told.push('read');
      yield;
      told.push('transformed');
      return frames;
    },
    reset() {},
  };
  const breathe = async () => void told.push('breath');
  const packets = [0, 1].map((timestamp) => ({ data: new Uint8Array(1), offset: 0, timestamp, duration: 1, join: true, preroll: 0 }));
  await new SharedDecoder(kernel, config, breathe).decode(packets, signal);
  const ofPacket = ['breath', 'read', 'breath', 'transformed'];
  expect(told).toEqual([...ofPacket, ...ofPacket]);
});
