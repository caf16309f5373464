import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Mp3Decoder } from '../../src/decode/mp3/decoder.ts';
import { parseMpegAudioHeader } from '../../src/demux/mpeg-audio-header.ts';
import { isAulosError } from '../../src/errors.ts';
import { corpus, requireTool } from '../tools.ts';

/** Frames of a stream without tags; `freeFormatSize` where headers do not tell the size (plus padding). */
function framesOf(bytes: Uint8Array, freeFormatSize = 0): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at + 4 <= bytes.length; ) {
    const header = parseMpegAudioHeader(view.getUint32(at));
    const size = header ? header.size || freeFormatSize + header.padding : 0;
    if (size === 0 || at + size > bytes.length) at++;
    else frames.push(bytes.subarray(at, (at += size)));
  }
  return frames;
}

/** Interleaved samples of `frames`, decoded one after the other; `damaged` counts the frames that were refused. */
function decode(frames: readonly Uint8Array[], decoder = new Mp3Decoder()): { samples: Float32Array; damaged: number } {
  const samples: number[] = [];
  let damaged = 0;
  for (const frame of frames) {
    try {
      const { planes, frames: count, channels } = decoder.decode(frame);
      for (let i = 0; i < count; i++) for (let c = 0; c < channels; c++) samples.push(planes[c][i]);
    } catch (error) {
      expect(isAulosError(error, 'decode.failed')).toBe(true);
      damaged++;
    }
  }
  return { samples: Float32Array.from(samples), damaged };
}

const rms = (a: Float32Array, b: Float32Array, count: number): number => {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (a[i] - b[i]) ** 2;
  return Math.sqrt(sum / count);
};

/** Peak signal to noise ratio in dB over the shorter of both; full scale is 1. */
const psnr = (a: Float32Array, b: Float32Array): number => -20 * Math.log10(rms(a, b, Math.min(a.length, b.length)));

const floats = (bytes: Buffer): Float32Array => new Float32Array(Uint8Array.from(bytes).buffer, 0, bytes.length >> 2);

const mpg123 = (bytes: Uint8Array): Float32Array =>
  floats(execFileSync('mpg123', ['-q', '--no-gapless', '-e', 'f32', '-s', '-'], { input: bytes, maxBuffer: 1 << 28 }));

/** Two seconds of sweeps, noise and clicks: long, start, short and stop blocks, and channels that differ. */
function music(sampleRate: number, channels: number): Buffer {
  const frames = 2 * sampleRate;
  const pcm = Buffer.alloc(frames * channels * 2);
  let noise = 1;
  for (let i = 0; i < frames; i++) {
    for (let c = 0; c < channels; c++) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) >>> 0;
      const t = i / sampleRate;
      const sweep = Math.sin(2 * Math.PI * (200 + 900 * t * (c + 1)) * t);
      const click = i % 9_001 < 40 ? noise / 2 ** 32 - 0.5 : 0;
      const value = 0.3 * sweep + 0.6 * click + 0.02 * (noise / 2 ** 31 - 1);
      pcm.writeInt16LE(Math.round(value * 32_767), 2 * (i * channels + c));
    }
  }
  return pcm;
}

const lame = (sampleRate: number, channels: number, options: string[]): Uint8Array =>
  execFileSync('lame', ['--quiet', '-r', '-s', `${sampleRate / 1000}`, '--resample', `${sampleRate / 1000}`, ...options, '-t', '-', '-'], {
    input: music(sampleRate, channels),
    maxBuffer: 1 << 26,
    stdio: ['pipe', 'pipe', 'ignore'],
  });

describe.runIf(requireTool('lame') && requireTool('mpg123'))('sound of lame decodes as mpg123 decodes it', () => {
  it.each([
    [48_000, '-m j -b 128'],
    [48_000, '-m s -b 320'],
    [44_100, '-m j -b 128'],
    [44_100, '-m j -b 48'],
    [44_100, '-m s -V 0'],
    [44_100, '-m j -V 5'],
    [44_100, '-m j --abr 150'],
    [44_100, '-m m -b 64'],
    [44_100, '-m d -b 192'],
    [44_100, '-m j -b 128 -p'],
    [44_100, '-m j --freeformat -b 400'],
    [32_000, '-m j -V 3'],
    [24_000, '-m j -b 64'],
    [22_050, '-m j -V 4'],
    [22_050, '-m m -b 32'],
    [16_000, '-m j -b 48'],
    [12_000, '-m j -b 32'],
    [11_025, '-m s -b 64'],
    [8_000, '-m m -b 16'],
    [8_000, '-m j -b 40'],
  ])('at %i Hz: %s', (sampleRate, options) => {
    const bytes = lame(sampleRate, options.includes('-m m') ? 1 : 2, options.split(' '));
    const freeFormatSize = options.includes('freeformat') ? Math.floor((144 * 400_000) / sampleRate) : 0;
    const { samples, damaged } = decode(framesOf(bytes, freeFormatSize));
    const reference = mpg123(bytes);
    expect(damaged).toBe(0);
    expect(samples).toHaveLength(reference.length);
    expect(psnr(samples, reference)).toBeGreaterThan(120);
  });
});

