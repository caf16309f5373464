import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/registry.ts';
import type { Demuxer } from '../../src/demux/demuxer.ts';
import type { MediaInfo, Packet, PcmBlock } from '../../src/media.ts';
import { concatenate, psnr } from '../fakes/pcm.ts';

const signal = new AbortController().signal;

export interface DecoderCase {
  readonly name: string;
  readonly open: () => Promise<Demuxer>;
  /** What an independent decoder gives for the presented frames. */
  readonly expected: readonly Float32Array[];
  /** Least PSNR against it, dB; Infinity for lossless. */
  readonly atLeastDb: number;
}

interface Loaded {
  readonly info: MediaInfo;
  readonly packets: readonly Packet[];
}

async function load(open: () => Promise<Demuxer>): Promise<Loaded> {
  const demuxer = await open();
  const info = await demuxer.info(signal);
  const packets: Packet[] = [];
  for await (const packet of demuxer.packets(signal)) packets.push(packet);
  return { info, packets };
}

/** Decodes in batches of `size`. */
async function decodeAll({ info, packets }: Loaded, size: number): Promise<PcmBlock[]> {
  const decoder = await createDecoder(info.config);
  const blocks: PcmBlock[] = [];
  for (let i = 0; i < packets.length; i += size) blocks.push(...(await decoder.decode(packets.slice(i, i + size), signal)));
  decoder.close();
  return blocks;
}

/** What every decoder owes, on one sound file. */
export function decoderContract({ name, open, expected, atLeastDb }: DecoderCase): void {
  describe(`decoder of ${name}`, () => {
    it(`sounds as the reference does (≥ ${atLeastDb} dB)`, async () => {
      const loaded = await load(open);
      const planes = concatenate(await decodeAll(loaded, 4));
      const presented = planes.map((plane) => plane.subarray(loaded.info.encoderDelay));
      expect(presented).toHaveLength(expected.length);
      expect(psnr(presented, expected)).toBeGreaterThanOrEqual(atLeastDb);
    });

    it('gives the same sound whatever the batches', async () => {
      const loaded = await load(open);
      const [one, seven] = [concatenate(await decodeAll(loaded, 1)), concatenate(await decodeAll(loaded, 7))];
      expect(psnr(one, seven)).toBe(Number.POSITIVE_INFINITY);
      expect(one[0]).toHaveLength(seven[0].length);
    });

    it('gives blocks whose timestamps follow from the packets', async () => {
      const loaded = await load(open);
      let next = loaded.packets[0].timestamp;
      for (const { timestamp, planes } of await decodeAll(loaded, 3)) {
        expect(timestamp).toBe(next);
        next += planes[0].length;
      }
    });

    it('begins anew after a reset', async () => {
      const { info, packets } = await load(open);
      const decoder = await createDecoder(info.config);
      const first = await decoder.decode(packets.slice(0, 5), signal);
      await decoder.decode(packets.slice(5, 9), signal);
      decoder.reset();
      const again = await decoder.decode(packets.slice(0, 5), signal);
      expect(psnr(concatenate(again), concatenate(first))).toBe(Number.POSITIVE_INFINITY);
    });

    it('conceals a broken packet by silence of its length, counts it, and goes on', async () => {
      const { info, packets } = await load(open);
      const decoder = await createDecoder(info.config);
      const broken = { ...packets[3], data: new Uint8Array(0) };
      const blocks = await decoder.decode([...packets.slice(0, 3), broken, ...packets.slice(4, 8)], signal);
      const frames = packets.slice(0, 8).reduce((sum, { duration }) => sum + duration, 0);
      expect(concatenate(blocks)[0]).toHaveLength(frames);
      expect(decoder.concealed).toBe(1);
    });

    it('gives up when most packets are broken', async () => {
      const { info, packets } = await load(open);
      const decoder = await createDecoder(info.config);
      const broken = packets.slice(0, 8).map((packet) => ({ ...packet, data: new Uint8Array(0) }));
      await expect(decoder.decode(broken, signal)).rejects.toMatchObject({ code: 'decode.failed' });
    });

    it('survives noise in place of packets, with finite samples within ±8', async () => {
      const { info, packets } = await load(open);
      let state = 1;
      const noise = packets.slice(0, 60).map((packet) => ({
        ...packet,
        data: packet.data.map(() => {
          state = (Math.imul(state, 1664525) + 1013904223) | 0;
          return state >>> 24;
        }),
      }));
      const decoder = await createDecoder(info.config);
      let loudest = 0;
      for (const packet of noise) {
        decoder.reset(); // so that the budget for concealed packets does not end the test
        for (const { planes } of await decoder.decode([packet], signal)) {
          for (const plane of planes) for (const x of plane) loudest = Math.max(loudest, Number.isFinite(x) ? Math.abs(x) : 99);
        }
      }
      expect(loudest).toBeLessThanOrEqual(8);
    });
  });
}
