import type { OutputReport } from './output.ts';

/**
 * Where the listener is, seconds of media, from what the worklet last said and the time of the context that is being heard now
 * (`currentTime` less the latency of the output). Between reports it goes on by itself, but never past what was queued. It never goes
 * back within a stretch: while the first of it is on its way to the ear, the playhead stands at its beginning, and while the first of another
 * rate is, it goes on at the rate before. After the end it is at the end, as in HTML.
 */
export function playheadAt(report: OutputReport, heardTime: number): number {
  const { state, position, since, rate, rateBefore, contextTime, queuedSeconds } = report;
  if (state === 'ended') return roundToMicroseconds(position);
  const last = state === 'playing' ? position + queuedSeconds : position;
  const at = Math.min(position + (heardTime - contextTime) * rate, last);
  return roundToMicroseconds(at < since ? since + ((at - since) * rateBefore) / rate : at);
}

/** The grain of media time, so that sums of fractions of a sample do not show. Reports are finer: two of them agree on a moment. */
const roundToMicroseconds = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;