/** Layer II with the bit rate, in kbit/s, of all channels together. */
const mp2 = (sampleRate: number, channels: number, bitRate: number): Uint8Array => {
  const input = ['-f', 's16le', '-ar', `${sampleRate}`, '-ac', `${channels}`, '-i', '-'];
  return execFileSync('ffmpeg', ['-v', 'error', ...input, '-c:a', 'mp2', '-b:a', `${bitRate}k`, '-f', 'mp2', '-'], {
    input: music(sampleRate, channels),
    maxBuffer: 1 << 26,
  });
};

describe.runIf(requireTool('ffmpeg') && requireTool('mpg123'))('layer II of ffmpeg decodes as mpg123 decodes it', () => {
  it.each([
    [48_000, 2, 384, 'table B.2a'],
    [48_000, 1, 64, 'table B.2a'],
    [44_100, 2, 160, 'table B.2a'],
    [44_100, 2, 192, 'table B.2b'],
    [44_100, 1, 192, 'table B.2b'],
    [32_000, 2, 256, 'table B.2b'],
    [48_000, 1, 48, 'table B.2c'],
    [44_100, 2, 64, 'table B.2c'],
    [32_000, 2, 96, 'table B.2d'],
    [24_000, 2, 160, 'table B.1 of 13818-3'],
    [22_050, 1, 32, 'table B.1 of 13818-3'],
    [16_000, 2, 64, 'table B.1 of 13818-3'],
  ])('at %i Hz, %i channels, %i kbit/s: %s', (sampleRate, channels, bitRate) => {
    const bytes = mp2(sampleRate, channels, bitRate);
    const { samples, damaged } = decode(framesOf(bytes));
    const reference = mpg123(bytes);
    expect(damaged).toBe(0);
    expect(samples).toHaveLength(reference.length);
    expect(psnr(samples, reference)).toBeGreaterThan(120);
  });
});

const media = corpus();
const ofLayer = (layer: number) =>
  media?.files.filter(({ file, features }) => file.startsWith('mp3/') && features.some((name) => name.endsWith(`layer ${layer}`))) ?? [];
const layer3 = ofLayer(3);

interface ReferencePcm {
  readonly usable: boolean;
  readonly file?: string;
  readonly mpg123VsRef?: { readonly samplesCompared: number; readonly rms: number };
  readonly ffmpegVsRef?: { readonly rms: number };
}
const referenceOf = (entry: object): ReferencePcm | undefined => (entry as { referencePcm?: ReferencePcm }).referencePcm;

describe('conformance streams of ISO/IEC 11172-4 and 13818-4', () => {
  it.each([1, 2, 3].flatMap(ofLayer).filter((entry) => referenceOf(entry)?.file))('meet full accuracy: $file', (entry) => {
    const { file, mpg123VsRef } = referenceOf(entry)!;
    const bytes = readFileSync(path.join(media!.folder, entry.file));
    const { samples } = decode(framesOf(bytes, freeFormatSizeOf(entry.features, bytes)));
    const reference = Float32Array.from(
      new Int16Array(Uint8Array.from(readFileSync(path.join(media!.folder, file!))).buffer),
      (x) => x / 32_768,
    );
    // Full accuracy: RMS below 2^-15/√12 of full scale (ISO/IEC 11172-4 §2.6), where the reference has 16 bits itself.
    expect(rms(samples, reference, Math.min(mpg123VsRef!.samplesCompared, samples.length))).toBeLessThan(2 ** -15 / Math.sqrt(12));
    expect(samples.length).toBeGreaterThanOrEqual(mpg123VsRef!.samplesCompared);
  });

  const constant = [...ofLayer(1), ...ofLayer(2)].filter(({ features }) => !features.includes('free format'));
  it.each(constant)('of layers I and II decode as mpg123 decodes them: $file', ({ file }) => {
    const bytes = readFileSync(path.join(media!.folder, file));
    const { samples, damaged } = decode(framesOf(bytes));
    const reference = mpg123(bytes);
    expect(damaged).toBe(0);
    expect(samples).toHaveLength(reference.length);
    expect(psnr(samples, reference)).toBeGreaterThan(120);
  });

  it.runIf(media)('of layer II decode to the same sound in free format', () => {
    // mpg123 takes the wrong allocation table, ffmpeg does not know free format; but the stream is also there with its bit rate named.
    const [named, free] = ['l2-fl10', 'l2-nonstandard-free_format'].map((name) =>
      readFileSync(path.join(media!.folder, `mp3/minimp3-${name}.mp2`)),
    );
    expect(decode(framesOf(free, 864)).samples).toEqual(decode(framesOf(named)).samples);
  });

  it.each(layer3.filter(({ file }) => file.endsWith('l3-test46.mp3')))(
    'intensity with mid/side at low rates: $file',
    ({ file, ...entry }) => {
      // The reference is not at hand, and neither mpg123 nor ffmpeg reproduces it; but how far each is from it is known.
      const bytes = readFileSync(path.join(media!.folder, file));
      const { samples } = decode(framesOf(bytes));
      const distance = rms(samples, mpg123(bytes), samples.length) * 32_768;
      expect(distance / referenceOf(entry)!.mpg123VsRef!.rms).toBeCloseTo(1, 2);
    },
  );
});

