import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildSegmentIndex } from '../../src/demux/fragments.ts';
import { mp4Demuxer } from '../../src/demux/mp4.ts';
import { SegmentIndex } from '../../src/source/segment-index.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { makeWithFfmpeg } from '../fakes/ffprobe.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { box, bytes, fullBox, u32 } from '../fakes/mp4-boxes.ts';
import { virtualFragmented } from '../fakes/virtual/aac.ts';
import { bytesOf } from '../fakes/virtual/track.ts';
import { corpus, requireTool } from '../tools.ts';

const hasFfmpeg = requireTool('ffmpeg') && requireTool('ffprobe');
const media = corpus();

/** Frames that ffmpeg's AAC encoder puts in front; it trims the last packet to the signal. */
const PRIMING = 1_024;

const noise = (seconds: number) => ['-f', 'lavfi', '-i', `anoisesrc=d=${seconds}:r=48000`];
const aac = ['-c:a', 'aac', '-b:a', '128k'];
const fragmented = (seconds: number, ...flags: string[]) => makeWithFfmpeg('a.mp4', [...noise(seconds), ...aac, ...flags]);

const build = (content: Uint8Array) => buildSegmentIndex(new MemorySource(content), never);

describe.runIf(hasFfmpeg)('the index of a fragmented file', () => {
  it.each([
    ['empty_moov+default_base_moof', []],
    ['empty_moov', []],
    ['dash', []],
    ['dash+global_sidx', []],
    ['empty_moov+omit_tfhd_offset', []],
    ['empty_moov+frag_keyframe', ['-f', 'lavfi', '-i', 'testsrc=s=64x64:d=10', '-c:v', 'mpeg4', '-g', '25']],
  ])('holds every packet that ffprobe tells, at its byte and its time: %s', async (movflags, picture) => {
    const flags = ['-movflags', movflags, '-frag_duration', '1000000'];
    const { bytes: content, packets } = makeWithFfmpeg('a.mp4', [...noise(10), ...picture, ...aac, ...flags]);
    const index = (await build(content))!;
    expect(index.timescale).toBe(48_000);
    expect(index.segments.length).toBeGreaterThan(8);
    let end = index.segments[0].decodeTime;
    let seen = 0;
    for (const { range, decodeTime, duration, sync } of index.segments) {
      const inside = packets.filter(({ offset, size }) => offset >= range.start && offset + size <= range.end);
      expect(inside[0].timestamp - packets[0].timestamp).toBe(decodeTime - index.segments[0].decodeTime);
      expect(decodeTime).toBe(end);
      end = decodeTime + duration;
      expect(sync).toBe(true);
      expect(Buffer.from(content.subarray(range.start + 4, range.start + 8)).toString()).toBe('moof');
      seen += inside.length;
    }
    expect(seen).toBe(packets.length);
    expect(index.duration * 48_000).toBe(480_000 + PRIMING);
  });

  it('is read from box headers, moov and moofs alone', async () => {
    const { bytes: content } = fragmented(60, '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '5000000');
    const source = new MemorySource(content);
    await buildSegmentIndex(source, never);
    expect(source.bytesRead).toBeLessThan(content.length / 50);
    expect(Math.max(...source.reads.map(({ start, end }) => end - start))).toBeLessThan(8_000);
  });

  it('agrees with the sidx at the head', async () => {
    const { bytes: content } = fragmented(10, '-movflags', 'dash+global_sidx', '-frag_duration', '1000000');
    const index = (await build(content))!;
    const early = mp4Demuxer(new MemorySource(content));
    const built = mp4Demuxer(new MemorySource(content), () => index);
    expect((await early.info(never)).duration).toBeCloseTo((await built.info(never)).duration!, 3);
    for (const seconds of [0, 1.5, 4, 7.77, 9.9]) expect(await early.seek(seconds, never)).toEqual(await built.seek(seconds, never));
  });

  it('takes a far seek to its fragment, of which it reads no more than up to the target', async () => {
    const { bytes: content } = fragmented(120, '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '5000000');
    const index = (await build(content))!;
    const source = new MemorySource(content);
    const demuxer = mp4Demuxer(source, () => index);
    const info = await demuxer.info(never);
    expect(info).toMatchObject({ durationIsExact: true, frames: index.duration * 48_000 - info.encoderDelay });
    const { length } = source.reads;
    const point = await demuxer.seek(100, never);
    const far = source.reads.slice(length);
    const { range } = index.at((point.timestamp + 1) / 48_000);
    expect(Math.min(...far.map(({ start }) => start))).toBe(point.offset);
    expect(point.offset).toBe(range.start);
    expect(Math.max(...far.map(({ end }) => end))).toBeLessThan(range.end + 16_384);
  });

  it('tells a demuxer that did without it the exact length as soon as it is there', async () => {
    const { bytes: content } = fragmented(10, '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '1000000');
    let index: Awaited<ReturnType<typeof build>>;
    const demuxer = mp4Demuxer(new MemorySource(content), () => index);
    const before = await demuxer.info(never);
    expect(before.durationIsExact).toBe(false);
    expect(before.duration).toBeCloseTo(10, 0);
    index = await build(content);
    const after = await demuxer.info(never);
    expect(after).toMatchObject({ frames: 480_000 + PRIMING - after.encoderDelay, durationIsExact: true });
  });

  it('that lies does not mislead a seek', async () => {
    const { bytes: content } = fragmented(10, '-movflags', 'empty_moov+default_base_moof', '-frag_duration', '1000000');
    const index = (await build(content))!;
    const honest = await mp4Demuxer(new MemorySource(content)).seek(5, never);
    for (const shift of [7, 100_000, 1e9]) {
      const segments = index.segments.map((segment) => ({
        ...segment,
        range: { start: segment.range.start + shift, end: segment.range.end },
      }));
      const liar = new SegmentIndex(index.initRange, index.timescale, segments);
      expect(await mp4Demuxer(new MemorySource(content), () => liar).seek(5, never)).toEqual(honest);
    }
  });

  it('that lies about all is done without, at the cost of a search', async () => {
    const track = virtualFragmented('sidx', 600);
    const honest = bytesOf(track);
    const sidx = Buffer.from(honest).indexOf('sidx') + 4;
    const view = new DataView(honest.buffer, honest.byteOffset, honest.length);
    const expected = await mp4Demuxer(new MemorySource(honest.slice())).seek(540, never);
    view.setUint32(sidx + 16, 1_000); // bytes to the first fragment: what an editor of tags at the head forgets to adjust
    const source = new MemorySource(honest);
    const demuxer = mp4Demuxer(source);
    await demuxer.info(never);
    const before = source.bytesRead;
    expect(await demuxer.seek(540, never)).toEqual(expected);
    expect(source.bytesRead - before).toBeLessThan(honest.length / 10);
  });

  it('does not exist for other files', async () => {
    const classic = makeWithFfmpeg('a.m4a', ['-f', 'lavfi', '-i', 'sine=d=1', '-c:a', 'aac']).bytes;
    const init = initPart();
    for (const content of [classic, init, new Uint8Array(0), bytes('ID3', new Uint8Array(64)), bytes('fLaC', new Uint8Array(64))]) {
      expect(await build(content)).toBeUndefined();
    }
  });
});

let init: Uint8Array | undefined;

/** The `ftyp` and `moov` of a fragmented file with one AAC track, of id 1 and timescale 48,000. */
function initPart(): Uint8Array {
  if (init) return init;
  const { bytes: content } = fragmented(1, '-movflags', 'empty_moov+default_base_moof');
  init = content.subarray(0, Buffer.from(content).indexOf('moof') - 4);
  return init;
}

const TFHD = { base: 0x01, duration: 0x08, size: 0x10, baseIsMoof: 0x20000 };
const TRUN = { offset: 0x01, duration: 0x100, size: 0x200 };

const flagged = (type: string, flags: number, ...fields: readonly number[]) => box(type, u32(flags), ...fields.map(u32));
const tfdt = (time: number) => fullBox('tfdt', u32(time));
const sizesOf = (trun: readonly number[]) => flagged('trun', TRUN.size, trun.length, ...trun);
const mdat = (size: number) => box('mdat', new Uint8Array(size));

describe.runIf(hasFfmpeg)('a fragment', () => {
  const moof = (...trafs: readonly Uint8Array[]) => box('moof', fullBox('mfhd', u32(1)), ...trafs);
  const lengths = [TFHD.baseIsMoof | TFHD.duration, 1, 1_024] as const;

  /** Sizes, offsets relative to the `moof`, and timestamps of the packets of an init part followed by `parts`. */
  async function read(...parts: readonly Uint8Array[]) {
    const init = initPart();
    const packets = await packetsOf(mp4Demuxer(new MemorySource(bytes(init, ...parts))));
    return packets.map(({ offset, data, timestamp }) => [offset - init.length, data.length, timestamp]);
  }

  it('finds its data by the offset of each run, from the moof', async () => {
    const run = (offset: number, ...sizes: number[]) => flagged('trun', TRUN.offset | TRUN.size, sizes.length, offset, ...sizes);
    const fragment = moof(box('traf', flagged('tfhd', ...lengths), tfdt(0), run(200, 10, 20), run(500, 30)));
    expect(await read(fragment, mdat(600))).toEqual([
      [200, 10, 0],
      [210, 20, 1_024],
      [500, 30, 2_048],
    ]);
  });

  it('lets a run without an offset follow the one before', async () => {
    const first = flagged('trun', TRUN.offset | TRUN.size, 1, 300, 40);
    const fragment = moof(box('traf', flagged('tfhd', ...lengths), tfdt(0), first, sizesOf([10, 20])));
    expect((await read(fragment, mdat(400))).map(([offset]) => offset)).toEqual([300, 340, 350]);
  });

  it('lets data without a base follow that of the track before', async () => {
    const other = box('traf', flagged('tfhd', 0, 7), flagged('trun', TRUN.offset | TRUN.size, 2, 250, 100, 50));
    const fragment = moof(other, box('traf', flagged('tfhd', TFHD.duration, 1, 1_024), tfdt(0), sizesOf([10])));
    expect(await read(fragment, mdat(400))).toEqual([[400, 10, 0]]);
  });

  it('may name the byte that offsets count from', async () => {
    const base = initPart().length + 300;
    const header = flagged('tfhd', TFHD.base | TFHD.duration, 1, 0, base, 1_024);
    const fragment = moof(box('traf', header, tfdt(0), flagged('trun', TRUN.offset | TRUN.size, 1, 4, 10)));
    expect(await read(fragment, mdat(400))).toEqual([[304, 10, 0]]);
  });

  it('goes on in time where the one before ended, when it does not say', async () => {
    const first = moof(box('traf', flagged('tfhd', ...lengths), tfdt(96_000), flagged('trun', TRUN.offset | TRUN.size, 2, 120, 10, 10)));
    const second = moof(box('traf', flagged('tfhd', ...lengths), flagged('trun', TRUN.offset | TRUN.size, 1, 120, 10)));
    const packets = await read(first, mdat(100), second, mdat(100));
    expect(packets.map(([, , timestamp]) => timestamp)).toEqual([0, 1_024, 2_048]);
  });

  it('keeps a gap in time, and not a rounding error', async () => {
    const at = (time: number) =>
      bytes(moof(box('traf', flagged('tfhd', ...lengths), tfdt(time), flagged('trun', TRUN.offset | TRUN.size, 1, 120, 10))), mdat(100));
    const packets = await read(at(0), at(1_025), at(2_048), at(10_000));
    expect(packets.map(([, , timestamp]) => timestamp)).toEqual([0, 1_024, 2_048, 10_000]);
  });

  it('of another track is passed over', async () => {
    const other = moof(box('traf', flagged('tfhd', TFHD.baseIsMoof, 7), tfdt(0), flagged('trun', TRUN.offset | TRUN.size, 1, 100, 30)));
    const ours = moof(box('traf', flagged('tfhd', ...lengths), tfdt(0), flagged('trun', TRUN.offset | TRUN.size, 1, 120, 10)));
    expect(await read(other, mdat(60), ours, mdat(100))).toEqual([[other.length + 68 + 120, 10, 0]]);
  });

  const good = (time: number) =>
    bytes(moof(box('traf', flagged('tfhd', ...lengths), tfdt(time), flagged('trun', TRUN.offset | TRUN.size, 1, 120, 10))), mdat(100));
  const endless = box('traf', flagged('tfhd', TFHD.baseIsMoof | TFHD.duration | TFHD.size, 1, 1_024, 0), flagged('trun', 0, 0xffffffff));
  const timeless = flagged('tfhd', TFHD.baseIsMoof | TFHD.duration, 1, 0);

  it.each([
    ['without duration', 'media.malformed', moof(box('traf', timeless, tfdt(1_024), sizesOf([10])))],
    ['that stands still in time', 'media.malformed', good(0)],
    [
      'whose run is longer than its box',
      'media.malformed',
      moof(box('traf', flagged('tfhd', ...lengths), flagged('trun', TRUN.size, 9, 10))),
    ],
    ['of four billion empty samples', 'media.malformed', moof(endless)],
    ['without a header', 'media.malformed', moof(box('traf', tfdt(9_000), sizesOf([10])))],
    ['whose data is missing', 'media.truncated', good(1_024).subarray(0, 125)],
    ['that is cut off', 'media.truncated', good(1_024).subarray(0, 50)],
  ])('%s leaves no index at all', async (_, code, broken) => {
    const whole = bytes(initPart(), good(0), broken);
    await expect(build(whole)).rejects.toMatchObject({ code, details: { offset: expect.any(Number) } });
  });

  it('in good order makes an index', async () => {
    const init = initPart();
    const [first, second] = [good(0), good(1_024)];
    const index = await build(bytes(init, first, second));
    expect(index).toMatchObject({
      initRange: { start: 0, end: init.length },
      timescale: 48_000,
      segments: [
        { range: { start: init.length, end: init.length + 130 }, decodeTime: 0, duration: 1_024, sync: true },
        { range: { start: init.length + first.length, end: init.length + first.length + 130 }, decodeTime: 1_024 },
      ],
    });
  });
});

/** Where `text` stands in `content`. */
function placesOf(text: string, content: Uint8Array): number[] {
  const places: number[] = [];
  const buffer = Buffer.from(content.buffer, content.byteOffset, content.length);
  for (let at = buffer.indexOf(text); at >= 0; at = buffer.indexOf(text, at + 1)) places.push(at);
  return places;
}

describe('a fragment without an index', () => {
  const track = virtualFragmented('none', 600);
  const content = bytesOf(track);
  // In the media of each packet stands what looks like the head of a moof.
  for (const at of placesOf('auLs', content)) content.set(bytes(u32(64), 'moof', u32(16), 'mfhd', new Uint8Array(8)), at + 8);

  it('is found from its times, whatever the media looks like', async () => {
    const straight = (await packetsOf(mp4Demuxer(new MemorySource(content)))).map(({ offset, timestamp }) => [offset, timestamp]);
    const seed = Date.now() % 1e6;
    for (const share of [0.05, 0.5, 0.999, ((seed * 7_919) % 1_000) / 1_000]) {
      const source = new MemorySource(content);
      const demuxer = mp4Demuxer(source);
      await demuxer.info(never);
      const before = source.bytesRead;
      const point = await demuxer.seek(600 * share, never);
      expect(source.bytesRead - before).toBeLessThan(content.length / 8);
      const [first] = await packetsOf(demuxer, point);
      expect(point.exact, `seed ${seed}`).toBe(true);
      expect(straight).toContainEqual([first.offset, first.timestamp]);
      expect(first.timestamp, `seed ${seed}`).toBeLessThanOrEqual(point.target);
      expect(point.target - first.timestamp, `seed ${seed}`).toBeLessThan(3 * 1_024);
    }
  });

  it('is walked to where fragments tell no times', async () => {
    const timeless = content.slice();
    for (const at of placesOf('tfdt', timeless)) timeless.set(bytes('free'), at);
    const source = new MemorySource(timeless);
    const demuxer = mp4Demuxer(source);
    const point = await demuxer.seek(500, never);
    expect(point).toEqual(await mp4Demuxer(new MemorySource(content)).seek(500, never));
    expect(source.bytesRead).toBeLessThan(content.length / 8);
  });
});

describe.runIf(media)('the index of a file of the corpus', () => {
  interface Expected {
    readonly packets: number;
    readonly mp4: { readonly fragments: number; readonly tracks: readonly string[] };
    readonly durationSec: number;
  }
  const files = (media?.files ?? [])
    .filter(({ file, expected }) => file.startsWith('fmp4/') && expected.outcome === 'decodes')
    .filter(({ file }) => !file.includes('partially')); // its moov has samples too, which no index of fragments holds

  it.each(files.map(({ file, expected }) => [file, expected as unknown as Expected] as const))(
    'spans what it lasts: %s',
    async (name, expected) => {
      const index = (await build(new Uint8Array(readFileSync(path.join(media?.folder ?? '', name)))))!;
      expect(index.duration).toBeCloseTo(expected.durationSec, 1);
      // Files with video have fragments without sound too.
      if (expected.mp4.tracks.length === 1) expect(index.segments).toHaveLength(expected.mp4.fragments);
    },
  );
});
