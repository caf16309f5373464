import { describe, expect, inject, it } from 'vitest';
import type { Decoder } from '../../src/decode/decoder.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { webCodecs } from '../../src/decode/webcodecs.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import type { MediaInfo, Packet } from '../../src/media.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { concatenate, psnr } from '../fakes/pcm.ts';

const files = inject('pcmHashes');
const native = async () => webCodecs(globalThis);
const signal = new AbortController().signal;

async function open(name: string): Promise<{ readonly info: MediaInfo; readonly packets: readonly Packet[] }> {
  const url = files.find((file) => file.name === name)?.url ?? '';
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  const demuxer = await openDemuxer(new MemorySource(bytes), name, signal);
  const info = await demuxer.info(signal);
  const packets: Packet[] = [];
  for await (const packet of demuxer.packets(signal)) packets.push(packet);
  return { info, packets };
}

/** In batches of 7. */
async function decodeAll(decoder: Decoder, packets: readonly Packet[]): Promise<Float32Array[]> {
  const blocks = [];
  for (let i = 0; i < packets.length; i += 7) blocks.push(...(await decoder.decode(packets.slice(i, i + 7), signal)));
  return concatenate(blocks);
}

const samplesOf = (planes: readonly Float32Array[], from: Packet, to?: Packet) =>
  planes.map((plane) => plane.subarray(from.timestamp, to?.timestamp));

describe('the decoders of the browser', () => {
  it.each([
    ['cbr.mp3', 90],
    ['vbr.mp3', 90],
    ['stereo.aac', 90],
    ['moov-first.m4a', 90],
    ['stereo.flac', 130],
    ['mono-48k.flac', 130],
  ])('%s sounds as with ours, in as many frames', async (name, atLeastDb) => {
    const { info, packets } = await open(name);
    const [ours, theirs] = [await createDecoder(info.config), await createDecoder(info.config, { decoder: 'native', native })];
    const expected = await decodeAll(ours, packets);
    const actual = await decodeAll(theirs, packets);
    theirs.close();
    expect(actual[0]).toHaveLength(expected[0].length);
    expect(psnr(actual, expected)).toBeGreaterThan(atLeastDb);
  });

  it.each(['cbr.mp3', 'stereo.flac', 'stereo.aac'])('%s goes on behind broken packets, in time', async (name) => {
    const { info, packets } = await open(name);
    const expected = await decodeAll(await createDecoder(info.config), packets);
    const decoder = await createDecoder(info.config, { decoder: 'native', native });
    const broken = new Set([30, 60]);
    const damaged = packets.map((packet, i) => (broken.has(i) ? { ...packet, data: new Uint8Array(packet.data.length) } : packet));
    const actual = await decodeAll(decoder, damaged);
    decoder.close();
    expect(actual[0]).toHaveLength(expected[0].length);
    // What a browser makes of a packet of zeros is its own affair; behind it all is as it was.
    const [behind, next] = [packets[61 + packets[61].preroll + 1], packets.at(-1)];
    expect(psnr(samplesOf(actual, behind, next), samplesOf(expected, behind, next))).toBeGreaterThan(80);
    expect(psnr(samplesOf(actual, packets[0], packets[29]), samplesOf(expected, packets[0], packets[29]))).toBeGreaterThan(80);
  });

  it('begin anew after a reset', async () => {
    const { info, packets } = await open('cbr.mp3');
    const decoder = await createDecoder(info.config, { decoder: 'native', native });
    const first = await decodeAll(decoder, packets.slice(0, 14));
    decoder.reset();
    expect(psnr(await decodeAll(decoder, packets.slice(0, 14)), first)).toBe(Number.POSITIVE_INFINITY);
    decoder.close();
  });

  it('stop when told', async () => {
    const { info, packets } = await open('cbr.mp3');
    const decoder = await createDecoder(info.config, { decoder: 'native', native });
    const controller = new AbortController();
    const decoding = decoder.decode(packets.slice(0, 50), controller.signal);
    controller.abort(new Error('enough'));
    await expect(decoding).rejects.toThrow('enough');
    decoder.close();
  });

  it('are refused by name for a codec that they do not have', async () => {
    const { info } = await open('alac.m4a');
    const refused = createDecoder(info.config, { decoder: 'native', native });
    await expect(refused).rejects.toMatchObject({ code: 'decode.unavailable', details: { codec: info.config.codecString } });
  });
});
