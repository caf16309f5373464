import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { AacDecoder } from '../../src/decode/aac/decoder.ts';
import { Fft } from '../../src/decode/aac/fft.ts';
import { NoiseGenerator } from '../../src/decode/aac/noise.ts';
import { slopeOf } from '../../src/decode/aac/windows.ts';
import { adtsDemuxer } from '../../src/demux/adts.ts';
import { isAulosError } from '../../src/errors.ts';
import type { CodecConfig } from '../../src/media.ts';
import { ffmpeg, ffmpegPlanes, ffmpegSignal } from '../fakes/ffmpeg-audio.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { corpus, requireTool } from '../tools.ts';

const signal = new AbortController().signal;
const hasFfmpeg = requireTool('ffmpeg');

interface Stream {
  readonly config: CodecConfig;
  readonly packets: readonly Uint8Array[];
}

async function demux(adts: Uint8Array): Promise<Stream> {
  const demuxer = adtsDemuxer(new MemorySource(adts));
  const { config } = await demuxer.info(signal);
  const packets: Uint8Array[] = [];
  for await (const { data } of demuxer.packets(signal)) packets.push(data);
  return { config, packets };
}

function decode({ config, packets }: Stream): Float32Array[] {
  const decoder = new AacDecoder(config);
  const planes = Array.from({ length: config.channels }, (): number[] => []);
  for (const packet of packets) {
    const block = decoder.decode(packet);
    for (const [channel, plane] of planes.entries()) plane.push(...block.planes[channel].subarray(0, block.frames));
  }
  return planes.map((plane) => Float32Array.from(plane));
}

/** Signal to noise in dB, of the channel where it is least. Of streams whose first packets ffmpeg drops, the ends are compared. */
function snr(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  const channelSnr = (plane: Float32Array, reference: Float32Array): number => {
    const shift = plane.length - reference.length;
    let power = 0;
    let error = 0;
    for (let i = 0; i < reference.length; i++) {
      power += reference[i] ** 2;
      error += (plane[i + shift] - reference[i]) ** 2;
    }
    return error === 0 ? Infinity : 10 * Math.log10(power / error);
  };
  return Math.min(...expected.map((reference, channel) => channelSnr(actual[channel], reference)));
}

const encode = (sampleRate: number, layout: string, channels: number, options: string, seconds = 1): Uint8Array =>
  ffmpeg([...ffmpegSignal(sampleRate, layout, channels, seconds), '-c:a', 'aac', ...options.split(' '), '-f', 'adts']);

async function expectToSoundAsFfmpeg(adts: Uint8Array, channels: number): Promise<void> {
  const stream = await demux(adts);
  expect(stream.config.channels).toBe(channels);
  expect(snr(decode(stream), ffmpegPlanes(adts, channels, ['-f', 'aac']))).toBeGreaterThan(110);
}

describe.runIf(hasFfmpeg)('AAC sounds as ffmpeg decodes it', () => {
  it.each([8000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000])('at %i Hz', async (rate) => {
    await expectToSoundAsFfmpeg(encode(rate, 'stereo', 2, '-aac_pns 0 -b:a 96k'), 2);
  });

  // From 2.1 on the layouts are such as only a program_config_element can say.
  it.each([
    ['mono', 1],
    ['3.0', 3],
    ['4.0', 4],
    ['5.0', 5],
    ['5.1', 6],
    ['7.1', 8],
    ['2.1', 3],
    ['quad', 4],
    ['hexagonal', 6],
    ['6.1', 7],
    ['octagonal', 8],
  ])('in %s, with the channels in the same order', async (layout, channels) => {
    await expectToSoundAsFfmpeg(encode(44_100, layout, channels, `-aac_pns 0 -b:a ${64 * channels}k`), channels);
  });

  it.each([
    ['scarce bits, so with intensity stereo', '-aac_pns 0 -b:a 28k'],
    ['plenty of bits, so with escapes', '-aac_pns 0 -b:a 400k'],
    ['M/S everywhere', '-aac_pns 0 -aac_ms 1 -b:a 128k'],
    ['no temporal noise shaping', '-aac_pns 0 -aac_tns 0 -b:a 128k'],
    ['the fast coder', '-aac_pns 0 -aac_coder fast -b:a 128k'],
  ])('from %s', async (_, options) => {
    await expectToSoundAsFfmpeg(encode(44_100, 'stereo', 2, options), 2);
  });

  it('in frames of 960', async () => {
    // There is no encoder for them at hand; but packets whose bands end below line 960 mean something in both, other sound of course.
    const mp4 = ffmpeg([
      ...ffmpegSignal(48_000, 'stereo', 2, 1),
      ...'-c:a aac -aac_pns 0 -cutoff 12000 -f mov -movflags'.split(' '),
      'empty_moov',
    ]);
    const adts = ffmpeg(['-i', '-', '-c', 'copy', '-f', 'adts'], mp4);
    const decoderSpecificInfo = Buffer.from(mp4).indexOf(Uint8Array.of(0x05, 0x80, 0x80, 0x80, 0x05, 0x11, 0x90));
    expect(decoderSpecificInfo).toBeGreaterThan(0);
    mp4[decoderSpecificInfo + 6] |= 4; // frameLengthFlag
    const { config, packets } = await demux(adts);
    const planes = decode({ config: { ...config, description: Uint8Array.of(0x11, 0x94) }, packets });
    expect(planes[0]).toHaveLength(packets.length * 960);
    expect(snr(planes, ffmpegPlanes(mp4, 2, ['-flags2', 'skip_manual']))).toBeGreaterThan(110);
  });

  it('with pulses, which encoders do not make', async () => {
    const adts = pulses(6);
    const expected = ffmpegPlanes(adts, 1, ['-f', 'aac']);
    expect(Math.max(...expected[0])).toBeGreaterThan(0.001);
    expect(snr(decode(await demux(adts)), expected)).toBeGreaterThan(110);
  });
});

