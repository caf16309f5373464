import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wavDemuxer } from '../../src/demux/wav.ts';
import type { SampleFormat } from '../../src/playback/pcm-encoding.ts';
import { encodePcm } from '../../src/playback/pcm-encoding.ts';
import { fileSink, streamSink } from '../../src/playback/pcm-sink.node.ts';
import { wavHeader } from '../../src/playback/wav-header.ts';
import { sinkContract } from '../contracts/sink.ts';
import { MemorySource } from '../fakes/memory-source.ts';

const signal = new AbortController().signal;
let folder = '';
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'aulos-sink-'));
});
afterAll(() => rm(folder, { recursive: true }));

const leftOf = (bytes: Uint8Array, at: number) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  return Array.from({ length: (bytes.length - at) / 8 }, (_, i) => view.getFloat32(i * 8, true));
};

sinkContract('a WAV file', async () => {
  const file = path.join(folder, `${files++}.wav`);
  const sink = await fileSink(file, { format: 'f32le', wav: true });
  return { sink, heard: async () => leftOf(await readFile(file), 104) };
});

sinkContract('a pipe of raw PCM', async () => {
  const stream = new PassThrough({ highWaterMark: 2 ** 20 });
  return { sink: streamSink(stream, { format: 'f32le', wav: false }), heard: async () => leftOf(stream.read() ?? Buffer.alloc(0), 0) };
});

const config = { epoch: 0, codec: 'pcm-f32', mimeType: 'audio/pcm', sampleRate: 8_000, channels: 1, header: new Uint8Array() } as const;
const block = (samples: number[]) => ({ planes: [Float32Array.from(samples)], sampleRate: 8_000, timestamp: 0 });

describe('fileSink', () => {
  it('shows the file under its name only when it is whole, and leaves nothing when it is not', async () => {
    const own = await mkdtemp(path.join(folder, 'own-'));
    const file = path.join(own, 'out.wav');
    const sink = await fileSink(file, { format: 's16le', wav: true });
    await sink.configure(config);
    await sink.write(block([0, 0.5]), 0, signal);
    expect(await readdir(own)).not.toContain('out.wav');
    await sink.close();
    expect(await readdir(own)).toEqual([]);
  });

  it('corrects the header when the announced length was wrong', async () => {
    const file = path.join(folder, 'corrected.wav');
    const sink = await fileSink(file, { format: 's16le', wav: true, frames: 99 });
    await sink.configure(config);
    await sink.write(block([0, 0.5, -1]), 0, signal);
    await sink.drain(signal);
    const bytes = await readFile(file);
    expect(bytes.readUInt32LE(100)).toBe(6);
    expect(bytes.subarray(104)).toEqual(Buffer.from([0, 0, 0, 0x40, 0, 0x80]));
  });

  it('says store.io for a folder that is not there', async () => {
    await expect(fileSink(path.join(folder, 'no/such/out.wav'), { format: 's16le', wav: true })).rejects.toMatchObject({
      code: 'store.io',
      details: { errno: 'ENOENT' },
    });
  });
});

describe('streamSink', () => {
  it('waits for a slow reader, and ends with store.io when the reader goes away', async () => {
    const stream = new PassThrough({ highWaterMark: 16 });
    const sink = streamSink(stream, { format: 'f32le', wav: false });
    await sink.configure(config);
    const waiting = sink.write(block(Array(100).fill(0)), 0, signal);
    stream.destroy(Object.assign(new Error('broken pipe'), { code: 'EPIPE' }));
    await expect(waiting).rejects.toMatchObject({ code: 'store.io', details: { errno: 'EPIPE' } });
  });
});

describe('encodePcm', () => {
  it.each<[SampleFormat, number[], number[]]>([
    ['s16le', [0, 1, -1, 0.5, 2, -2, 1 / 32768], [0, 32767, -32768, 16384, 32767, -32768, 1]],
    ['s24le', [0, 1, -1, 0.5, -1 / 8388608], [0, 8388607, -8388608, 4194304, -1]],
  ])('rounds and clips to %s', (format, samples, expected) => {
    const bytes = Buffer.from(encodePcm(block(samples), format));
    const width = format === 's16le' ? 2 : 3;
    expect(expected.map((_, i) => bytes.readIntLE(i * width, width))).toEqual(expected);
  });

  it('interleaves channels', () => {
    const planes = [Float32Array.of(0.25, 0.5), Float32Array.of(-0.25, -0.5)];
    const bytes = encodePcm({ planes, sampleRate: 8_000, timestamp: 0 }, 'f32le');
    expect([...new Float32Array(bytes.buffer)]).toEqual([0.25, -0.25, 0.5, -0.5]);
  });
});

describe('wavHeader', () => {
  it.each([
    ['s16le', 2, 16],
    ['s24le', 6, 24],
    ['f32le', 1, 32],
  ] as const)('writes a header that a reader takes for %s in %i channels', async (format, channels, bits) => {
    const header = wavHeader({ sampleRate: 48_000, channels, format }, (1_000 * channels * bits) / 8);
    const bytes = new Uint8Array(header.length + (1_000 * channels * bits) / 8);
    bytes.set(header);
    const info = await wavDemuxer(new MemorySource(bytes)).info(signal);
    expect(info).toMatchObject({ frames: 1_000, config: { sampleRate: 48_000, channels, pcm: { bits } } });
  });

  it('becomes RF64 above 4 GiB', () => {
    const header = Buffer.from(wavHeader({ sampleRate: 48_000, channels: 2, format: 'f32le' }, 5e9));
    expect([header.toString('latin1', 0, 4), header.toString('latin1', 12, 16)]).toEqual(['RF64', 'ds64']);
    expect(header.readBigUInt64LE(28)).toBe(5_000_000_000n);
    expect(header.readUInt32LE(100)).toBe(0xffffffff);
  });
});
