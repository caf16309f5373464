import { describe, expect, it } from 'vitest';
import { PcmDecoder } from '../../src/decode/pcm.ts';
import { aiffDemuxer } from '../../src/demux/aiff.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { matrixFailures } from '../conformance/matrix.ts';
import { demuxerContract } from '../contracts/demuxer.ts';
import { md5, never, packetsOf } from '../fakes/demuxed.ts';
import { ffmpeg, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { makeWithFfmpeg } from '../fakes/ffprobe.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg');

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const be16 = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 255);
const be32 = (value: number): Uint8Array => join(be16(value >>> 16), be16(value & 0xffff));
const chunk = (id: string, body: Uint8Array, size = body.length): Uint8Array =>
  join(ascii(id), be32(size), body, new Uint8Array(body.length & 1));
const form = (type: string, ...chunks: readonly Uint8Array[]): Uint8Array => join(ascii('FORM'), be32(0), ascii(type), ...chunks);

/** 44,100 as the standard's own example has it. */
const RATE = Uint8Array.of(0x40, 0x0e, 0xac, 0x44, 0, 0, 0, 0, 0, 0);
const format = (channels: number, frames: number, bits: number, compression = '', rate = RATE) =>
  chunk(
    'COMM',
    join(be16(channels), be32(frames), be16(bits), rate, ascii(compression), compression ? Uint8Array.of(0, 0) : new Uint8Array()),
  );
const ssnd = (samples: Uint8Array, offset = 0) => chunk('SSND', join(be32(offset), be32(0), new Uint8Array(offset), samples));
const samples = Uint8Array.from({ length: 4_000 }, (_, i) => i * 7);

async function dataOf(bytes: Uint8Array): Promise<Uint8Array> {
  return join(...(await packetsOf(aiffDemuxer(new MemorySource(bytes)))).map(({ data }) => data));
}

/** Encoders of ffmpeg, by the format of PCM that it calls the same. */
const ENCODERS = ['s8', 's16be', 's24be', 's32be', 's16le', 'f32be', 'f64be', 'alaw', 'mulaw'];

describe.runIf(hasFfmpeg)('AIFF by ffmpeg', () => {
  const made = (encoder: string) =>
    makeWithFfmpeg('made.aiff', [...ffmpegSignal(44_100, 'stereo', 2, 0.5), '-c:a', `pcm_${encoder}`]).bytes;

  it.each(ENCODERS)('decodes to what ffmpeg decodes: %s', async (encoder) => {
    const bytes = made(encoder);
    const demuxer = await openDemuxer(new MemorySource(bytes), 'x', never);
    const info = await demuxer.info(never);
    expect(info).toMatchObject({ container: 'aiff', frames: 22_050, config: { sampleRate: 44_100, channels: 2 } });
    const decoder = new PcmDecoder(info.config);
    const floats: number[] = [];
    for (const { data } of await packetsOf(demuxer)) {
      const { planes, frames } = decoder.decode(data);
      for (let i = 0; i < frames; i++) floats.push(planes[0][i], planes[1][i]);
    }
    const reference = ffmpeg(['-f', 'aiff', '-i', '-', '-f', 'f32le'], bytes);
    expect(md5(new Uint8Array(Float32Array.from(floats).buffer))).toBe(md5(reference));
  });

  demuxerContract(aiffDemuxer, {
    name: 'AIFF',
    bytes: hasFfmpeg ? made('s16be') : samples,
    sampleRate: 44_100,
    channels: 2,
    frames: 22_050,
  });

  it('does not depend on how bytes come', async () => {
    expect(await matrixFailures('made.aiff', made('s24be'), 7)).toEqual([]);
  });

  it('tells the tags that ffmpeg writes, in chunks and as ID3', async () => {
    const tags = ['-metadata', 'title=Reed', '-metadata', 'artist=Aulos', '-metadata', 'comment=Söl'];
    for (const id3 of ['0', '1']) {
      const args = [...ffmpegSignal(8_000, 'mono', 1, 1), ...tags, '-write_id3v2', id3];
      const demuxer = aiffDemuxer(new MemorySource(makeWithFfmpeg('tags.aiff', args).bytes));
      expect((await demuxer.metadata?.(never))?.tags).toMatchObject({ title: 'Reed', comment: 'Söl' });
    }
  });
});

