import type { PcmBlock } from '../../src/media.ts';

/** Blocks one after the other, one plane per channel. */
export function concatenate(blocks: readonly PcmBlock[]): Float32Array[] {
  const frames = blocks.reduce((sum, block) => sum + block.planes[0].length, 0);
  return Array.from({ length: blocks[0]?.planes.length ?? 0 }, (_, channel) => {
    const plane = new Float32Array(frames);
    let at = 0;
    for (const block of blocks) {
      plane.set(block.planes[channel], at);
      at += block.planes[channel].length;
    }
    return plane;
  });
}

/**
 * Peak signal to noise of `actual` against `expected`, dB over full scale 1.0, over the frames that both have; Infinity if they are
 * equal. The channel that differs most counts.
 */
export function psnr(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  let worst = Number.POSITIVE_INFINITY;
  for (const [channel, plane] of expected.entries()) {
    const frames = Math.min(plane.length, actual[channel].length);
    let squares = 0;
    for (let i = 0; i < frames; i++) squares += (actual[channel][i] - plane[i]) ** 2;
    worst = Math.min(worst, squares === 0 ? Number.POSITIVE_INFINITY : -10 * Math.log10(squares / frames));
  }
  return worst;
}
