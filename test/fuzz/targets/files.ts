import { frameSpan } from '../../../src/decode/gapless.ts';
import { createDecoder } from '../../../src/decode/registry.ts';
import type { Demuxer } from '../../../src/demux/demuxer.ts';
import { readPicture } from '../../../src/demux/pictures.ts';
import { openDemuxer } from '../../../src/demux/probe.ts';
import type { MediaInfo, Packet, PcmBlock, SeekPoint } from '../../../src/media.ts';
import { decodeBlocks } from '../../../src/playback/decode-blocks.ts';
import type { ByteSource } from '../../../src/source/source.ts';
import { ArrivingSource } from '../../fakes/arriving-source.ts';
import { never } from '../../fakes/demuxed.ts';
import { MemorySource } from '../../fakes/memory-source.ts';
import { mutateFile } from '../mutate.ts';
import { expectTyped, must, type Target } from '../target.ts';

/** A file as it comes from somewhere. */
interface FileCase {
  readonly name: string;
  readonly bytes: Uint8Array;
  /** How its bytes come: see {@link sourceOf}. */
  readonly way: number;
  readonly seekTo: readonly number[];
  readonly isPlayed: boolean;
}

/** Frames after which playing has shown enough. */
const ENOUGH_FRAMES = 16_384;
const PACKETS_AFTER_SEEK = 3;
const CODES = /^(media\.(unsupported|malformed|limit|truncated)|decode\.(failed|unavailable))$/;

/** Opens files of `format` as a player does, reads all packets, seeks, and decodes the beginning. */
export const fileTarget = (format: string, perRound: number): Target<FileCase> => ({
  name: format,
  perRound,
  invent(random, { files }) {
    const own = files.get(format) ?? [];
    if (own.length === 0) return undefined;
    const seed = random.pick(own);
    const other = random.chance(0.8) ? own : random.pick([...files.values()]);
    const bytes = mutateFile(random, seed.units, random.pick(other).units);
    const seekTo = Array.from({ length: random.below(4) }, () => random.pick([0, 1, 0.01, 100]) * random.below(1000) * 0.001);
    return { name: `seed.${format}`, bytes, way: random.below(8), seekTo, isPlayed: random.chance(0.25) };
  },
  run: (input) => expectTyped(CODES, knownLength(input), () => open(input)),
});

/** Where the length is not known, nobody can say what lies beyond it. */
const knownLength = ({ bytes, way }: FileCase): number => (way === 1 ? Number.MAX_SAFE_INTEGER : bytes.length);

async function open(input: FileCase): Promise<void> {
  const { name, bytes, way, seekTo, isPlayed } = input;
  const source = sourceOf(bytes, way);
  const demuxer = await openDemuxer(source, name, never);
  const info = await demuxer.info(never);
  checkInfo(info);
  await readPackets(demuxer, bytes.length);
  for (const seconds of seekTo) {
    const point = await demuxer.seek(seconds, never);
    checkSeekPoint(point, knownLength(input));
    await readPackets(demuxer, bytes.length, point, PACKETS_AFTER_SEEK);
  }
  checkInfo(await demuxer.info(never));
  for (const picture of info.pictures.slice(0, 1)) await readPicture(source, picture, never);
  if (isPlayed) await play(demuxer, info, seekTo[0] ?? 0);
}

function sourceOf(bytes: Uint8Array, way: number): ByteSource {
  if (way === 0) return new MemorySource(bytes, { grain: 1 });
  if (way === 1) return new MemorySource(bytes, { unknownLength: true });
  return way === 2 ? new ArrivingSource(bytes, bytes.length) : new MemorySource(bytes);
}

function checkInfo({ config, duration, frames, bitRate, encoderDelay, padding, tags, chapters }: MediaInfo): void {
  must(Number.isSafeInteger(config.sampleRate) && config.sampleRate > 0, `a sample rate of ${config.sampleRate}`);
  must(Number.isSafeInteger(config.channels) && config.channels > 0, `${config.channels} channels`);
  must(duration === undefined || (duration >= 0 && duration < Number.POSITIVE_INFINITY), `a duration of ${duration}`);
  must(frames === undefined || (Number.isSafeInteger(frames) && frames >= 0), `${frames} frames`);
  must(bitRate === undefined || (bitRate >= 0 && Number.isFinite(bitRate)), `a bit rate of ${bitRate}`);
  must(Number.isSafeInteger(encoderDelay) && encoderDelay >= 0, `an encoder delay of ${encoderDelay}`);
  must(Number.isSafeInteger(padding) && padding >= 0, `a padding of ${padding}`);
  must(
    Object.values(tags).every((text) => typeof text === 'string'),
    'a tag that is no text',
  );
  must(
    chapters.every(({ start, end }) => start >= 0 && (end === undefined || end >= 0)),
    'a chapter before the start',
  );
}

function checkSeekPoint({ offset, timestamp, target, errorBound }: SeekPoint, length: number): void {
  must(Number.isSafeInteger(offset) && offset >= 0 && offset <= length, `a seek to byte ${offset}`);
  must(Number.isSafeInteger(timestamp) && Number.isSafeInteger(target), `a seek to frame ${timestamp} for ${target}`);
  must(errorBound >= 0, `an error bound of ${errorBound}`);
}

async function readPackets(demuxer: Demuxer, length: number, from?: SeekPoint, limit = length + 4096): Promise<void> {
  let count = 0;
  let last: Packet | undefined;
  for await (const packet of demuxer.packets(never, from)) {
    const { data, offset, timestamp, duration } = packet;
    must(Number.isSafeInteger(offset) && offset >= 0 && offset <= length, `a packet at byte ${offset}`);
    must(data.length <= length, `a packet of ${data.length} bytes`);
    must(Number.isSafeInteger(timestamp), `a packet at frame ${timestamp}`);
    must(Number.isSafeInteger(duration) && duration >= 0, `a packet of ${duration} frames`);
    // What primes the decoder of another link lies before the end of the link before it.
    must(
      !last || packet.config !== undefined || timestamp >= last.timestamp,
      `a packet at frame ${timestamp} behind one at ${last?.timestamp}`,
    );
    last = packet;
    if (++count >= limit) break;
  }
  must(count < length + 4096, 'more packets than bytes');
}

async function play(demuxer: Demuxer, info: MediaInfo, seconds: number): Promise<void> {
  const decoder = await createDecoder(info.config);
  try {
    let frames = 0;
    for await (const block of decodeBlocks(demuxer, decoder, info, frameSpan(info, seconds), never)) {
      checkBlock(block);
      must(block.planes.length === info.config.channels, `${block.planes.length} planes of ${info.config.channels}`);
      frames += block.planes[0].length;
      if (frames > ENOUGH_FRAMES) return;
    }
  } finally {
    decoder.close();
  }
}

const isPlayable = (sample: number): boolean => sample >= -8 && sample <= 8;

/** What may be handed to a loudspeaker. */
export function checkBlock({ planes, timestamp, sampleRate }: PcmBlock): void {
  must(sampleRate > 0 && Number.isSafeInteger(timestamp), `a block at frame ${timestamp} and ${sampleRate} Hz`);
  for (const plane of planes) {
    must(plane.length === planes[0].length, 'planes of different lengths');
    must(plane.every(isPlayable), 'a sample that is no number, or beyond ±8');
  }
}
