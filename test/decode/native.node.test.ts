import { describe, expect, it } from 'vitest';
import { findNativeDecoders } from '../../src/decode/native.node.ts';
import type { NativeDecoders } from '../../src/decode/native.ts';
import { nodeAv } from '../../src/decode/node-av.node.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { webCodecs } from '../../src/decode/webcodecs.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import type { CodecConfig, Packet } from '../../src/media.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { concatenate, psnr } from '../fakes/pcm.ts';
import { fixtureBytes, fixtures } from '../fixtures/fixtures.ts';

// `npm run native` installs the two packages and runs this.
const napi = 'napi-rs';
const packages: readonly [name: string, native: NativeDecoders | undefined][] = [
  ['node-av', await nodeAv()],
  [napi, webCodecs(await import(`@${napi}/webcodecs`).catch(() => ({})))],
];
const installed = packages.filter(([, native]) => native !== undefined);

async function open(name: string) {
  const demuxer = await openDemuxer(new MemorySource(fixtureBytes(name)), name, never);
  return { info: await demuxer.info(never), packets: await packetsOf(demuxer) };
}

async function decode(packets: readonly Packet[], config: Parameters<typeof createDecoder>[0], native?: NativeDecoders) {
  const decoder = await createDecoder(config, native && { decoder: 'native', native: async () => native });
  const blocks = [];
  for (let i = 0; i < packets.length; i += 7) blocks.push(...(await decoder.decode(packets.slice(i, i + 7), never)));
  decoder.close();
  return { planes: concatenate(blocks), concealed: decoder.concealed };
}

describe('the decoders of FFmpeg in Node', () => {
  it('are found where the application has installed them, and only there', async () => {
    expect((await findNativeDecoders()) !== undefined).toBe(installed.length > 0);
  });

  for (const { name } of fixtures()) {
    for (const [family, native] of installed) {
      it(`${family} gives for ${name} what ours gives, or says that it does not`, async () => {
        const { info, packets } = await open(name);
        const ours = await decode(packets, info.config);
        const isSupported = await native?.supports(info.config);
        if (!isSupported) await expect(decode(packets, info.config, native)).rejects.toMatchObject({ code: 'decode.unavailable' });
        else expect(psnr((await decode(packets, info.config, native)).planes, ours.planes)).toBeGreaterThan(110);
      });
    }
  }

  it.each(installed)('%s conceals a broken packet and goes on', async (_, native) => {
    const { info, packets } = await open('cbr.mp3');
    const broken = packets.map((packet, i) => (i === 30 ? { ...packet, data: new Uint8Array(packet.data.length) } : packet));
    const [whole, damaged] = [await decode(packets, info.config), await decode(broken, info.config, native)];
    const behind = (planes: readonly Float32Array[]) => planes.map((plane) => plane.subarray(packets[40].timestamp));
    expect(damaged.concealed).toBe(1);
    expect(damaged.planes[0]).toHaveLength(whole.planes[0].length);
    expect(psnr(behind(damaged.planes), behind(whole.planes))).toBeGreaterThan(110);
  });
});

describe.runIf(fixtures().length > 0)('choosing a decoder', () => {
  const refused = async (): Promise<NativeDecoders> => ({
    name: 'none',
    supports: async () => false,
    create: () => expect.fail('not supported'),
  });
  /** A platform that decodes everything, and whether it was made to. */
  const platform = () => {
    const made: CodecConfig[] = [];
    const native = async (): Promise<NativeDecoders> => ({
      name: 'all',
      supports: async () => true,
      create: (config) => {
        made.push(config);
        return { concealed: 0, decode: async () => [], reset: () => {}, close: () => {} };
      },
    });
    return { made, native };
  };
  const ltp = Uint8Array.of(0x22, 0x10); // AudioSpecificConfig of AAC-LTP, which ours does not decode

  it('stays with ours wherever it decodes the stream', async () => {
    const { info } = await open('cbr.mp3');
    const { made, native } = platform();
    await createDecoder(info.config, { native });
    expect(made).toEqual([]);
    await createDecoder(info.config, { native, decoder: 'native' });
    expect(made).toEqual([info.config]);
  });

  it('goes to the platform for what ours refuses, if that can', async () => {
    const { info } = await open('stereo.aac');
    const config = { ...info.config, codecString: 'mp4a.40.4', description: ltp };
    const { made, native } = platform();
    await createDecoder(config, { native });
    expect(made).toEqual([config]);
    await expect(createDecoder(config, { native: refused })).rejects.toMatchObject({ code: 'media.unsupported' });
    await expect(createDecoder(config, { native, decoder: 'shared' })).rejects.toMatchObject({ code: 'media.unsupported' });
    await expect(createDecoder(config, { decoder: 'native' })).rejects.toMatchObject({ code: 'decode.unavailable' });
  });
});
