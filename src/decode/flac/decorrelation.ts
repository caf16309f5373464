import type { Stereo } from '../../demux/flac-frame.ts';

/**
 * Turns the two planes of a stereo frame that is not `independent` into left and right in place (RFC 9639 §4.2).
 * With side = left − right and mid = ⌊(left + right) / 2⌋: right = mid − ⌊side / 2⌋ and left = right + side, which needs no bit more
 * than the samples have, unlike the doubled mid of the RFC.
 */
export function decorrelate(stereo: Stereo, first: Int32Array, second: Int32Array, blockSize: number): void {
  if (stereo === 'left-side') {
    for (let i = 0; i < blockSize; i++) second[i] = first[i] - second[i];
  } else if (stereo === 'side-right') {
    for (let i = 0; i < blockSize; i++) first[i] += second[i];
  } else {
    for (let i = 0; i < blockSize; i++) {
      const side = second[i];
      const right = first[i] - (side >> 1);
      first[i] = right + side;
      second[i] = right;
    }
  }
}

/** As {@link decorrelate}, for 32-bit stereo, whose `side` has 33 bits; the plane that it replaces is written only. */
export function decorrelateWide(stereo: Stereo, first: Int32Array, second: Int32Array, side: Float64Array, blockSize: number): void {
  if (stereo === 'left-side') {
    for (let i = 0; i < blockSize; i++) second[i] = first[i] - side[i];
  } else if (stereo === 'side-right') {
    for (let i = 0; i < blockSize; i++) first[i] = side[i] + second[i];
  } else {
    for (let i = 0; i < blockSize; i++) {
      const right = first[i] - Math.floor(side[i] / 2);
      first[i] = right + side[i];
      second[i] = right;
    }
  }
}
