import { describe, expect, it } from 'vitest';
import { SharedDecoder } from '../../src/decode/shared.ts';
import { takeAll } from '../../src/decode/steps.ts';
import { VorbisDecoder } from '../../src/decode/vorbis/decoder.ts';
import { readSetup } from '../../src/decode/vorbis/setup.ts';
import { oggDemuxer } from '../../src/demux/ogg.ts';
import { decoderContract } from '../contracts/decoder.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { ffmpeg, ffmpegPlanes, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { oggOf } from '../fakes/ogg-writer.ts';
import { concatenate, psnr } from '../fakes/pcm.ts';
import { framesBetween, type VorbisShape, vorbisHeaders, vorbisPacket } from '../fakes/vorbis-writer.ts';
import { requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg');

/** Numbers below 256 of which the same seed gives the same. */
function randomBytes(seed: number, count: number): Uint8Array {
  let state = seed;
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state >>> 24;
  });
}

/** A stream of 60 packets of random bits, long enough for all that is read. */
function randomStream(shape: VorbisShape, seed: number): Uint8Array {
  const isLong = [...randomBytes(seed, 60)].map((byte) => byte > 100);
  const packets = isLong.map((long, i) => {
    const data = vorbisPacket(shape.floor, [isLong[i - 1] ?? true, long, isLong[i + 1] ?? true], randomBytes(seed + i + 1, 600));
    return { data };
  });
  const frames = isLong.reduce((sum, long, i) => sum + (i > 0 ? framesBetween(isLong[i - 1], long) : 0), 0);
  const headers = vorbisHeaders(shape).map((data) => ({ data, granule: 0 }));
  return oggOf([...headers, ...packets.slice(0, -1), { ...packets[packets.length - 1], granule: frames }]);
}

const kernelOf = (description: Uint8Array) => new VorbisDecoder(takeAll(readSetup(description)));

async function open(bytes: Uint8Array) {
  const demuxer = oggDemuxer(new MemorySource(bytes));
  const info = await demuxer.info(never);
  return { info, packets: await packetsOf(demuxer), decoder: new SharedDecoder(kernelOf(info.config.description), info.config) };
}

/** Only the loudest of random floors are far above full scale; what is beyond ±8 is clamped by us alone. */
const clamped = (planes: readonly Float32Array[]) => planes.map((plane) => plane.map((x) => Math.max(-8, Math.min(8, x))));

describe.runIf(hasFfmpeg)('decoding Vorbis', () => {
  const encode = (sampleRate: number, layout: string, channels: number, quality: number) =>
    ffmpeg([...ffmpegSignal(sampleRate, layout, channels, 3), ...`-c:a libvorbis -q:a ${quality} -f ogg`.split(' ')]);

  for (const [name, sampleRate, layout, channels, quality] of [
    ['8 kHz mono at the lowest quality', 8_000, 'mono', 1, -1],
    ['44.1 kHz stereo', 44_100, 'stereo', 2, 4],
    ['48 kHz stereo at the highest quality', 48_000, 'stereo', 2, 10],
    ['3.0', 44_100, '3.0', 3, 4],
    ['quad', 44_100, 'quad', 4, 4],
    ['5.0', 44_100, '5.0', 5, 4],
    ['5.1', 48_000, '5.1', 6, 4],
    ['6.1', 48_000, '6.1', 7, 4],
    ['7.1', 48_000, '7.1', 8, 4],
  ] as const) {
    const bytes = encode(sampleRate, layout, channels, quality);
    decoderContract({
      name: `Vorbis, ${name}`,
      open: async () => oggDemuxer(new MemorySource(bytes)),
      expected: ffmpegPlanes(bytes, channels, ['-c:a', 'vorbis']),
      atLeastDb: 110,
    });
  }

  it.each<VorbisShape>(
    ([0, 1, 2] as const).flatMap((residue) => [
      { channels: 1, floor: 0, residue },
      { channels: 1, floor: 1, residue },
      { channels: 2, floor: 1, residue },
    ]),
  )('agrees with ffmpeg about any bits: %j', async (shape) => {
    const seed = Date.now() % 100_000;
    console.log(`seed ${seed}`);
    const bytes = randomStream(shape, seed);
    const { packets, decoder } = await open(bytes);
    const ours = concatenate(await decoder.decode(packets, never));
    // Its SSE code decouples a magnitude of 0 otherwise than its C code, libvorbis and the specification do.
    const theirs = clamped(ffmpegPlanes(bytes, shape.channels, ['-cpuflags', '0', '-c:a', 'vorbis']));
    expect(decoder.concealed).toBe(0);
    expect(Math.max(...theirs[0].map(Math.abs))).toBeGreaterThan(1e-3);
    expect(theirs[0].length).toBe(ours[0].length);
    expect(psnr(ours, theirs)).toBeGreaterThan(80);
  });

  it('keeps time after a reset: of the first packet only the second half of a block is there', async () => {
    const { packets, decoder } = await open(encode(44_100, 'stereo', 2, 4));
    const straight = concatenate(await decoder.decode(packets, never));
    decoder.reset();
    const [block] = await decoder.decode(packets.slice(20, 40), never);
    expect(block.timestamp).toBe(packets[20].timestamp);
    const settled = packets[21].timestamp - block.timestamp;
    const expected = straight.map((plane) => plane.subarray(packets[21].timestamp, packets[40].timestamp));
    expect(
      psnr(
        block.planes.map((plane) => plane.subarray(settled)),
        expected,
      ),
    ).toBe(Number.POSITIVE_INFINITY);
    expect(block.planes[0].subarray(0, settled).every((x) => x === 0)).toBe(true);
  });

  it.each([
    ['no channels', 11, 1],
    ['no sample rate', 12, 4],
  ])('refuses headers of %s', async (_, at, length) => {
    const { info } = await open(encode(44_100, 'stereo', 2, 4));
    const description = info.config.description.slice();
    const identification = Buffer.from(description).indexOf('\x01vorbis', 0, 'latin1');
    description.fill(0, identification + at, identification + at + length);
    expect(outcomeOf(() => kernelOf(description).decode(new Uint8Array(200)))).toBe('media.malformed');
  });

  it('refuses headers with a typed error whatever bytes of them are changed', async () => {
    const seed = Date.now() % 100_000;
    console.log(`seed ${seed}`);
    const { info } = await open(encode(44_100, 'stereo', 2, 4));
    for (let round = 0; round < 300; round++) {
      const random = randomBytes(seed + round, 24);
      const description = info.config.description.slice(0, round % 4 ? undefined : random[0] * 16);
      for (let i = 0; i < 8; i++) description[((random[3 * i] << 8) | random[3 * i + 1]) % description.length] = random[3 * i + 2];
      const outcome = outcomeOf(() => kernelOf(description).decode(randomBytes(round, 200)));
      expect(outcome, `round ${round}`).toMatch(/^(decoded|media\.malformed|media\.limit|decode\.failed)$/);
    }
  });
});

function outcomeOf(action: () => void): string {
  try {
    action();
    return 'decoded';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
