import type { Fragment } from './movie-fragment.ts';
import { framesIn, type PacketClock, strideOf } from './packet-times.ts';

/** A packet of a fragment, laid on the decoded timeline. */
export interface FragmentPacket {
  readonly offset: number;
  readonly bytes: number;
  /** Bytes from `offset` to the end of the data that lies back to back. */
  readonly bytesAhead: number;
  readonly timestamp: number;
  readonly duration: number;
}

/** The packets of `fragment`, which begins at decoded frame `start`; `samplesPerPacket` is 1 except for PCM. */
export function* packetsOf(fragment: Fragment, clock: PacketClock, start: number, samplesPerPacket: number): Generator<FragmentPacket> {
  let timestamp = start;
  for (const run of fragment.runs) {
    let { offset, bytes: bytesAhead } = run;
    for (let index = 0; index < run.count; index += samplesPerPacket) {
      let bytes = 0;
      let units = 0;
      for (let i = index; i < Math.min(index + samplesPerPacket, run.count); i++) {
        bytes += run.sizeOf(i);
        units += run.durationOf(i);
      }
      yield { offset, bytes, bytesAhead, timestamp, duration: framesIn(clock, units) };
      offset += bytes;
      bytesAhead -= bytes;
      timestamp += strideOf(clock, units);
    }
  }
}
