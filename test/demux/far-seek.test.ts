import { describe, expect, it } from 'vitest';
import { type ByteRange, RangeSet } from '../../src/base/ranges.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import type { SeekPoint } from '../../src/media.ts';
import type { ByteSource } from '../../src/source/source.ts';
import { never } from '../fakes/demuxed.ts';
import { virtualAdts } from '../fakes/virtual/aac.ts';
import { virtualTracks } from '../fakes/virtual/all.ts';
import { virtualMp3 } from '../fakes/virtual/mp3.ts';
import { bytesOf, type VirtualTrack } from '../fakes/virtual/track.ts';
import { requireTool } from '../tools.ts';

/** What a request brings at least, as the plan of a source has it. */
const REQUEST_BYTES = 65_536;

/** A track behind a network: what was read once is held, and what is missing costs a request. */
class MeteredSource implements ByteSource {
  readonly length: number;
  readonly mediaType: string;
  requests = 0;
  bytes = 0;
  readonly #track: VirtualTrack;
  readonly #held = new RangeSet();

  constructor(track: VirtualTrack) {
    this.length = track.size;
    this.mediaType = track.mediaType;
    this.#track = track;
  }

  async read({ start, end }: ByteRange, _signal: AbortSignal, atLeast = end - start): Promise<Uint8Array> {
    await undefined;
    const need = { start, end: Math.min(this.length, start + atLeast) };
    for (let gap = this.#held.firstGap(need); gap; gap = this.#held.firstGap(need)) {
      const wish = { start: gap.start, end: Math.min(this.length, Math.max(end, gap.start + REQUEST_BYTES)) };
      const fetched = this.#held.firstGap(wish) ?? gap;
      this.#held.add(fetched);
      this.requests++;
      this.bytes += fetched.end - fetched.start;
    }
    return bytesOf(this.#track, start, Math.max(start, Math.min(end, this.#held.heldUntil(start))));
  }

  async tryRead({ start, end }: ByteRange): Promise<Uint8Array | undefined> {
    return this.#held.contains({ start, end }) ? bytesOf(this.#track, start, end) : undefined;
  }
}

interface Landed {
  readonly point: SeekPoint;
  /** Frames by which the time of the first packet is wrong. */
  readonly error: number;
  readonly requests: number;
  readonly bytes: number;
}

/** Seeks in a track of which only the head was read, or whose `index` is known, up to the packet that holds the target. */
async function land(track: VirtualTrack, part: number, index?: Uint8Array): Promise<Landed> {
  const source = new MeteredSource(track);
  const demuxer = await openDemuxer(source, '', never);
  await demuxer.info(never);
  if (index) demuxer.frameIndex?.adopt(index);
  const before = { requests: source.requests, bytes: source.bytes };
  const point = await demuxer.seek((part * track.frames) / track.sampleRate, never);
  let error: number | undefined;
  for await (const packet of demuxer.packets(never, point)) {
    error ??= Math.abs(packet.timestamp - (track.timestampOf(packet.data) ?? Number.NaN));
    if (packet.timestamp + packet.duration > point.target) break;
  }
  return { point, error: error ?? Number.NaN, requests: source.requests - before.requests, bytes: source.bytes - before.bytes };
}

async function indexOf(track: VirtualTrack): Promise<Uint8Array> {
  const demuxer = await openDemuxer(new MeteredSource(track), '', never);
  for await (const _ of demuxer.packets(never));
  return demuxer.frameIndex!.toBytes();
}

const tracks = virtualTracks.filter((make) => !make.name.includes('Vorbis') || requireTool('ffmpeg')).map((make) => make(600));
const isBisected = ({ name }: VirtualTrack) => /Ogg|without SEEKTABLE|fMP4$|TS/.test(name);
const isGuessed = ({ name }: VirtualTrack) => /VBR|ADTS|TS/.test(name);

describe('a far seek, with only the head at hand', () => {
  it.each(tracks)('finds its place in $name', async (track) => {
    for (const part of [0.9, 0.33]) {
      const { point, error, requests, bytes } = await land(track, part);
      expect(requests).toBeLessThanOrEqual(isBisected(track) ? 5 : 2);
      if (!isBisected(track)) expect(bytes).toBeLessThanOrEqual(262_144);
      expect(point.exact).toBe(!isGuessed(track));
      expect(error).toBeLessThanOrEqual(point.errorBound * track.sampleRate);
      const heard = Math.round(part * track.frames) + track.encoderDelay;
      if (point.exact) expect(point.target).toBe(heard);
      if (point.exact) expect(point.timestamp).toBeLessThanOrEqual(point.target);
    }
  });
});

describe('a far seek with a frame index', () => {
  const inexact = [virtualMp3('VBR, Xing', 600), virtualMp3('VBR, no tag', 600), virtualAdts(600)];
  it.each(inexact)('lands on the very sample of $name', async (track) => {
    const index = await indexOf(track);
    for (const part of [0.9, 0.5, 0.01, 0.999]) {
      const { point, error, requests, bytes } = await land(track, part, index);
      expect(point).toMatchObject({ exact: true, errorBound: 0, target: Math.round(part * track.frames) });
      expect(error).toBe(0);
      expect(point.timestamp).toBeLessThanOrEqual(point.target);
      expect(point.target - point.timestamp).toBeLessThan(20 * 1_152);
      expect(requests).toBeLessThanOrEqual(2);
      expect(bytes).toBeLessThanOrEqual(262_144);
    }
  });

  it.each(inexact)('knows how long $name is', async (track) => {
    const demuxer = await openDemuxer(new MeteredSource(track), '', never);
    for await (const _ of demuxer.packets(never));
    const exact = { frames: track.frames, duration: track.frames / track.sampleRate, durationIsExact: true };
    expect(await demuxer.info(never)).toMatchObject(exact);
  });

  it('helps in the part that it covers, when the rest was never read', async () => {
    const track = virtualAdts(600);
    const demuxer = await openDemuxer(new MeteredSource(track), '', never);
    for await (const { timestamp } of demuxer.packets(never)) if (timestamp > 0.5 * track.frames) break;
    const half = demuxer.frameIndex!.toBytes();
    expect((await land(track, 0.4, half)).point.exact).toBe(true);
    const beyond = await land(track, 0.9, half);
    expect(beyond.point.exact).toBe(false);
    expect(beyond.error).toBeLessThanOrEqual(beyond.point.errorBound * track.sampleRate);
  });
});

it('a constant rate without a tag is not believed when other places say otherwise', async () => {
  // Five seconds of 128 kbit/s come before two minutes of a rate that varies.
  const track = virtualMp3('VBR, no tag', 120);
  const constant = virtualMp3('CBR', 120);
  const head = bytesOf(constant, 0, 417 * 200);
  const mixed = { ...track, size: head.length + track.size, timestampOf: () => 0 };
  const all = new Uint8Array(mixed.size);
  all.set(head);
  all.set(bytesOf(track), head.length);
  const { point } = await land({ ...mixed, read: (start, end) => all.subarray(start, end) }, 0.8);
  expect(point.exact).toBe(false);
});
