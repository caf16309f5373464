import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { FlacDecoder } from '../../src/decode/flac/decoder.ts';
import { flacDemuxer } from '../../src/demux/flac.ts';
import { isAulosError } from '../../src/errors.ts';
import type { CodecConfig, Packet } from '../../src/media.ts';
import { md5, never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { type Tone, tonePcm } from '../fakes/noise.ts';
import { type CorpusFile, corpus, requireTool } from '../tools.ts';

const files = corpus();
const hasFlac = requireTool('flac');

/** The integers of the frame that was decoded last, as `flac -d` writes them. */
function interleaved({ samples, bits }: FlacDecoder, frames: number, channels: number): Uint8Array {
  const width = Math.ceil(bits / 8);
  const bytes = Buffer.alloc(frames * channels * width);
  for (let i = 0; i < frames; i++) for (let c = 0; c < channels; c++) bytes.writeIntLE(samples[c][i], (i * channels + c) * width, width);
  return bytes;
}

async function open(bytes: Uint8Array): Promise<{ config: CodecConfig; packets: Packet[] }> {
  const demuxer = flacDemuxer(new MemorySource(bytes));
  const { config } = await demuxer.info(never);
  return { config, packets: await packetsOf(demuxer) };
}

function decodeAll(config: CodecConfig, packets: readonly Packet[]): { pcm: Uint8Array[]; frames: number } {
  const decoder = new FlacDecoder(config);
  const pcm: Uint8Array[] = [];
  let frames = 0;
  for (const packet of packets) {
    const decoded = decoder.decode(packet.data);
    pcm.push(interleaved(decoder, decoded.frames, decoded.channels));
    frames += decoded.frames;
  }
  return { pcm, frames };
}

/** Encodes raw PCM with the reference encoder. */
function encode(pcm: Uint8Array, { bits, channels }: Tone, options: readonly string[]): Uint8Array {
  const raw = ['--force-raw-format', '--endian=little', '--sign=signed', '--sample-rate=48000', `--bps=${bits}`, `--channels=${channels}`];
  return execFileSync('flac', ['-s', '-c', '--lax', ...raw, ...options, '-'], {
    input: pcm,
    maxBuffer: 2 ** 28,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
}

/**
 * What tools say of damaged STREAMINFO does not bind: libFLAC's MD5 is of the frames that it decodes; where the manifest has none, the
 * reference is what `flac` decoded when the file was made.
 */
function expectedMd5({ expected }: CorpusFile): string | undefined {
  const pcm = expected.pcm as { md5_nativeWidth?: string } | undefined;
  return pcm?.md5_nativeWidth ?? (expected.md5_rawByFlac as string | undefined);
}

describe.runIf(files)('decoding the FLAC corpus', () => {
  const exact = files?.files.filter((file) => /^(flac|bad)\/.*\.flac$/.test(file.file) && expectedMd5(file)) ?? [];

  it.each(exact.map((file) => [file.file, file] as const))('%s is exact to the bit', async (name, file) => {
    const { config, packets } = await open(readFileSync(path.join(files!.folder, name)));
    const { pcm } = decodeAll(config, packets);
    expect(md5(...pcm)).toBe(expectedMd5(file));
  });

  it.runIf(hasFlac)('32 bits are what the reference decoder gives', async () => {
    const name = path.join(files!.folder, 'flac/androidx-bear_32bit.flac');
    const { config, packets } = await open(readFileSync(name));
    const reference = execFileSync('flac', ['-s', '-d', '-c', '--force-raw-format', '--endian=little', '--sign=signed', name], {
      maxBuffer: 2 ** 28,
    });
    expect(md5(...decodeAll(config, packets).pcm)).toBe(md5(reference));
  });
});

describe.runIf(hasFlac)('decoding what the reference encoder makes', () => {
  const tones: readonly (readonly [string, Tone, readonly string[]])[] = [
    ['8 bits', { bits: 8, channels: 2, frames: 5_000 }, ['-5']],
    ['16 bits with fixed predictors', { bits: 16, channels: 2, frames: 20_000 }, ['-0']],
    ['16 bits with the longest predictor', { bits: 16, channels: 2, frames: 20_000 }, ['-8', '-l', '32']],
    ['16 bits of full scale', { bits: 16, channels: 2, frames: 20_000, level: 1 }, ['-8', '-e', '-p']],
    ['16 bits of silence', { bits: 16, channels: 2, frames: 20_000, level: 0 }, ['-5']],
    ['24 bits in 3 channels', { bits: 24, channels: 3, frames: 9_000 }, ['-8']],
    ['24 bits with left and side', { bits: 24, channels: 2, frames: 20_000 }, ['-5']],
    ['24 bits with order 12', { bits: 24, channels: 2, frames: 20_000 }, ['-8', '-l', '12']],
    ['24 bits with order 32', { bits: 24, channels: 2, frames: 20_000 }, ['-8', '-l', '32']],
    ['32 bits in 8 channels', { bits: 32, channels: 8, frames: 9_000 }, ['-5']],
    ['32 bits stereo, fixed predictors', { bits: 32, channels: 2, frames: 20_000, level: 1 }, ['-2']],
    ['32 bits stereo, linear prediction', { bits: 32, channels: 2, frames: 20_000, level: 1 }, ['-8']],
    ['blocks of 16', { bits: 16, channels: 2, frames: 1_000 }, ['-5', '-b', '16']],
    ['blocks of 65535', { bits: 16, channels: 2, frames: 150_000 }, ['-5', '-b', '65535']],
  ];

  it.each(tones)('%s', async (_, tone, options) => {
    const pcm = tonePcm(tone);
    const { config, packets } = await open(encode(pcm, tone, options));
    const decoded = decodeAll(config, packets);
    expect(decoded.frames).toBe(tone.frames);
    expect(md5(...decoded.pcm)).toBe(md5(pcm));
  });

  const tone = { bits: 16, channels: 2, frames: 20_000 };

  it('scales full scale to 1', async () => {
    const { config, packets } = await open(encode(tonePcm(tone), tone, ['-5']));
    const decoder = new FlacDecoder(config);
    const { planes, frames } = decoder.decode(packets[0].data);
    expect(frames).toBe(4_096);
    for (const channel of [0, 1]) {
      expect(Array.from(planes[channel])).toEqual(Array.from(decoder.samples[channel], (sample) => sample / 32_768));
    }
  });

  it('follows a change of channels and bits from frame to frame', async () => {
    const other = { bits: 24, channels: 3, frames: 20_000 };
    const one = await open(encode(tonePcm(tone), tone, ['-5']));
    const two = await open(encode(tonePcm(other), other, ['-8']));
    const mixed = one.packets.flatMap((packet, i) => [packet, two.packets[i]]);
    const reference = [decodeAll(one.config, one.packets).pcm, decodeAll(two.config, two.packets).pcm];
    expect(md5(...decodeAll(one.config, mixed).pcm)).toBe(md5(...reference[0].flatMap((part, i) => [part, reference[1][i]])));
  });

  it('refuses a frame with any byte changed, and decodes the next one', async () => {
    const { config, packets } = await open(encode(tonePcm(tone), tone, ['-5', '-b', '256']));
    const decoder = new FlacDecoder(config);
    const good = packets[3].data;
    const frames = 256;
    decoder.decode(good);
    const reference = md5(interleaved(decoder, frames, 2));
    for (let at = 0; at < good.length; at++) {
      const damaged = good.slice();
      damaged[at] ^= 1 << (at % 8);
      let refusal: unknown;
      try {
        decoder.decode(damaged);
      } catch (error) {
        refusal = error;
      }
      expect(isAulosError(refusal, 'decode.failed'), `byte ${at}: ${refusal}`).toBe(true);
      decoder.decode(good);
      expect(md5(interleaved(decoder, frames, 2))).toBe(reference);
    }
  });

  it('refuses a frame that is cut anywhere', async () => {
    const { config, packets } = await open(encode(tonePcm(tone), tone, ['-5', '-b', '256']));
    const decoder = new FlacDecoder(config);
    for (let length = 0; length < packets[0].data.length; length++) {
      expect(() => decoder.decode(packets[0].data.subarray(0, length)), `${length} bytes`).toThrow('FLAC frame');
    }
  });

  it('does not mind bytes behind the frame', async () => {
    const { config, packets } = await open(encode(tonePcm(tone), tone, ['-5']));
    const decoder = new FlacDecoder(config);
    const padded = new Uint8Array(packets[0].data.length + 100).fill(0xff);
    padded.set(packets[0].data);
    expect(decoder.decode(padded).frames).toBe(4_096);
  });
});