const media = corpus();
const files = media?.files.filter(({ file, expected }) => file.startsWith('aac/') && expected.outcome === 'decodes') ?? [];

describe.runIf(media && hasFfmpeg)('AAC of the corpus sounds as ffmpeg decodes it', () => {
  it.each(files.map(({ file, expected }) => [file, Number(expected.channels)] as const))('%s', async (file, channels) => {
    await expectToSoundAsFfmpeg(new Uint8Array(readFileSync(path.join(media!.folder, file))), channels);
  });

  // Made by several encoders: with much noise substitution, in 5.1 with LFE, speech at 8 kHz.
  it.each([
    ['mp4/rodio-RL.m4a', 2],
    ['fmp4/shaka-aac-cmaf-hls-mp4-muxed-a.mp4', 2],
    ['fmp4/mediabunny-rotate-buck-bunny.mp4', 6],
    ['mp4/androidx-bbb_1ch_8kHz_aac_lc.m4a', 1],
  ])('%s, as ADTS', async (file, channels) => {
    const adts = ffmpeg(['-i', path.join(media!.folder, file), '-map', '0:a:0', '-c', 'copy', '-f', 'adts']);
    await expectToSoundAsFfmpeg(adts, channels);
  });
});

describe('noise substitution', () => {
  it.runIf(hasFfmpeg)('gives each band the energy that ffmpeg gives it, by noise of its own', async () => {
    const noiseSource = ['-f', 'lavfi', '-i', 'anoisesrc=c=pink:r=44100:a=0.4:d=1:seed=1'];
    const adts = ffmpeg([...noiseSource, ...'-c:a aac -b:a 32k -aac_pns 1 -aac_tns 0 -f adts'.split(' ')]);
    const stream = await demux(adts);
    const fill = vi.spyOn(NoiseGenerator.prototype, 'fill');
    const decoder = new AacDecoder(stream.config);
    for (const packet of stream.packets.slice(3, 6)) decoder.decode(packet); // so that the noise is another than ffmpeg's
    const ours = new Float32Array(1024 * stream.packets.length);
    const noiseBands = stream.packets.map((packet, i) => {
      fill.mockClear();
      ours.set(decoder.decode(packet).planes[0], 1024 * i);
      return fill.mock.calls.map(([, from, to]) => ({ from, to }));
    });
    fill.mockRestore();
    const [ffmpegs] = ffmpegPlanes(adts, 1, ['-f', 'aac']);
    const differencesDb: number[] = [];
    let [sameLines, lines] = [0, 0];
    for (let i = 3; i < stream.packets.length - 4; i += 2) {
      // Onset and end have short windows; all between are long ones of Kaiser and Bessel (element 0, tag, global gain, then ics_info).
      expect(stream.packets[i][2] >> 5, `window of packet ${i}`).toBe(1);
      for (const { from, to } of noiseBands[i]) {
        const [a, b] = [ours, ffmpegs].map((plane) => linesOf(plane.subarray(1024 * i, 1024 * (i + 2)), from, to));
        differencesDb.push(Math.abs(10 * Math.log10(energyOf(a) / energyOf(b))));
        sameLines += a.filter((line, k) => Math.abs(line - b[k]) < 0.01 * Math.abs(b[k])).length;
        lines += a.length;
      }
    }
    expect(differencesDb.length).toBeGreaterThan(50);
    expect(sameLines / lines).toBeLessThan(0.1);
    expect(Math.max(...differencesDb)).toBeLessThan(0.1);
  });

  it('gives bands of just the energy that the stream says', () => {
    const spectrum = new Float64Array(64);
    new NoiseGenerator().fill(spectrum, 8, 40, 3);
    expect(spectrum.reduce((sum, line) => sum + line * line, 0)).toBeCloseTo(9, 9);
    expect([...spectrum.subarray(0, 8), ...spectrum.subarray(40)]).toEqual(Array(32).fill(0));
  });
});

