import { framesOf, type PcmBlock } from '../media.ts';

/** How loud a moment is. */
export interface Levels {
  /** Media time at which the moment begins, seconds. */
  readonly time: number;
  /** Largest magnitude per channel, 1 = full scale. */
  readonly peak: readonly number[];
  /** Root of the mean square per channel. */
  readonly rms: readonly number[];
}

/** Length of a moment, seconds: what a meter can show. */
const MOMENT_SECONDS = 0.05;

/** The levels of each moment of about 50 ms in `block`. */
export function levelsOf(block: PcmBlock): Levels[] {
  const frames = framesOf(block);
  const moments = Math.max(1, Math.round(frames / (MOMENT_SECONDS * block.sampleRate)));
  return Array.from({ length: moments }, (_, i) => {
    const start = Math.floor((i * frames) / moments);
    const planes = block.planes.map((plane) => plane.subarray(start, Math.floor(((i + 1) * frames) / moments)));
    return { time: (block.timestamp + start) / block.sampleRate, peak: planes.map(peakOf), rms: planes.map(rmsOf) };
  });
}

function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (let i = 0; i < samples.length; i++) peak = Math.max(peak, Math.abs(samples[i]));
  return peak;
}

function rmsOf(samples: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < samples.length; i++) sum += samples[i] * samples[i];
  return samples.length > 0 ? Math.sqrt(sum / samples.length) : 0;
}
