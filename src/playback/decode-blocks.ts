import { createBreather } from '../base/breathe.ts';
import { withChannels } from '../decode/channels.ts';
import type { Decoder } from '../decode/decoder.ts';
import { type FrameSpan, trim } from '../decode/gapless.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import { framesOf, type MediaInfo, type Packet, type PcmBlock } from '../media.ts';

/** Media in one block once it runs, seconds: long enough to spare overhead, short enough for meters and memory. */
const BLOCK_SECONDS = 0.1;

/** Sound in the first block, seconds: what the speaker waits for, and no more. */
const FIRST_BLOCK_SECONDS = 0.05;

/** A longer jump of the timestamps, seconds, is not a hole in the sound but another timeline. */
const MAX_HOLE_SECONDS = 600;

/**
 * Decodes the presented frames of `span`, trimmed. The first block is short, so that sound starts as soon as possible; later ones are
 * about 100 ms. Holes in the track (an empty edit, damage that was skipped) become silence, so that what follows sounds at its time; the
 * channels are those of the head throughout. Ends at the end of the span without reading on.
 */
export async function* decodeBlocks(
  demuxer: Demuxer,
  decoder: Decoder,
  info: MediaInfo,
  span: FrameSpan,
  signal: AbortSignal,
): AsyncGenerator<PcmBlock> {
  const { sampleRate } = info.config;
  const from = span.start > 0 ? await demuxer.seek(span.start / sampleRate, signal) : undefined;
  const start = span.start + info.encoderDelay;
  const end = span.end + info.encoderDelay;
  const breathe = createBreather();
  // Where the sound continues, on the decoded timeline; unknown after a seek that could only guess.
  let position = from && !from.exact ? undefined : start;
  let batch: Packet[] = [];
  let batchEnd = 0;
  /** Presented frame with which the stream of the batch begins to be heard, if it follows another. */
  let linkStart = 0;
  let enough = FIRST_BLOCK_SECONDS * sampleRate;

  const decodeBatch = async function* () {
    const blocks = await decoder.decode(batch, signal);
    batch = [];
    // A stream in a chain begins with what primes its decoder, before the end of the last one.
    const counted = { start: Math.max(span.start, linkStart), end: Math.min(span.end, batchEnd - info.encoderDelay) };
    for (const block of blocks) {
      for (const part of [...silenceBefore(block, position), block]) {
        const trimmed = trim(part, info, counted);
        if (trimmed) yield withChannels(trimmed, info.config.channels);
      }
      position = Math.max(position ?? 0, Math.min(block.timestamp + framesOf(block), batchEnd));
    }
  };
  for await (const packet of demuxer.packets(signal, from)) {
    if (packet.timestamp >= end) break;
    if (batch.length > 0 && (packet.timestamp !== batchEnd || packet.config)) yield* decodeBatch(); // a hole, or another stream
    if (packet.config && batchEnd > 0) linkStart = batchEnd - info.encoderDelay;
    batch.push(packet);
    batchEnd = packet.timestamp + packet.duration;
    if (batchEnd - Math.max(start, batch[0].timestamp) < enough) continue; // what lies before the start is not heard
    enough = BLOCK_SECONDS * sampleRate;
    yield* decodeBatch();
    await breathe();
  }
  if (batch.length > 0) yield* decodeBatch();
}

/** Blocks of silence in the format of `block`, from `position` up to it. */
function* silenceBefore({ timestamp, planes, sampleRate }: PcmBlock, position = timestamp): Generator<PcmBlock> {
  if (timestamp - position > MAX_HOLE_SECONDS * sampleRate) return;
  for (let at = position; at < timestamp; ) {
    const frames = Math.min(timestamp - at, Math.ceil(BLOCK_SECONDS * sampleRate));
    yield { timestamp: at, sampleRate, planes: planes.map(() => new Float32Array(frames)) };
    at += frames;
  }
}
