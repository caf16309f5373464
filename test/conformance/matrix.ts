import { isDeepStrictEqual } from 'node:util';
import { vi } from 'vitest';
import { NoiseGenerator } from '../../src/decode/aac/noise.ts';
import { frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import type { Demuxer } from '../../src/demux/demuxer.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { isAulosError } from '../../src/errors.ts';
import type { MediaInfo, Packet, SeekPoint } from '../../src/media.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
import type { ByteSource } from '../../src/source/source.ts';
import { ArrivingSource, FailingSource } from '../fakes/arriving-source.ts';
import { md5, never } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';

// The matrix, as media3's extractor asserts have it: ways for bytes to come × places to seek to, for one file. What a demuxer gives is the
// same in all of them.

/** Parts of the duration. */
const PLACES = [0, 1 / 3, 2 / 3, 1];
/** Packets behind a seek that are compared in each way; in the plain way it is all of them. */
const PACKETS_AFTER_SEEK = 12;
/** What lossy sound must agree to with itself after a seek. */
const LOSSY_DB = 90;
/** Opus predicts from what it gave before, and comes near within the 80 ms of pre-roll that RFC 7845 §4.6 asks for, but not to the same. */
const OPUS_DB = 30;

/** Ways that change nothing at all. */
const SAME: Readonly<Record<string, (bytes: Uint8Array, seed: number) => ByteSource>> = {
  'one byte at a time': (bytes) => new MemorySource(bytes, { grain: 1 }),
  'late and in any order': (bytes, seed) => new ArrivingSource(bytes, seed),
};

/** Ways in which a seek may begin at another packet: a demuxer remembers what it met before an error, and what is no length is not used. */
const EQUIVALENT: Readonly<Record<string, (bytes: Uint8Array) => ByteSource>> = {
  'with an error at each first read': (bytes) => new FailingSource(bytes),
  'without a known length': (bytes) => new MemorySource(bytes, { unknownLength: true }),
};

/** Every way in which one file fails the matrix; none when all is well. `seed` decides on the order in which bytes arrive. */
export async function matrixFailures(name: string, bytes: Uint8Array, seed: number): Promise<string[]> {
  const plain = await outcomeOf(() => new MemorySource(bytes), name);
  const failures: string[] = [];
  for (const [way, source] of Object.entries(SAME)) {
    const outcome = await outcomeOf(() => source(bytes, seed), name);
    failures.push(...differences(outcome, plain).map((what) => `${what} when bytes come ${way}`));
  }
  for (const [way, source] of Object.entries(EQUIVALENT)) {
    const { packets, error } = await straightOf(() => source(bytes), name);
    if (!error !== !plain.error) failures.push(`ends with ${error}, not ${plain.error}, ${way}`); // cut off or malformed: the length tells
    if (!isDeepStrictEqual(packets, plain.packets)) failures.push(`packets differ ${way}`);
  }
  if (!plain.info || plain.error) return failures;
  for (const part of PLACES) {
    for (const [way, source] of Object.entries({ '': (all: Uint8Array) => new MemorySource(all), ...EQUIVALENT })) {
      const what = await seekFailure(name, () => source(bytes), plain, part);
      if (what) failures.push(`${what} after a seek to ${part.toFixed(2)} ${way}`.trimEnd());
    }
  }
  failures.push(...(await decodeFailures(name, bytes, plain.info)));
  return failures;
}

/** A packet that compares fast. */
type Brief = Omit<Packet, 'data'> & { readonly data: string };

interface Straight {
  readonly info?: MediaInfo;
  readonly packets: readonly Brief[];
  /** Code of the error that ended it. */
  readonly error?: string;
}

interface Outcome extends Straight {
  readonly seeks: readonly { readonly point: SeekPoint; readonly packets: readonly Brief[] }[];
}

/** Runs `task` as a caller does who tries again after an error of the network, on the same source and demuxer. */
async function insisting<T>(task: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await task();
    } catch (error) {
      if (!isAulosError(error, 'net.reset') || tries > 20_000) throw error;
    }
  }
}

async function straightOf(source: () => ByteSource, name: string): Promise<Straight> {
  const from = source();
  let info: MediaInfo | undefined;
  let packets: Brief[] = [];
  try {
    const demuxer = await insisting(() => openDemuxer(from, name, never));
    info = await insisting(() => demuxer.info(never));
    await insisting(async () => {
      packets = [];
      for await (const packet of demuxer.packets(never)) packets.push(brief(packet));
    });
    return { info, packets };
  } catch (error) {
    if (!isAulosError(error)) throw error;
    return { info, packets, error: error.code };
  }
}

/** What one way of reading gives: straight, and at each place by a demuxer that has read nothing else. */
async function outcomeOf(source: () => ByteSource, name: string): Promise<Outcome> {
  const straight = await straightOf(source, name);
  const seeks: Outcome['seeks'][number][] = [];
  if (!straight.info || straight.error) return { ...straight, seeks };
  for (const part of PLACES) {
    const demuxer = await openInsisting(source(), name);
    const point = await insisting(() => demuxer.seek(durationOf(straight) * part, never));
    seeks.push({ point, packets: await insisting(() => packetsFrom(demuxer, point, PACKETS_AFTER_SEEK)) });
  }
  return { ...straight, seeks };
}

const openInsisting = (from: ByteSource, name: string): Promise<Demuxer> => insisting(() => openDemuxer(from, name, never));

/** Seconds, as told, else as the packets have it. */
function durationOf({ info, packets }: Straight): number {
  const last = packets.at(-1);
  return info?.duration ?? (last && info ? (last.timestamp + last.duration - packets[0].timestamp) / info.config.sampleRate : 0);
}

