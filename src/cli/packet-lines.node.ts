import { once } from 'node:events';
import type { Track } from '../playback/track.ts';

/**
 * Writes a line of JSON to stdout for every packet: where it lies, its bytes, its time and length in frames of the decoded timeline, when
 * that is heard, and whether decoding may start there. @throws what `Track.packets` throws; the error of a stdout that nobody reads.
 */
export async function printPackets(track: Track, signal: AbortSignal): Promise<void> {
  const { config, encoderDelay } = track.info;
  for await (const { data, offset, timestamp, duration, join } of track.packets({ signal })) {
    const seconds = (timestamp - encoderDelay) / config.sampleRate;
    const line = { offset, size: data.length, timestamp, duration, seconds, keyframe: join };
    if (process.stdout.errored) throw process.stdout.errored;
    if (!process.stdout.write(`${JSON.stringify(line)}\n`)) await once(process.stdout, 'drain', { signal });
  }
}
