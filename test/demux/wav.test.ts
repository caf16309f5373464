import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { PcmDecoder } from '../../src/decode/pcm.ts';
import { wavDemuxer } from '../../src/demux/wav.ts';
import { isAulosError } from '../../src/errors.ts';
import type { Packet } from '../../src/media.ts';
import { demux, md5, never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { randomFrom } from '../fakes/noise.ts';
import { corpus, requireTool } from '../tools.ts';

const files = corpus();
const hasFfmpeg = requireTool('ffmpeg');

const join = (...parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const le16 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint16Array.from(values).buffer);
const le32 = (...values: readonly number[]): Uint8Array => new Uint8Array(Uint32Array.from(values).buffer);
const chunk = (id: string, body: Uint8Array, size = body.length): Uint8Array =>
  join(ascii(id), le32(size), body, new Uint8Array(body.length & 1));
const riff = (...chunks: readonly Uint8Array[]): Uint8Array => join(ascii('RIFF'), le32(0), ascii('WAVE'), ...chunks);

const RATE = 8_000;
/** 16-bit stereo. */
const format = chunk('fmt ', join(le16(1, 2), le32(RATE, RATE * 4), le16(4, 16)));
const sound = Uint8Array.from({ length: 5_000 * 4 }, (_, i) => i * 7);
const payload = (packets: readonly Packet[]): Uint8Array => join(...packets.map(({ data }) => data));

/** Interleaved, as Float32 of the low end first. */
async function decodeFloats(bytes: Uint8Array): Promise<Buffer> {
  const demuxer = wavDemuxer(new MemorySource(bytes));
  const { config } = await demuxer.info(never);
  const decoder = new PcmDecoder(config);
  const floats: number[] = [];
  for (const { data } of await packetsOf(demuxer)) {
    const { planes, frames, channels } = decoder.decode(data);
    for (let i = 0; i < frames; i++) for (let c = 0; c < channels; c++) floats.push(planes[c][i]);
  }
  return Buffer.from(Float32Array.from(floats).buffer);
}

describe.runIf(files)('the WAV corpus', () => {
  const wavs = files?.files.filter(({ file }) => file.endsWith('.wav')) ?? [];
  const read = (file: string) => readFileSync(path.join(files!.folder, file));

  const playable = wavs.filter(({ expected }) => expected.outcome === 'decodes');
  it.each(playable.map(({ file, expected }) => [file, expected] as const))('%s has the frames it should have', async (file, expected) => {
    const demuxer = wavDemuxer(new MemorySource(read(file)));
    const info = await demuxer.info(never);
    expect(info).toMatchObject({ frames: expected.frames, durationIsExact: true });
    expect(info.config).toMatchObject({ sampleRate: expected.sampleRate, channels: expected.channels });
    const packets = await packetsOf(demuxer);
    expect(packets.reduce((sum, { duration }) => sum + duration, 0)).toBe(expected.frames);
  });

  const convertible = playable.filter(({ expected }) => expected.pcm);
  it.runIf(hasFfmpeg).each(convertible.map(({ file }) => [file] as const))('%s decodes to what ffmpeg gives', async (file) => {
    const reference = execFileSync('ffmpeg', ['-v', 'quiet', '-i', path.join(files!.folder, file), '-f', 'f32le', '-'], {
      maxBuffer: 2 ** 28,
    });
    expect(md5(await decodeFloats(read(file)))).toBe(md5(reference));
  });

  it('reads 24-bit samples that lie in the low bytes of 4', async () => {
    const file = 'wav/hound-pcmwaveformat-24bit-4byte-48kHz-stereo.wav';
    const samples = wavs.find((wav) => wav.file === file)?.expected.interleavedSamples as number[];
    const floats = Float32Array.from(samples, (sample) => sample / 2 ** 23);
    expect(md5(await decodeFloats(read(file)))).toBe(md5(new Uint8Array(floats.buffer)));
  });

  it.each([
    ['wav/androidx-sample_ima_adpcm.wav', 'WAV with IMA ADPCM'],
    ['bad/musicmeta-gsm610.wav', 'WAV with GSM 6.10'],
  ])('%s is refused by name', async (file, what) => {
    const info = wavDemuxer(new MemorySource(read(file))).info(never);
    await expect(info).rejects.toMatchObject({ code: 'media.unsupported', details: { what, offset: 20 } });
  });

  it('bad/lofty-2…wav plays although what follows the data is damaged', async () => {
    const packets = await demux(wavDemuxer, read('bad/lofty-2_IDX_63_RAND_104275228651573584855676.wav'));
    expect(packets.reduce((sum, { duration }) => sum + duration, 0)).toBe(1_961);
  });
});

describe.runIf(hasFfmpeg)('WAV as ffmpeg writes it into a pipe, without sizes', () => {
  it.each([
    ['24 bits in 6 channels, extensible', ['-c:a', 'pcm_s24le', '-ac', '6']],
    ['floats', ['-c:a', 'pcm_f32le']],
    ['8 bits', ['-c:a', 'pcm_u8']],
    ['16 bits', ['-c:a', 'pcm_s16le']],
  ])('%s', async (_, options) => {
    const run = (...args: string[]) => execFileSync('ffmpeg', ['-v', 'error', ...args], { maxBuffer: 2 ** 28 });
    const wav = run('-f', 'lavfi', '-i', 'aevalsrc=sin(440*t)|cos(t*300):d=1', ...options, '-f', 'wav', '-');
    const reference = execFileSync('ffmpeg', ['-v', 'error', '-i', '-', '-f', 'f32le', '-'], { input: wav, maxBuffer: 2 ** 28 });
    expect(md5(await decodeFloats(wav))).toBe(md5(reference));
  });
});

describe('demuxing WAV', () => {
  const file = riff(format, chunk('data', sound));
  const facts = ({ offset, timestamp, duration, data }: Packet) => ({ offset, timestamp, duration, data: md5(data) });

  it('cuts the data into packets of 1,024 frames', async () => {
    const packets = await demux(wavDemuxer, file);
    expect(packets.map(({ timestamp, duration }) => [timestamp, duration])).toEqual([
      [0, 1_024],
      [1_024, 1_024],
      [2_048, 1_024],
      [3_072, 1_024],
      [4_096, 904],
    ]);
    expect(payload(packets)).toEqual(sound);
  });

  it.each([{ grain: 1 }, { grain: 333 }, { unknownLength: true }])('gives the same packets with %o', async (options) => {
    expect((await demux(wavDemuxer, file, options)).map(facts)).toEqual((await demux(wavDemuxer, file)).map(facts));
  });

  it('asks for a packet, not for more, before it gives one', async () => {
    const source = new MemorySource(file, { grain: 1 });
    await wavDemuxer(source).packets(never)[Symbol.asyncIterator]().next();
    expect(Math.max(...source.reads.map(({ end }) => end))).toBe(44 + 1_024 * 4);
  });

  it('seeks by arithmetic, without reading, onto packets of the straight run', async () => {
    const source = new MemorySource(file);
    const demuxer = wavDemuxer(source);
    const straight = (await packetsOf(demuxer)).map(facts);
    const before = source.reads.length;
    const point = await demuxer.seek(0.4, never);
    expect(source.reads).toHaveLength(before);
    expect(point).toEqual({ offset: 44 + 3_072 * 4, index: 0, timestamp: 3_072, target: 3_200, exact: true, errorBound: 0 });
    expect((await packetsOf(demuxer, point)).map(facts)).toEqual(straight.slice(3));
    expect(await demuxer.seek(99, never)).toMatchObject({ target: 5_000 });
  });

  it.each([
    ['0', 0],
    ['all ones', 0xffffffff],
    ['more than there is', 10_000_000],
  ])('a data size of %s lasts to the end of the resource', async (_, size) => {
    const bytes = riff(format, chunk('data', sound, size));
    expect(await wavDemuxer(new MemorySource(bytes)).info(never)).toMatchObject({ frames: 5_000 });
    expect(payload(await demux(wavDemuxer, bytes))).toEqual(sound);
  });

  it('does not know how long it is when neither the data size nor the resource says so', async () => {
    const bytes = riff(format, chunk('data', sound, 0xffffffff));
    const source = new MemorySource(bytes, { unknownLength: true });
    expect(await wavDemuxer(source).info(never)).toMatchObject({ frames: undefined, duration: undefined, durationIsExact: false });
    expect(payload(await demux(wavDemuxer, bytes, { unknownLength: true }))).toEqual(sound);
  });

  it('takes the size of the data from ds64, and stops there', async () => {
    const ds64 = chunk('ds64', join(le32(0, 0, 4_000, 0, 0, 0, 0)));
    const bytes = join(ascii('RF64'), le32(0xffffffff), ascii('WAVE'), ds64, format, chunk('data', sound, 0xffffffff));
    expect(payload(await demux(wavDemuxer, bytes))).toEqual(sound.subarray(0, 4_000));
  });

  it('drops a partial frame at the end', async () => {
    expect(payload(await demux(wavDemuxer, riff(format, chunk('data', sound.subarray(0, 4_003)))))).toEqual(sound.subarray(0, 4_000));
  });

  it('steps over chunks of odd size and reads LIST INFO before the data', async () => {
    const info = join(ascii('INFO'), chunk('INAM', ascii('Title\0')), chunk('IART', ascii('Who')), chunk('ICRD', ascii('1987\0')));
    const bytes = riff(chunk('junk', ascii('odd')), chunk('LIST', info), format, chunk('data', sound));
    expect((await wavDemuxer(new MemorySource(bytes)).info(never)).tags).toEqual({ title: 'Title', artist: 'Who', date: '1987' });
    expect(payload(await demux(wavDemuxer, bytes))).toEqual(sound);
  });

  it('reads RIFX, which is big-endian', async () => {
    const swap = (bytes: Uint8Array, width: 2 | 4) => (width === 2 ? Buffer.from(bytes).swap16() : Buffer.from(bytes).swap32());
    const body = join(swap(le16(1, 2), 2), swap(le32(RATE, RATE * 4), 4), swap(le16(4, 16), 2));
    const bytes = join(
      ascii('RIFX'),
      le32(0),
      ascii('WAVEfmt '),
      swap(le32(16), 4),
      body,
      ascii('data'),
      swap(le32(8), 4),
      sound.subarray(0, 8),
    );
    const { config, frames } = await wavDemuxer(new MemorySource(bytes)).info(never);
    expect(config).toMatchObject({ sampleRate: RATE, channels: 2, pcm: { encoding: 'int', bits: 16, bigEndian: true } });
    expect(frames).toBe(2);
  });

  it.each([
    ['no format', 'media.malformed', riff(chunk('data', sound))],
    ['no channels', 'media.malformed', riff(chunk('fmt ', join(le16(1, 0), le32(RATE, 0), le16(0, 16))), chunk('data', sound))],
    ['no rate', 'media.malformed', riff(chunk('fmt ', join(le16(1, 2), le32(0, 0), le16(4, 16))), chunk('data', sound))],
    ['200 channels', 'media.limit', riff(chunk('fmt ', join(le16(1, 200), le32(RATE, 0), le16(400, 16))), chunk('data', sound))],
    ['a frame that the channels do not divide', 'media.malformed', riff(chunk('fmt ', join(le16(1, 3), le32(RATE, 0), le16(4, 16))))],
    ['no data', 'media.truncated', riff(format)],
    ['a thousand chunks', 'media.limit', riff(...Array<Uint8Array>(2_000).fill(chunk('junk', new Uint8Array(0))))],
    ['other magic', 'media.malformed', new Uint8Array(100)],
  ])('refuses a file with %s', async (_, code, bytes) => {
    const info = wavDemuxer(new MemorySource(bytes)).info(never);
    await expect(info).rejects.toMatchObject({ code, details: { offset: expect.any(Number) } });
  });

  it('cut at any byte gives what is there, or a typed error', async () => {
    const small = riff(chunk('LIST', join(ascii('INFO'), chunk('INAM', ascii('Title')))), format, chunk('data', sound.subarray(0, 400)));
    for (let length = 0; length < small.length; length++) {
      const outcome = await demux(wavDemuxer, small.subarray(0, length)).catch((error: unknown) => error);
      if (Array.isArray(outcome)) expect(payload(outcome)).toEqual(sound.subarray(0, (length - (small.length - 400)) & ~3));
      else expect(isAulosError(outcome, 'media.truncated'), `cut at ${length}: ${outcome}`).toBe(true);
    }
  });

  it('with bytes changed anywhere in the head gives packets or a typed error (seed 5)', async () => {
    const small = riff(chunk('LIST', join(ascii('INFO'), chunk('INAM', ascii('Title')))), format, chunk('data', sound.subarray(0, 400)));
    const random = randomFrom(5);
    for (let round = 0; round < 500; round++) {
      const bytes = small.slice();
      for (let i = 0; i < 3; i++) bytes[Math.floor(random() * 80)] = random() * 256;
      const outcome = await demux(wavDemuxer, bytes).catch((error: unknown) => error);
      const isFine = Array.isArray(outcome) || (isAulosError(outcome) && /^media\./.test(outcome.code));
      expect(isFine, `round ${round}: ${outcome}`).toBe(true);
    }
  });
});