async function packetsFrom(demuxer: Demuxer, point: SeekPoint, limit = Infinity): Promise<Brief[]> {
  const packets: Brief[] = [];
  for await (const packet of demuxer.packets(never, point)) if (packets.push(brief(packet)) >= limit) break;
  return packets;
}

const brief = ({ data, ...rest }: Packet): Brief => ({ ...rest, data: md5(data) });

function differences(outcome: Outcome, plain: Outcome): string[] {
  const found: string[] = [];
  if (outcome.error !== plain.error) found.push(`ends with ${outcome.error}, not ${plain.error},`);
  if (!isDeepStrictEqual(outcome.info, plain.info)) found.push('info differs');
  if (!isDeepStrictEqual(outcome.packets, plain.packets)) found.push('packets differ');
  plain.seeks.forEach((seek, i) => {
    if (!isDeepStrictEqual(outcome.seeks[i], seek)) found.push(`the seek to ${PLACES[i].toFixed(2)} differs`);
  });
  return found;
}

/** What a seek gives must be the straight run from some packet on, at the time that it tells or as near as it says. */
async function seekFailure(name: string, source: () => ByteSource, plain: Outcome, part: number): Promise<string | undefined> {
  const demuxer = await openInsisting(source(), name);
  const point = await insisting(() => demuxer.seek(durationOf(plain) * part, never));
  const packets = await insisting(() => packetsFrom(demuxer, point));
  if (packets.length === 0) return part === 1 ? undefined : 'no packets';
  const [first] = packets;
  const at = plain.packets.findIndex(({ offset, data }) => offset === first.offset && data === first.data);
  if (at < 0) return 'packets that no straight run has';
  const shift = first.timestamp - plain.packets[at].timestamp;
  const sampleRate = plain.info?.config.sampleRate ?? 1;
  if (Math.abs(shift) > point.errorBound * sampleRate) return `a time off by ${shift} frames, not ${point.errorBound} s,`;
  if (point.exact && first.timestamp > Math.max(point.target, 0)) return `packets from ${first.timestamp - point.target} frames too late`;
  const rest = plain.packets.slice(at);
  const same = packets.length === rest.length && packets.every(({ data, offset }, i) => data === rest[i].data && offset === rest[i].offset);
  return same ? undefined : `${packets.length} packets, not the last ${rest.length},`;
}

/** Where decoding after a seek is not what decoding straight gives there. */
async function decodeFailures(name: string, bytes: Uint8Array, info: MediaInfo): Promise<string[]> {
  const least = agreementOf(info);
  const noise = vi.spyOn(NoiseGenerator.prototype, 'fill');
  const straight = await decoded(name, bytes, 0).catch((error: unknown) => {
    if (isAulosError(error, 'decode.failed')) return undefined; // what cannot be decoded straight has nothing to compare with
    throw error;
  });
  const hasNoise = noise.mock.calls.length > 0;
  noise.mockRestore();
  if (!straight || hasNoise || least === undefined) return [];
  const frames = straight[0]?.length ?? 0;
  const failures: string[] = [];
  for (const part of PLACES.slice(1)) {
    const start = Math.min(Math.floor(frames * part), frames - 1);
    const demuxer = await openDemuxer(new MemorySource(bytes), name, never);
    const { exact } = await demuxer.seek(start / info.config.sampleRate, never);
    if (!exact) continue;
    const after = await decoded(name, bytes, start / info.config.sampleRate);
    const there = straight.map((plane) => plane.subarray(start));
    const what = soundFailure(there, after, least);
    if (what) failures.push(`${what} decoded after a seek to ${part.toFixed(2)}`);
  }
  return failures;
}

/**
 * dB to which decoding after a seek must agree with decoding straight; Infinity for "exactly", undefined where nothing is promised: the
 * noise that SBR fills in goes on from packet to packet.
 */
function agreementOf({ config: { codec, codecString }, degraded }: MediaInfo): number | undefined {
  if (codec === 'flac' || codec === 'alac' || codec === 'pcm') return Infinity;
  if (codec === 'opus') return OPUS_DB;
  return codec === 'aac' && (codecString !== 'mp4a.40.2' || degraded) ? undefined : LOSSY_DB;
}

async function decoded(name: string, bytes: Uint8Array, seconds: number): Promise<Float32Array[]> {
  const demuxer = await openDemuxer(new MemorySource(bytes), name, never);
  const info = await demuxer.info(never);
  const decoder = await createDecoder(info.config);
  const blocks: (readonly Float32Array[])[] = [];
  for await (const { planes } of decodeBlocks(demuxer, decoder, info, frameSpan(info, seconds), never)) blocks.push(planes);
  decoder.close();
  return Array.from({ length: info.config.channels }, (_, channel) => {
    const whole = new Float32Array(blocks.reduce((sum, planes) => sum + planes[channel].length, 0));
    let at = 0;
    for (const planes of blocks) {
      whole.set(planes[channel], at);
      at += planes[channel].length;
    }
    return whole;
  });
}

function soundFailure(expected: readonly Float32Array[], actual: readonly Float32Array[], least: number): string | undefined {
  if (actual[0]?.length !== expected[0]?.length) return `${actual[0]?.length} frames, not ${expected[0]?.length},`;
  let squares = 0;
  let count = 0;
  expected.forEach((plane, channel) => {
    plane.forEach((value, i) => {
      const difference = value - actual[channel][i];
      squares += difference * difference;
      count++;
    });
  });
  const db = squares === 0 ? Infinity : -10 * Math.log10(squares / count);
  return db >= least ? undefined : `sound at ${db.toFixed(0)} dB`;
}