/** Distance of the first two headers, less the padding of the first. */
function freeFormatSizeOf(features: readonly string[], bytes: Uint8Array): number {
  if (!features.includes('free format')) return 0;
  const next = bytes.findIndex(
    (_, i) => i > 200 && bytes[i] === bytes[0] && bytes[i + 1] === bytes[1] && (bytes[i + 2] & 0xfd) === (bytes[2] & 0xfd),
  );
  return next - ((bytes[2] >> 1) & 1);
}

describe('a decoder', () => {
  const file = media && path.join(media.folder, 'mp3/rodio-music.mp3');
  const frames = file ? framesOf(readFileSync(file).subarray(113)).slice(1, 60) : [];

  it.runIf(frames.length > 0)('that starts in the middle is right once its reservoir is full, silent before', () => {
    const straight = decode(frames).samples;
    const late = decode(frames.slice(20)).samples;
    const perFrame = 2 * 1152;
    expect(late.subarray(0, 2).every((x) => x === 0)).toBe(true);
    const settled = 12 * perFrame;
    expect(late.subarray(settled)).toEqual(straight.subarray(20 * perFrame + settled));
  });

  it.runIf(frames.length > 0)('begins anew after reset', () => {
    const decoder = new Mp3Decoder();
    const first = decode(frames, decoder).samples;
    decoder.reset();
    expect(decode(frames, decoder).samples).toEqual(first);
  });

  it.runIf(frames.length > 0)('refuses what is no frame with a typed error and goes on', () => {
    const decoder = new Mp3Decoder();
    const refused = [
      new Uint8Array(0),
      Uint8Array.of(0xff, 0xfb),
      Uint8Array.from([1, 2, 3, 4, 5]),
      frames[0].subarray(0, 20),
      new Uint8Array(9_000),
    ];
    expect(decode(refused, decoder).damaged).toBe(refused.length);
    expect(decode(frames.slice(0, 1), decoder).damaged).toBe(0);
  });

  it.each([...ofLayer(1), ...ofLayer(2)])('refuses every frame that is cut short: $file', ({ file, features }) => {
    const bytes = readFileSync(path.join(media!.folder, file));
    const [whole] = framesOf(bytes, freeFormatSizeOf(features, bytes)).slice(-2);
    const decoder = new Mp3Decoder();
    const cuts = Array.from({ length: 64 }, (_, i) => whole.subarray(0, Math.floor((i * whole.length) / 128)));
    expect(decode(cuts, decoder).damaged).toBe(cuts.length);
    expect(decode([whole], decoder).damaged).toBe(0);
  });

  const streams = ['l1-fl1.mp1', 'l2-fl10.mp2'].map((name) => ({
    name,
    frames: media ? framesOf(readFileSync(path.join(media.folder, `mp3/minimp3-${name}`))) : [],
  }));
  it.runIf(media).each([{ name: 'rodio-music.mp3', frames }, ...streams])('survives frames with any bits flipped: $name', ({ frames }) => {
    const seed = Date.now() % 100_000;
    console.log(`seed ${seed}`);
    let state = seed;
    const random = (below: number) => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) % below;
    const decoder = new Mp3Decoder();
    for (let round = 0; round < 40; round++) {
      const mutated = frames.map((frame) => {
        const copy = frame.slice();
        for (let i = 0; i < 8; i++) copy[4 + random(i < 4 ? 36 : copy.length - 4)] = random(256);
        return copy;
      });
      const { samples } = decode(mutated, decoder);
      expect(samples.length % 384).toBe(0);
      expect(samples.every(Number.isFinite)).toBe(true);
    }
  });
});
