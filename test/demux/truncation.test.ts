import { describe, expect, it } from 'vitest';
import { frameSpan } from '../../src/decode/gapless.ts';
import { createDecoder } from '../../src/decode/registry.ts';
import { openDemuxer } from '../../src/demux/probe.ts';
import { isAulosError } from '../../src/errors.ts';
import { decodeBlocks } from '../../src/playback/decode-blocks.ts';
import { never } from '../fakes/demuxed.ts';
import { MemorySource } from '../fakes/memory-source.ts';
import { ownSeeds } from '../fuzz/seeds.ts';

/** `npm run truncations` cuts at every byte, the suite at so many of each file. */
const CUTS = process.env.AULOS_TRUNCATIONS ? Number.POSITIVE_INFINITY : 30;
/** Nothing but three packets in a row tells that these are more than AAC-LC, so that fewer sound in one channel. */
const LEAST_BYTES: Readonly<Record<string, number>> = { 'v2.aac': 409 };

/** A file of each format and each way to write it. */
const FILES: ReadonlySet<string> = new Set([
  ...['half-rate.mp3', 'vbri.mp3', 'ape.mp3', 'layer1.mp3', 'layer2.mp3', 'mono.adts', 'stereo.flac', 's16.wav', 'rf64.wav'],
  ...['vorbis.ogg', 'opus.ogg', 'flac.ogg', 'chained.ogg', 'first.mp4', 'last.mp4', 'fragmented.mp4', 'dash.mp4', 'alac.mp4', 'flac.mp4'],
  ...['opus.mp4', 'mp3.mp4', 'pcm.mp4', 'fragmented-opus.mp4', 'aac.m2t', 'mp3.m2t', 'v1-coupled.aac', 'v2.aac'],
]);

interface Outcome {
  readonly sound: readonly Float32Array[];
  /** Frames of the longest packet. */
  readonly grain: number;
  readonly error: unknown;
}

/** Plays to the end, as far as it goes. */
async function play(bytes: Uint8Array, name: string): Promise<Outcome> {
  const sound: Float32Array[][] = [];
  let grain = 0;
  let error: unknown;
  try {
    const demuxer = await openDemuxer(new MemorySource(bytes), name, never);
    const info = await demuxer.info(never);
    for await (const { duration } of demuxer.packets(never)) grain = Math.max(grain, duration);
    const decoder = await createDecoder(info.config, { decoder: 'shared' });
    for await (const { planes } of decodeBlocks(demuxer, decoder, info, frameSpan(info), never)) sound.push([...planes]);
    decoder.close();
  } catch (failure) {
    error = failure;
  }
  return { sound: (sound[0] ?? []).map((_, channel) => joined(sound.map((planes) => planes[channel]))), grain, error };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** What is wrong with the outcome of the first `length` bytes of what plays as `whole`; undefined when nothing is. */
function failureOf({ sound, error }: Outcome, whole: Outcome, length: number): string | undefined {
  if (error !== undefined && !isTyped(error, length)) return `${error} ${JSON.stringify((error as { details?: unknown }).details)}`;
  const frames = sound[0]?.length ?? 0;
  if (sound.length > 0 && sound.length !== whole.sound.length) return `${sound.length} channels`;
  if (frames > whole.sound[0].length + whole.grain) return `${frames} frames of ${whole.sound[0].length}`;
  // The last packet may be cut, and what it overlaps with.
  const untouched = frames - 2 * whole.grain;
  const isSame = sound.every((plane, channel) => isPrefix(plane, whole.sound[channel], untouched));
  return isSame ? undefined : 'another sound';
}

function isTyped(error: unknown, length: number): boolean {
  if (!isAulosError(error) || !/^(media|decode)\./.test(error.code) || error.message.length < 10) return false;
  const { offset } = error.details as { readonly offset?: number };
  return offset !== undefined && offset >= 0 && offset <= length;
}

function isPrefix(actual: Float32Array, expected: Float32Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (Math.abs(actual[i] - expected[i]) > 1e-6) return false;
  return true;
}

describe('a file cut anywhere plays what there is, or says where it ends', () => {
  const files = ownSeeds().filter(({ name }) => FILES.has(name));

  it.each(files.map(({ name, bytes }) => [name, bytes] as const))('%s', { timeout: 900_000 }, async (name, bytes) => {
    const whole = await play(bytes, name);
    expect(whole.error).toBeUndefined();
    const failures: string[] = [];
    const step = Math.max(1, Math.floor(bytes.length / CUTS));
    for (let length = LEAST_BYTES[name] ?? 0; length < bytes.length; length += step) {
      const failure = failureOf(await play(bytes.subarray(0, length), name), whole, length);
      if (failure) failures.push(`${length}: ${failure}`);
    }
    expect(failures).toEqual([]);
  });
});
