/** The same numbers in every run: uniform in [0, 1), from a 32-bit seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * Interleaved signed little-endian PCM in `ceil(bits / 8)` bytes a sample: a tone per channel with noise below it, `level` (1 = full
 * scale) loud. Odd channels are the inverse of even ones, so that the side of a stereo pair is as large as it can be.
 */
export function tonePcm({ bits, channels, frames, level = 0.9, seed = 1 }: Tone): Uint8Array {
  const width = Math.ceil(bits / 8);
  const bytes = Buffer.alloc(frames * channels * width);
  const random = randomFrom(seed);
  const peak = 2 ** (bits - 1) - 1;
  for (let i = 0; i < frames; i++) {
    for (let c = 0; c < channels; c++) {
      const tone = Math.sin((i * (3 + (c >> 1))) / 50) * (c & 1 ? -1 : 1);
      const sample = Math.round(Math.max(-1, Math.min(1, level * (tone + (random() - 0.5) / 64))) * peak);
      bytes.writeIntLE(sample, (i * channels + c) * width, width);
    }
  }
  return bytes;
}

export interface Tone {
  readonly bits: number;
  readonly channels: number;
  readonly frames: number;
  readonly level?: number;
  readonly seed?: number;
}
