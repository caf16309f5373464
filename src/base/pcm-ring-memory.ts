/** What a thread needs that makes a ring and does not use it: see `pcm-ring.ts` for what these bytes mean. */
export const CHANNELS = 5;
export const CAPACITY = 6;
export const HEADER_BYTES = 40;

/** Memory for the largest power of two of frames that is not above `frames`. */
export function allocatePcmRing(channels: number, frames: number): SharedArrayBuffer {
  const capacity = 2 ** Math.floor(Math.log2(frames));
  const buffer = new SharedArrayBuffer(HEADER_BYTES + channels * capacity * 4);
  const cells = new Int32Array(buffer, 0, 8);
  cells[CHANNELS] = channels;
  cells[CAPACITY] = capacity;
  return buffer;
}
