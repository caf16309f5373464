import type { SeekPoint } from '../media.ts';
import { type TimedUnit, timedUnits } from './ts-times.ts';
import type { TsTrack } from './ts-track.ts';

/** Bytes that are read on from a unit rather than skipped. */
const NEAR_BYTES = 65_536;

/** Bytes from a guess on in which the next time is looked for; where there is video, times of the sound are far apart. */
const MAX_BYTES_TO_TIME = 1_048_576;

/** Probes by proportion, then by halves; the latter always get there, for 2^40 bytes. */
const PROPORTIONAL_PROBES = 4;
const MAX_PROBES = 32;

/**
 * The last PES packet that begins before frame `target`, with time for the decoder to settle, found by the times in a file of `frames`
 * frames. How many packets are before it is told by its time, which in a damaged or joined file is not the count of packets. Without
 * times, or a length, only the start is certain.
 */
export async function seekTs(track: TsTrack, target: number, frames: number | undefined, signal: AbortSignal): Promise<SeekPoint> {
  const { source } = track.place;
  const wanted = target - track.preroll * track.packetFrames;
  const start: TimedUnit = { offset: 0, timestamp: 0 };
  const end = source.length !== undefined && frames !== undefined ? { offset: source.length, timestamp: frames } : undefined;
  const unit = end && wanted > 0 ? await lastBefore(track, wanted, start, end, signal) : start;
  const isStart = unit === start;
  return {
    offset: unit.offset,
    index: 0,
    timestamp: unit.timestamp,
    target,
    exact: isStart,
    errorBound: isStart ? 0 : track.packetFrames / track.info.config.sampleRate,
  };
}

async function lastBefore(track: TsTrack, wanted: number, low: TimedUnit, high: TimedUnit, signal: AbortSignal): Promise<TimedUnit> {
  for (let probe = 0; probe < MAX_PROBES && high.offset - low.offset > NEAR_BYTES; probe++) {
    const bytesPerFrame = (high.offset - low.offset) / Math.max(1, high.timestamp - low.timestamp);
    const ahead = Math.floor((wanted - low.timestamp) * bytesPerFrame);
    if (ahead < NEAR_BYTES) break;
    const half = Math.floor((high.offset - low.offset) / 2);
    const step = probe < PROPORTIONAL_PROBES ? Math.min(ahead - NEAR_BYTES / 2, high.offset - low.offset - NEAR_BYTES / 2) : half;
    const guess = low.offset + step;
    const found = await firstUnit(track, guess, Math.min(high.offset, guess + MAX_BYTES_TO_TIME), signal);
    if (found && found.timestamp <= wanted) low = found;
    else high = { offset: guess, timestamp: Math.max(low.timestamp, found?.timestamp ?? high.timestamp) };
  }
  for await (const unit of timedUnits(track, low.offset, Math.min(high.offset, low.offset + 2 * NEAR_BYTES), signal)) {
    if (unit.timestamp > wanted) break;
    if (unit.offset > low.offset && unit.timestamp > 0) low = unit;
  }
  return low;
}

async function firstUnit(track: TsTrack, start: number, end: number, signal: AbortSignal): Promise<TimedUnit | undefined> {
  for await (const unit of timedUnits(track, start, end, signal)) return unit;
  return undefined;
}
