import type { SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { findAdtsFrame, readAdtsFrame } from './adts-frames.ts';
import { ADTS_PACKET_FRAMES, type AdtsHead } from './adts-head.ts';
import { type AdtsLandmarks, LANDMARK_INTERVAL, type Landmark } from './adts-landmarks.ts';
import { ByteReader } from './byte-reader.ts';

/** A decoder needs the packet before the one that is to sound, for the overlap. */
export const ADTS_PREROLL = 1;

/** Packets at the place that an estimate led to, by which it is judged. */
const JUDGED_PACKETS = 16;

/** The bit rate there and that of the way there differ; what is said to be the error allows for this much more. */
const CAUTION = 2;

/** Bytes to step back from an estimate past the last frame: as long as a frame can be, then double that, and so on. */
const STEP_BACK = 8_192;
const MAX_STEPS_BACK = 5;

/**
 * The packet before that of frame `target`. Near a landmark it is counted to; elsewhere the way is estimated by the average size of
 * packets, in one small read.
 */
export async function seekAdts(
  source: ByteSource,
  head: AdtsHead,
  landmarks: AdtsLandmarks,
  target: number,
  signal: AbortSignal,
): Promise<SeekPoint> {
  const packet = Math.max(0, Math.floor(target / ADTS_PACKET_FRAMES) - ADTS_PREROLL);
  const landmark = landmarks.before(packet);
  const point =
    packet - landmark.packet <= LANDMARK_INTERVAL
      ? await walk(source, head, landmark, packet, signal)
      : await estimate(source, head, landmark, packet, signal);
  const timestamp = point.packet * ADTS_PACKET_FRAMES;
  const earliest = point.packet === 0 ? 0 : timestamp + ADTS_PREROLL * ADTS_PACKET_FRAMES;
  return {
    offset: point.offset,
    index: 0,
    timestamp,
    target: Math.max(target, earliest),
    exact: point.error === 0,
    errorBound: (point.error * ADTS_PACKET_FRAMES) / head.info.config.sampleRate,
  };
}

interface Found extends Landmark {
  /** Packets by which the number may be off. */
  readonly error: number;
}

/** Counts packets from a landmark on, at most to the last one. */
async function walk(source: ByteSource, head: AdtsHead, from: Landmark, packet: number, signal: AbortSignal): Promise<Found> {
  const reader = new ByteReader(source, signal, from.offset);
  let found: Found = { ...from, error: 0 };
  for (let i = from.packet; i <= packet; i++) {
    const frame = await readAdtsFrame(reader, head.header);
    if (!frame) break;
    found = { packet: i, offset: frame.start, error: 0 };
  }
  return found;
}

async function estimate(source: ByteSource, head: AdtsHead, from: Landmark, packet: number, signal: AbortSignal): Promise<Found> {
  const bytesPerPacket = from.packet > 0 ? (from.offset - head.start) / from.packet : head.bytesPerPacket;
  const aim = from.offset + Math.round((packet - from.packet) * bytesPerPacket);
  let offset = Math.min(aim, Math.floor((source.length ?? Infinity) - bytesPerPacket));
  const reader = new ByteReader(source, signal, offset);
  for (let step = 0; !(await findAdtsFrame(reader, head.header)); step++) {
    offset -= STEP_BACK << step;
    if (step === MAX_STEPS_BACK || offset <= from.offset) return { ...from, error: 0 };
    reader.seek(offset);
  }
  const found = reader.position;
  let judged = 0;
  while (judged < JUDGED_PACKETS && (await readAdtsFrame(reader, head.header))) judged++;
  const there = judged > 0 ? (reader.position - found) / judged : bytesPerPacket;
  const way = found - from.offset;
  const error = 1 + CAUTION * Math.abs(way / bytesPerPacket - way / there);
  return { packet: from.packet + Math.round(way / bytesPerPacket), offset: found, error };
}
