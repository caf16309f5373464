import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createAulos } from '../../src/node.ts';
import { type Peaks, PeakTable } from '../../src/playback/peak-table.ts';
import { startOrigin } from '../fakes/origin.ts';
import { expectedPlanes, fixtureBytes, fixtures } from '../fixtures/fixtures.ts';

const { signal } = new AbortController();
/** Half a step of 16 bits, and what a lossy decoder may differ. */
const CLOSE = 0.001;

async function scene() {
  const origin = await startOrigin();
  const cacheDir = await mkdtemp(path.join(tmpdir(), 'aulos-peaks-'));
  onTestFinished(async () => {
    await origin.close();
    await rm(cacheDir, { recursive: true, force: true });
  });
  return { origin, begin: () => createAulos({ cacheDir, retry: { attempts: 1 } }) };
}

/** Lowest and highest samples as they are, of which a waveform may only widen buckets by a bin on each side. */
function extremes(planes: readonly Float32Array[], from: number, to: number) {
  const samples = planes.flatMap((plane) => [...plane.subarray(Math.max(0, from), to)]);
  return { min: samples.reduce((a, b) => Math.min(a, b), 1), max: samples.reduce((a, b) => Math.max(a, b), -1) };
}

function expectWaveform({ min, max }: Peaks, planes: readonly Float32Array[], bin: number): void {
  const frames = planes[0].length;
  for (let i = 0; i < min.length; i++) {
    const [from, to] = [(frames * i) / min.length, (frames * (i + 1)) / min.length].map(Math.floor);
    const inner = extremes(planes, from, to);
    const outer = extremes(planes, from - bin, to + bin);
    expect(min[i]).toBeLessThanOrEqual(inner.min + CLOSE);
    expect(min[i]).toBeGreaterThanOrEqual(outer.min - CLOSE);
    expect(max[i]).toBeGreaterThanOrEqual(inner.max - CLOSE);
    expect(max[i]).toBeLessThanOrEqual(outer.max + CLOSE);
  }
}

describe('the waveform of a track', () => {
  it.each(fixtures().filter(({ name }) => ['vbr.mp3', 'stereo.flac', 'moov-last.m4a', 'vorbis.ogg'].includes(name)))(
    'is that of what the reference decodes of $name, and is kept',
    async (fixture) => {
      const { origin, begin } = await scene();
      origin.put('/track', { content: fixtureBytes(fixture.name), etag: '"1"' });
      let first: Peaks;
      {
        await using aulos = begin();
        await using track = await aulos.open(`${origin.url}/track`, { signal });
        first = await track.peaks({ buckets: 100, signal });
        expect(first.isWhole).toBe(true);
        const { frames } = track.info; // ffmpeg does not cut M4A at its end
        expectWaveform(
          first,
          expectedPlanes(fixture).map((plane) => plane.subarray(0, frames)),
          512,
        );
      }
      await origin.close();
      await using aulos = begin();
      await using track = await aulos.open(`${origin.url}/track`, { signal });
      expect(await track.peaks({ buckets: 100, signal })).toEqual(first);
    },
  );

  it('grows with what has come, asks for nothing, and goes on from where it was', async () => {
    const { origin, begin } = await scene();
    const content = fixtureBytes('stereo.wav');
    origin.put('/track', { content, etag: '"1"' });
    await using aulos = begin();
    await using track = await aulos.open(`${origin.url}/track`, { signal, whole: false });
    const patience = new AbortController();
    const seen = await new Promise<Peaks>((resolve) => {
      const onProgress = (peaks: Peaks) => !Number.isNaN(peaks.max[0]) && resolve(peaks);
      track.peaks({ buckets: 50, signal: patience.signal, onProgress }).catch(() => {});
      void track.read({ start: 0, end: 100_000 }, signal);
    });
    expect(seen.isWhole).toBe(false);
    expect(Number.isNaN(seen.max[49])).toBe(true);
    patience.abort();
    const asked = origin.accesses('/track').length;
    const whole = track.peaks({ buckets: 50, signal });
    expect(origin.accesses('/track').length).toBe(asked);
    await track.download({ signal });
    expect((await whole).isWhole).toBe(true);
  });

  it('refuses numbers of buckets that cannot be', async () => {
    await using aulos = (await scene()).begin();
    await using track = await aulos.open(new Blob([fixtureBytes('stereo.wav').slice()]), { signal });
    for (const buckets of [0, -1, 1.5, Number.NaN, 1e9]) {
      await expect(track.peaks({ buckets, signal })).rejects.toMatchObject({ code: 'input.invalid' });
    }
    expect((await track.peaks({ buckets: 1, signal })).max).toHaveLength(1);
  });
});

describe('a table of peaks', () => {
  const table = () => {
    const made = new PeakTable();
    // Ten hours, of which each second is as loud as its number says.
    for (let second = 0; second < 36_000; second += 60) {
      const plane = new Float32Array(1_000 * 60).fill(second / 36_000);
      made.add({ planes: [plane], sampleRate: 1_000, timestamp: second * 1_000 });
    }
    made.end();
    return made;
  };

  it('stays small for ten hours, and survives being kept', () => {
    const made = table();
    const bytes = made.toBytes();
    expect(bytes.length).toBeLessThan(33_000);
    const kept = new PeakTable();
    kept.adopt(bytes);
    expect(kept.peaks(600, 0)).toEqual(made.peaks(600, 0));
    const { max } = made.peaks(600, 0);
    for (let minute = 0; minute < 600; minute++) expect(Math.abs(max[minute] - minute / 600)).toBeLessThan(0.002);
  });

  it('takes up nothing that is broken', () => {
    const good = table().toBytes();
    for (let i = 0; i < 16; i++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const bad = good.slice();
        bad[i] = value;
        const kept = new PeakTable();
        kept.adopt(bad);
        expect(kept.toBytes().length).toBeLessThanOrEqual(good.length);
      }
    }
    const cut = new PeakTable();
    cut.adopt(good.subarray(0, good.length - 1));
    expect(cut.frames).toBe(0);
  });
});
