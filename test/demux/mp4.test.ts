import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { mp4Demuxer } from '../../src/demux/mp4.ts';
import { isAulosError } from '../../src/errors.ts';
import type { Packet } from '../../src/media.ts';
import { demux, md5, never, packetsOf } from '../fakes/demuxed.ts';
import { makeWithFfmpeg, type ProbedFile } from '../fakes/ffprobe.ts';
import { longMovie } from '../fakes/long-movie.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { u32 } from '../fakes/mp4-boxes.ts';
import { corpus, requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg') && requireTool('ffprobe');
const media = corpus();

const sound = ['-f', 'lavfi', '-i', 'sine=440:r=44100:d=4', '-ac', '2'];
const picture = ['-f', 'lavfi', '-i', 'testsrc=s=64x64:r=25:d=4', '-map', '0', '-map', '1', '-c:v', 'mpeg4'];
const aac = ['-c:a', 'aac', '-b:a', '96k'];

/** Every layout by name: file name and arguments. */
const layouts: Readonly<Record<string, readonly [name: string, args: readonly string[]]>> = {
  'moov last': ['a.m4a', [...sound, ...aac]],
  'moov first': ['a.m4a', [...sound, ...aac, '-movflags', '+faststart']],
  'interleaved with video': ['a.mp4', [...sound, ...picture, ...aac, '-movflags', '+faststart']],
  ALAC: ['a.m4a', [...sound, '-c:a', 'alac']],
  FLAC: ['a.mp4', [...sound, '-c:a', 'flac', '-strict', '-2']],
  Opus: ['a.mp4', [...sound, '-c:a', 'libopus', '-b:a', '64k']],
  'Opus in packets of 60 ms': ['a.mp4', [...sound, '-c:a', 'libopus', '-frame_duration', '60']],
  MP3: ['a.mp4', [...sound, '-c:a', 'libmp3lame', '-b:a', '128k']],
  'MP3 at 22,050 Hz': ['a.mp4', [...sound, '-ar', '22050', '-c:a', 'libmp3lame']],
  'little-endian PCM': ['a.mov', [...sound, '-c:a', 'pcm_s16le']],
  '24-bit PCM': ['a.mov', [...sound, '-c:a', 'pcm_s24be']],
  'floating point PCM': ['a.mov', [...sound, '-c:a', 'pcm_f32le']],
  'µ-law': ['a.mov', [...sound, '-ac', '1', '-ar', '8000', '-c:a', 'pcm_mulaw']],
  fragmented: ['a.mp4', [...sound, ...aac, '-movflags', 'frag_keyframe+empty_moov+default_base_moof', '-frag_duration', '500000']],
  'fragmented with absolute offsets': ['a.mp4', [...sound, ...aac, '-movflags', 'empty_moov', '-frag_duration', '700000']],
  'fragmented with an index': ['a.mp4', [...sound, ...aac, '-movflags', '+dash+global_sidx', '-frag_duration', '500000']],
  'fragmented for DASH': ['a.mp4', [...sound, ...aac, '-movflags', '+dash', '-frag_duration', '500000']],
  'fragmented with video': ['a.mp4', [...sound, ...picture, ...aac, '-movflags', 'frag_keyframe+empty_moov', '-g', '25']],
  'fragmented, a moof per track': [
    'a.mp4',
    [...sound, ...picture, ...aac, '-movflags', 'frag_keyframe+empty_moov+separate_moof', '-g', '10'],
  ],
  'fragmented FLAC': ['a.mp4', [...sound, '-c:a', 'flac', '-strict', '-2', '-movflags', 'empty_moov', '-frag_duration', '500000']],
  'fragmented after a moov with samples': ['a.mp4', [...sound, ...aac, '-movflags', 'frag_custom', '-frag_duration', '1000000']],
};

const made = new Map<string, ProbedFile>();

function file(layout: keyof typeof layouts): ProbedFile {
  const known = made.get(layout);
  if (known) return known;
  const fresh = makeWithFfmpeg(...layouts[layout]);
  made.set(layout, fresh);
  return fresh;
}

const open = (content: Uint8Array, options?: MemorySourceOptions) => {
  const source = new MemorySource(content, options);
  return { source, demuxer: mp4Demuxer(source) };
};

/** A packet without its bytes, which compares fast. */
const brief = ({ data, ...rest }: Packet) => ({ ...rest, data: md5(data) });

describe.runIf(hasFfmpeg)('the packets of a file made by ffmpeg', () => {
  it.each(Object.keys(layouts))('are those that ffprobe tells: %s', async (layout) => {
    const { bytes: content, packets: probed, timescale } = file(layout);
    const { demuxer } = open(content);
    const { encoderDelay, config } = await demuxer.info(never);
    const packets = await packetsOf(demuxer);
    const isPcm = config.codec === 'pcm';
    // ffprobe cuts PCM in its own way; bytes and places are the same all the same.
    const ours = isPcm ? [total(packets)] : packets.map(({ offset, data }) => ({ offset, size: data.length }));
    const theirs = isPcm ? [totalProbed(probed)] : probed.map(({ offset, size }) => ({ offset, size }));
    expect(ours).toEqual(theirs);
    if (isPcm) return;
    const drift = packets.map(({ timestamp }, i) => timestamp - encoderDelay - (probed[i].timestamp * config.sampleRate) / timescale);
    expect(Math.max(...drift.map(Math.abs))).toBeLessThanOrEqual(1);
    for (const { data, offset } of packets) expect(md5(data)).toBe(md5(content.subarray(offset, offset + data.length)));
  });

  it.each(Object.keys(layouts))('do not depend on how bytes arrive: %s', async (layout) => {
    const { bytes: content } = file(layout);
    const expected = (await demux(mp4Demuxer, content)).map(brief);
    for (const options of [{ grain: 1 }, { grain: 997 }, { unknownLength: true }]) {
      expect((await demux(mp4Demuxer, content, options)).map(brief)).toEqual(expected);
    }
  });

  it.each(Object.keys(layouts))('are the same after a seek, from its pre-roll on: %s', async (layout) => {
    const { bytes: content } = file(layout);
    const straight = (await demux(mp4Demuxer, content)).map(brief);
    for (const seconds of [0, 0.01, 0.5, 1, 1.999, 3.3, 3.99, 60]) {
      const { demuxer } = open(content);
      const point = await demuxer.seek(seconds, never);
      const [first, ...rest] = (await packetsOf(demuxer, point)).map(brief);
      const at = straight.findIndex(({ offset }) => offset >= first.offset);
      const holder = Math.max(
        0,
        straight.findLastIndex(({ timestamp }) => timestamp <= point.target),
      );
      expect(point).toMatchObject({ exact: true, errorBound: 0, timestamp: first.timestamp });
      if (first.preroll > 0) expect(at, `${seconds} s`).toBe(Math.max(0, holder - first.preroll));
      if (first.preroll > 0) expect([first, ...rest]).toEqual(straight.slice(at));
      expect(first.timestamp).toBeLessThanOrEqual(point.target);
    }
  });
});

const total = (packets: readonly Packet[]) => packets.reduce((sum, { data }) => sum + data.length, 0);
const totalProbed = (packets: ProbedFile['packets']) => packets.reduce((sum, { size }) => sum + size, 0);

describe.runIf(hasFfmpeg)('what is told of a file', () => {
  it.each([
    ['moov last', 176_400],
    ['moov first', 176_400],
    ['ALAC', 176_400],
    ['FLAC', 176_400],
    ['little-endian PCM', 176_400],
    ['Opus', 192_000],
    ['fragmented with an index', undefined],
  ] as const)('has its exact length: %s', async (layout, frames) => {
    const info = await open(file(layout).bytes).demuxer.info(never);
    if (frames !== undefined) expect(info).toMatchObject({ frames, durationIsExact: true, duration: 4 });
    expect(info.duration).toBeCloseTo(4, 1);
  });

  it.each([
    ['a.m4a', 'alac', 's16p', 16],
    ['a.m4a', 'alac', 's32p', 24],
    ['a.mp4', 'flac', 's16', 16],
    ['a.mp4', 'flac', 's32', 24],
  ])('has the width of its samples: %s, %s of %s', async (name, codec, format, bits) => {
    const { bytes: content } = makeWithFfmpeg(name, [...sound, '-c:a', codec, '-sample_fmt', format, '-strict', '-2']);
    expect((await open(content).demuxer.info(never)).bitsPerSample).toBe(bits);
  });

  it('costs its head and its tail when the moov stands last, and no more', async () => {
    const { bytes: content } = makeWithFfmpeg('a.m4a', ['-f', 'lavfi', '-i', 'anoisesrc=d=120:r=44100', '-c:a', 'aac', '-b:a', '192k']);
    const { source, demuxer } = open(content);
    await demuxer.info(never);
    const moovBytes = content.length - source.reads[source.reads.length - 1].start;
    expect(source.bytesRead).toBeLessThan(moovBytes + 100);
    expect(source.bytesRead).toBeLessThan(content.length / 50);
    const before = source.bytesRead;
    const packets = demuxer.packets(never, await demuxer.seek(90, never))[Symbol.asyncIterator]();
    await packets.next();
    await packets.return?.(undefined);
    expect(source.bytesRead - before).toBeLessThanOrEqual(65_536);
  });

  it('of a fragmented file comes without a byte past its first moof', async () => {
    const { bytes: content, packets } = file('fragmented');
    const { demuxer } = open(content, { failAt: packets[0].offset });
    expect(await demuxer.info(never)).toMatchObject({
      config: { codec: 'aac', codecString: 'mp4a.40.2', sampleRate: 44_100, channels: 2 },
    });
  });

  it('comes before the data of a file with its moov first', async () => {
    const { bytes: content, packets } = file('moov first');
    const { demuxer } = open(content, { failAt: packets[0].offset });
    expect(await demuxer.info(never)).toMatchObject({ frames: 176_400, encoderDelay: 1_024 });
  });

  it('is asked for again after an abort', async () => {
    const { demuxer } = open(file('moov last').bytes);
    await expect(demuxer.info(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
    expect(await demuxer.info(never)).toMatchObject({ frames: 176_400 });
  });

  it('includes its tags', async () => {
    const tags = ['title=Überschrift', 'artist=Ensemble', 'track=3/12', 'date=1999', 'genre=Klezmer'].flatMap((tag) => ['-metadata', tag]);
    const { bytes: content } = makeWithFfmpeg('a.m4a', [...sound, ...aac, ...tags]);
    expect((await open(content).demuxer.info(never)).tags).toMatchObject({
      title: 'Überschrift',
      artist: 'Ensemble',
      track: '3/12',
      date: '1999',
      genre: 'Klezmer',
    });
  });

  it('is not spoilt by broken tags', async () => {
    const content = Uint8Array.from(file('moov first').bytes);
    const ilst = Buffer.from(content).indexOf('ilst');
    content.set(u32(0x7fffffff), ilst + 4);
    expect(await open(content).demuxer.info(never)).toMatchObject({ tags: {}, frames: 176_400 });
  });
});

describe.runIf(hasFfmpeg)('a damaged file', () => {
  const short = ['-f', 'lavfi', '-i', 'sine=440:r=8000:d=0.5', '-c:a', 'aac'];

  it.each([
    ['moov first', ['-movflags', '+faststart']],
    ['moov last', []],
    ['fragmented', ['-movflags', 'empty_moov+default_base_moof', '-frag_duration', '200000']],
  ])('that is cut at any byte gives the packets before the cut, then a typed error: %s', async (_, flags) => {
    const { bytes: content, packets: whole } = makeWithFfmpeg('a.m4a', [...short, ...flags]);
    for (let length = 0; length < content.length; length++) {
      const { packets, error } = await outcome(content.subarray(0, length));
      if (error) expect(error, `cut at ${length}`).toMatchObject({ code: expect.stringMatching(/^media\.(truncated|malformed)$/) });
      const held = whole.filter(({ offset, size }) => offset + size <= length).length;
      if (packets.length > 0) expect(packets.length, `cut at ${length}`).toBe(held);
    }
  });

  it('with any byte changed ends in packets or a typed error, soon', { timeout: 60_000 }, async () => {
    const seed = Date.now() % 1e6;
    const random = xorshift(seed);
    const classic = makeWithFfmpeg('a.m4a', [...short, '-movflags', '+faststart']).bytes;
    const fragmented = makeWithFfmpeg('a.mp4', [...short, '-movflags', 'empty_moov', '-frag_duration', '200000']).bytes;
    for (let round = 0; round < 1_500; round++) {
      const content = Uint8Array.from(round % 2 ? classic : fragmented);
      for (let i = 0; i < 1 + (round % 3); i++) content[random() % 1_500] = [0, 0xff, random() & 0xff][random() % 3];
      const started = performance.now();
      const { error } = await outcome(content, 10_000);
      if (error) expect(isAulosError(error), `seed ${seed} round ${round}: ${error}`).toBe(true);
      expect(performance.now() - started, `seed ${seed} round ${round}`).toBeLessThan(1_000);
    }
  });
});

/** Packets up to `limit`, and the error that ended them. */
async function outcome(content: Uint8Array, limit = Infinity): Promise<{ packets: Packet[]; error?: unknown }> {
  const packets: Packet[] = [];
  try {
    for await (const packet of open(content).demuxer.packets(never)) {
      if (packets.push(packet) >= limit) break;
    }
    return { packets };
  } catch (error) {
    return { packets, error };
  }
}

function xorshift(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

describe.runIf(media)('a file of the corpus', () => {
  interface Expected {
    readonly packets: number;
    readonly packetSizesMd5: string;
    readonly frames: number;
    readonly framesTolerance: number;
    readonly mp4?: { readonly fragments: number };
  }
  const files = (media?.files ?? []).filter(({ file, expected }) => /^f?mp4\//.test(file) && expected.outcome === 'decodes');
  const load = (name: string) => new Uint8Array(readFileSync(path.join(media?.folder ?? '', name)));

  it.each(files.map(({ file, expected }) => [file, expected as unknown as Expected] as const))(
    'has the packets that others see: %s',
    async (name, expected) => {
      const { demuxer } = open(load(name));
      const info = await demuxer.info(never);
      const packets = await packetsOf(demuxer);
      expect(packets).toHaveLength(expected.packets);
      expect(md5(new TextEncoder().encode(packets.map(({ data }) => data.length).join(',')))).toBe(expected.packetSizesMd5);
      if (info.frames !== undefined) expect(Math.abs(info.frames - expected.frames)).toBeLessThanOrEqual(expected.framesTolerance);
      if (!expected.mp4?.fragments) expect(info.frames).toBeDefined();
    },
  );

  it.each([
    ['bad/mp4ff-cbcs_audio.mp4', 'media.unsupported', 'encrypted sound'],
    ['bad/androidx-sample_ac4_protected.mp4', 'media.unsupported', 'encrypted sound'],
    ['bad/androidx-sample_ac3.mp4', 'media.unsupported', 'codec ac-3'],
    ['bad/androidx-sample_missing_stsd.mp4', 'media.malformed', 'stbl without stsd'],
    ['bad/androidx-audio_init.mp4', 'media.truncated', 'fragments'],
  ])('is refused with a word why: %s', async (name, code, what) => {
    await expect(open(load(name)).demuxer.info(never)).rejects.toMatchObject({ code, details: { what, offset: expect.any(Number) } });
  });

  it('with the SBR of HE-AAC is told at the rate that SBR leads to', async () => {
    const info = await open(load('fmp4/kithara-he-aac-v1-fmp4.mp4')).demuxer.info(never);
    expect(info).toMatchObject({ config: { sampleRate: 44_100, channels: 2 }, frames: 45_056 });
    expect(info.degraded).toBeUndefined();
    expect(info.duration).toBeCloseTo(45_056 / 44_100, 6);
  });

  it('with parametric stereo is told to be stereo', async () => {
    const info = await open(load('fmp4/kithara-he-aac-v2-fmp4.mp4')).demuxer.info(never);
    expect(info).toMatchObject({ config: { sampleRate: 44_100, channels: 2, codecString: 'mp4a.40.29' }, frames: 45_056 });
  });
});

describe('a movie of three hours', () => {
  it('opens in the time of a blink and in a few megabytes', async () => {
    const content = longMovie(465_117);
    await open(content).demuxer.info(never); // warm
    const { demuxer } = open(content);
    const heap = used();
    const started = performance.now();
    const info = await demuxer.info(never);
    const elapsed = performance.now() - started;
    const grown = used() - heap;
    console.log(`3 hours of AAC: open ${elapsed.toFixed(1)} ms, ${(grown / 1e6).toFixed(1)} MB`);
    expect(info.frames).toBe(465_117 * 1_024);
    expect(elapsed).toBeLessThan(process.env.CI ? 400 : 200);
    expect(grown).toBeLessThan(16e6);
    expect((await demuxer.seek(9_000, never)).timestamp).toBe(Math.floor((9_000 * 44_100) / 1_024 - 1) * 1_024);
  });

  const used = () => {
    globalThis.gc?.();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
});
