import { ByteReader } from './byte-reader.ts';
import { presentationTime } from './muxjs.ts';
import { pidOf, TransportPackets } from './transport-packets.ts';
import { type TsTrack, tsPackets } from './ts-track.ts';

/** Bytes of a file's end in which the last time is looked for: more where there is video. */
const TAIL_BYTES = 65_536;
const MAX_TAIL_BYTES = 1_048_576;

/** Times have 33 bits and begin anywhere, so they wrap (ISO/IEC 13818-1 §2.4.3.7). */
const TIME_RANGE = 2 ** 33;
const TIME_UNITS_PER_SECOND = 90_000;

/** A PES packet that says when its first frame is due. */
export interface TimedUnit {
  /** Byte offset in the file of its first transport packet. */
  readonly offset: number;
  /** First frame of the first packet that begins in it, on the decoded timeline. */
  readonly timestamp: number;
}

/** The PES packets with a time that begin in the file from byte `start` to `end`. */
export async function* timedUnits(track: TsTrack, start: number, end: number, signal: AbortSignal): AsyncGenerator<TimedUnit> {
  const { source, prefix, pid } = track.place;
  const packets = new TransportPackets(new ByteReader(source, signal, start), prefix);
  while (packets.position < end) {
    const packet = await packets.next();
    if (!packet) return;
    const time = pidOf(packet.bytes) === pid ? presentationTime(packet.bytes) : undefined;
    if (time !== undefined) yield { offset: packet.offset, timestamp: timestampOf(time, track) };
  }
}

/** Frames of sound in a file of `length` bytes, by the last time in it and the packets from there on; undefined without times. */
export async function framesByTimes(track: TsTrack, length: number, signal: AbortSignal): Promise<number | undefined> {
  for (let size = TAIL_BYTES; size <= MAX_TAIL_BYTES; size *= 4) {
    const start = Math.max(0, length - size);
    let last: TimedUnit | undefined;
    for await (const unit of timedUnits(track, start, length, signal)) last = unit;
    if (last) return countFrames(track, last, signal);
    if (start === 0) break;
  }
  return undefined;
}

async function countFrames(track: TsTrack, from: TimedUnit, signal: AbortSignal): Promise<number> {
  let end = from.timestamp;
  for await (const { timestamp, duration } of tsPackets(track, from.offset, from.timestamp, signal)) end = timestamp + duration;
  return end;
}

/** Times are rounded to their unit and packets last hundreds of units, so the nearest packet is the right one. */
function timestampOf(time: number, { firstTime = 0, packetFrames, info }: TsTrack): number {
  const units = (time - firstTime + TIME_RANGE) % TIME_RANGE;
  const packetUnits = (packetFrames * TIME_UNITS_PER_SECOND) / info.config.sampleRate;
  return units > TIME_RANGE / 2 ? 0 : Math.round(units / packetUnits) * packetFrames;
}