describe('AIFF', () => {
  it.each<[string, number, object]>([
    ['a width between bytes', 12, { encoding: 'int', bits: 16 }],
    ['20 bits', 20, { encoding: 'int', bits: 24 }],
    ['8 bits, signed', 8, { encoding: 'int', bits: 8 }],
  ])('reads %s', async (_, bits, pcm) => {
    const info = await aiffDemuxer(new MemorySource(form('AIFF', format(1, 500, bits), ssnd(samples)))).info(never);
    expect(info.config.pcm).toMatchObject({ ...pcm, bigEndian: true });
    expect(info).toMatchObject({ bitsPerSample: bits, frames: 500 });
  });

  it('finds the format behind the samples, and samples behind an offset', async () => {
    expect(await dataOf(form('AIFF', ssnd(samples), format(2, 1_000, 16)))).toEqual(samples);
    expect(await dataOf(form('AIFF', format(2, 1_000, 16), ssnd(samples, 10)))).toEqual(samples);
  });

  it('plays to the end of a file whose sizes were never filled in, or that was cut', async () => {
    const open = form('AIFF', format(2, 0, 16), chunk('SSND', join(new Uint8Array(8), samples), 0x7fffffff));
    expect(await dataOf(open)).toEqual(samples);
    expect(await dataOf(form('AIFF', format(2, 1_000, 16), ssnd(samples)).subarray(0, -1_001))).toEqual(samples.subarray(0, 2_996));
  });

  it('rounds rates of old machines', async () => {
    const mac = Uint8Array.of(0x40, 0x0d, 0xad, 0xdd, 0x17, 0x45, 0xd1, 0x74, 0x5d, 0x17); // 22,254.54…
    const info = await aiffDemuxer(new MemorySource(form('AIFF', format(1, 4_000, 8, '', mac), ssnd(samples)))).info(never);
    expect(info.config.sampleRate).toBe(22_255);
  });

  it('reads Macintosh text, and tags behind the samples when they are asked for', async () => {
    const bytes = form(
      'AIFF',
      format(2, 1_000, 16),
      ssnd(samples),
      chunk('NAME', Uint8Array.of(0x4f, 0x86, 0)),
      chunk('AUTH', ascii('Aulos')),
    );
    const demuxer = aiffDemuxer(new MemorySource(bytes));
    expect((await demuxer.info(never)).tags).toEqual({});
    expect((await demuxer.metadata?.(never))?.tags).toEqual({ title: 'OÜ', artist: 'Aulos' });
    expect((await demuxer.info(never)).tags).toEqual({ title: 'OÜ', artist: 'Aulos' });
  });

  it.each<[string, Uint8Array, string, RegExp]>([
    ['IMA ADPCM', form('AIFC', format(2, 100, 16, 'ima4'), ssnd(samples)), 'media.unsupported', /IMA ADPCM/],
    ['unknown compression', form('AIFC', format(2, 100, 16, '\x01x"?'), ssnd(samples)), 'media.unsupported', /compression/],
    ['no channels', form('AIFF', format(0, 100, 16), ssnd(samples)), 'media.malformed', /format/],
    ['no rate', form('AIFF', format(1, 100, 16, '', new Uint8Array(10)), ssnd(samples)), 'media.malformed', /format/],
    ['99 bits', form('AIFF', format(1, 100, 99), ssnd(samples)), 'media.malformed', /99 bits/],
    ['no samples', form('AIFF', format(1, 100, 16)), 'media.truncated', /chunk/],
    ['1,000 channels', form('AIFF', format(1_000, 100, 16), ssnd(samples)), 'media.limit', /channels/],
  ])('refuses %s with a byte offset', async (_, bytes, code, message) => {
    const error = await aiffDemuxer(new MemorySource(bytes))
      .info(never)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, details: { offset: expect.any(Number) }, message: expect.stringMatching(message) });
  });
});