describe('the Fourier transform', () => {
  it.each([64, 60, 512, 480])('of %i points is what the definition says', (size) => {
    const fft = new Fft(size);
    const input = Float64Array.from({ length: 2 * size }, (_, i) => Math.sin(i * i));
    fft.input.set(input);
    fft.run();
    for (const k of [0, 1, 7, size / 2, size - 1]) {
      let re = 0;
      let im = 0;
      for (let i = 0; i < size; i++) {
        const angle = (2 * Math.PI * i * k) / size;
        re += input[2 * i] * Math.cos(angle) - input[2 * i + 1] * Math.sin(angle);
        im += input[2 * i] * Math.sin(angle) + input[2 * i + 1] * Math.cos(angle);
      }
      expect(fft.output[2 * k]).toBeCloseTo(re, 9);
      expect(fft.output[2 * k + 1]).toBeCloseTo(im, 9);
    }
  });
});

describe.runIf(hasFfmpeg)('damaged AAC packets', () => {
  it('are refused as such, or give sound', async () => {
    const stream = await demux(encode(22_050, '5.1', 6, '-b:a 192k'));
    const decoder = new AacDecoder(stream.config);
    let state = 4711;
    const random = (below: number) => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) % below;
    let refused = 0;
    for (let i = 0; i < 2000; i++) {
      const packet = stream.packets[random(stream.packets.length)].slice();
      for (let flips = random(5); flips >= 0; flips--) packet[random(packet.length)] ^= 1 << random(8);
      try {
        expect(decoder.decode(packet).frames).toBe(1024);
      } catch (error) {
        expect(isAulosError(error, 'decode.failed'), `seed 4711, packet ${i}: ${error}`).toBe(true);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  it('are refused wherever they are cut off', async () => {
    const { config, packets } = await demux(encode(44_100, 'stereo', 2, '-b:a 64k'));
    const decoder = new AacDecoder(config);
    const packet = packets[20];
    for (let length = 0; length < packet.length; length++) {
      // The last byte may be less than half a byte of padding with the end of END.
      expect(() => decoder.decode(packet.subarray(0, length)), `${length} bytes`).toThrow(/^broken AAC packet/);
    }
  });
});

const energyOf = (lines: Float64Array): number => lines.reduce((sum, line) => sum + line * line, 0);

/**
 * Lines `from` to `to` of a long window with Kaiser-Bessel slopes, by the definition of the MDCT (ISO/IEC 14496-3 §4.6.11.3.1) up to a
 * factor. Such windows make an orthogonal transform: sound that was synthesised from lines has those very lines.
 */
function linesOf(samples: Float32Array, from: number, to: number): Float64Array {
  const slope = slopeOf(1, 1024, 4);
  const windowed = Float64Array.from(samples, (sample, n) => sample * (n < 1024 ? slope[n] : slope[2047 - n]));
  return Float64Array.from({ length: to - from }, (_, i) => {
    let sum = 0;
    for (let n = 0; n < 2048; n++) sum += windowed[n] * COSINES[((2 * n + 1025) * (2 * (from + i) + 1)) % 8192];
    return sum;
  });
}

const COSINES = Float64Array.from({ length: 8192 }, (_, i) => Math.cos((Math.PI / 4096) * i));

/** Mono ADTS packets of nothing but pulses on quantised values of 0 and ±1, written bit by bit. */
function pulses(count: number): Uint8Array {
  const field = (value: number, width: number) => value.toString(2).padStart(width, '0');
  const bands = 8; // of 4 lines each
  const element = [
    field(0, 3) + field(0, 4), // SCE, tag
    field(190, 8), // global_gain
    field(0, 1) + field(0, 2) + field(0, 1) + field(bands, 6) + field(0, 1), // ics_info: long, sine
    field(5, 4) + field(bands, 5), // section_data: book 5 throughout
    '0'.repeat(bands), // scale_factor_data: differences of 0
    field(1, 1) + field(3, 2) + field(1, 6), // 4 pulses, from band 1 on
    [
      [0, 15],
      [3, 7],
      [4, 1],
      [9, 12],
    ]
      .map(([offset, amplitude]) => field(offset, 5) + field(amplitude, 4))
      .join(''),
    field(0, 1) + field(0, 1), // no TNS, no gain control
    '10001001'.repeat(4) + '0'.repeat(2 * bands - 8), // spectral_data: pairs (−1, 0) and (1, 0), then (0, 0)
    field(7, 3), // END
  ].join('');
  const block = (element.match(/.{1,8}/g) ?? []).map((bits) => Number.parseInt(bits.padEnd(8, '0'), 2));
  const size = block.length + 7;
  const header = [0xff, 0xf1, 0x50, 0x40, size >> 3, ((size & 7) << 5) | 0x1f, 0xfc];
  return Uint8Array.from(Array.from({ length: count }, () => [...header, ...block]).flat());
}
