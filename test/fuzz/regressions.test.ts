import { describe, expect, it } from 'vitest';
import { FrameIndex } from '../../src/demux/frame-index.ts';
import { OggVorbis } from '../../src/demux/ogg-vorbis.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { parseVorbisComment } from '../../src/demux/vorbis-comment.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { SegmentIndex } from '../../src/source/segment-index.ts';
import { never, packetsOf } from '../fakes/demuxed.ts';
import { MemorySource, type MemorySourceOptions } from '../fakes/memory-source.ts';
import { box, bytes } from '../fakes/mp4-boxes.ts';
import { ownSeeds } from './seeds.ts';
import { splitOgg } from './split.ts';

// What the fuzzer has found, made anew from as little as shows it.

const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

async function play(file: Uint8Array, options?: MemorySourceOptions) {
  return packetsOf(await openDemuxer(new MemorySource(file, options), '', never));
}

/** A seed file in which the number behind the first `mark` is another. */
function seedWith(name: string, mark: string, at: number, value: number): Uint8Array {
  const file = Buffer.from(ownSeeds().find((seed) => seed.name === name)?.bytes ?? []);
  file.writeUInt32BE(value, file.indexOf(mark, 0, 'latin1') + mark.length + at);
  return new Uint8Array(file);
}

/** The headers of a seed file, whose first pages hold nothing else. */
function vorbisHeaders(): Uint8Array[] {
  const file = Buffer.from(ownSeeds().find(({ name }) => name === 'vorbis.ogg')?.bytes ?? []);
  const starts = ['\x01vorbis', '\x03vorbis', '\x05vorbis'].map((magic) => file.indexOf(magic, 0, 'latin1'));
  const ends = [starts[0] + 30, starts[2], file.indexOf('OggS', starts[2], 'latin1')];
  return starts.map((start, i) => new Uint8Array(file.subarray(start, ends[i])));
}

const hasSeeds = ownSeeds().length > 0;

describe('an error tells no offset behind the end', () => {
  const error = (code: ErrorCode, offset: number) => expect.objectContaining({ code, details: expect.objectContaining({ offset }) });

  it('when a WAV chunk claims to be longer than the file', async () => {
    const file = latin1('RIFF\x20\0\0\0WAVEJUNK\0\0\0\x7fabcd');
    await expect(play(file)).rejects.toEqual(error('media.truncated', file.length));
  });

  it('when an ID3 tag does', async () => {
    const file = latin1('ID3\x03\0\0\x7f\0\0\0TIT2');
    await expect(play(file)).rejects.toEqual(error('media.unsupported', file.length));
  });

  it('when the last metadata block of a FLAC file ends with it', async () => {
    const file = latin1('fLaC\x81\0\0\x04\0\0\0\0');
    await expect(play(file)).rejects.toEqual(error('media.truncated', file.length));
  });

  it('when the last box reaches to an end that nobody knows', async () => {
    const file = bytes(box('ftyp', 'M4A ', new Uint8Array(4)), new Uint8Array(4), 'mdat', new Uint8Array(9));
    await expect(play(file, { unknownLength: true })).rejects.toEqual(error('media.truncated', 16));
  });

  it('nor has a WAV file samples of no bytes', async () => {
    const file = latin1('RIFF\x20\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\0\0\0\0\0\0\0\0data\x04\0\0\0abcd');
    await expect(play(file)).rejects.toEqual(error('media.malformed', 20));
  });

  it.runIf(hasSeeds)('when a sample table points behind it', async () => {
    const file = seedWith('first.mp4', 'stco', 8, 1e9);
    await expect(play(file)).rejects.toEqual(error('media.truncated', file.length));
  });
});

describe('a damaged sidecar is no index', () => {
  it('of frames, with a number of them that nobody can count', () => {
    const tooMany = [...Array<number>(20).fill(0xff), 1];
    expect(new FrameIndex({ isOnlyWay: true }).adopt(Uint8Array.from([1, 1, ...tooMany, 0, 0, 0]))).toBe(false);
  });

  const segment = { range: { start: 100, end: 200 }, decodeTime: 0, duration: 10, sync: true };
  const next = { range: { start: 200, end: 300 }, decodeTime: 10, duration: 10, sync: true };
  const reread = (timescale: number, ...segments: (typeof segment)[]) =>
    SegmentIndex.fromBytes(new SegmentIndex({ start: 0, end: 100 }, timescale, segments).toBytes());

  it('of segments that do not advance, in time or in bytes', () => {
    expect(reread(10, segment, next)?.segments).toEqual([segment, next]);
    expect(reread(10, segment, { ...next, decodeTime: 0 })).toBeUndefined();
    expect(reread(10, segment, { ...next, range: { start: 50, end: 90 } })).toBeUndefined();
  });

  it('of segments before the start, or without a clock', () => {
    expect(reread(10, { ...segment, range: { start: -50, end: 50 } })).toBeUndefined();
    expect(reread(0, segment)).toBeUndefined();
  });
});

describe('time does not go back', () => {
  it.runIf(hasSeeds)('where the last page before another link of an Ogg chain claims to be at the start', async () => {
    const [vorbis, flac] = ['vorbis.ogg', 'flac.ogg'].map((name) => ownSeeds().find((seed) => seed.name === name)!.bytes);
    const last = splitOgg(vorbis).at(-1)!;
    const page = last.head.slice();
    page.fill(0, 5, 14); // flags and granule position
    last.seal?.(page);
    const times = (await play(bytes(vorbis, page, flac))).map(({ timestamp }) => timestamp);
    expect(times.filter((time, i) => time < times[i - 1])).toEqual([]);
    expect(times.length).toBeGreaterThan(20);
  });
});

describe('what a head says', () => {
  it.runIf(hasSeeds)('of Vorbis blocks is refused where it would give half frames', async () => {
    const heads: number[] = [];
    const vorbis = (sizes: number): OggVorbis => {
      const mapping = new OggVorbis();
      for (const header of vorbisHeaders()) {
        if (header[0] === 1) header[28] = sizes;
        heads.push(header[0]);
        mapping.readHeader(header);
      }
      return mapping;
    };
    expect(vorbis(0xb8).describe()).toBeDefined();
    expect(heads).toEqual([1, 3, 5]);
    for (const sizes of [0x80, 0x68, 0xe6]) expect(vorbis(sizes).describe()).toBeUndefined();
  });

  it('under a name that every object has is a tag as others', () => {
    const comment = latin1('\0\0\0\0\x02\0\0\0\x0d\0\0\0constructor=a\x0b\0\0\0__proto__=b');
    expect(Object.entries(parseVorbisComment(comment).tags)).toEqual([
      ['constructor', 'a'],
      ['__proto__', 'b'],
    ]);
  });
});
