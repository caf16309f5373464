import { sin } from '../trig.ts';

/**
 * Joins the blocks of one channel: the falling half of each with the rising half of the next ("Vorbis I specification" §4.3.8).
 *
 *         block of 4a samples        of 4b samples            a transform keeps of each block its middle half,
 *       −c̅   c │ d   d̅                                        the rest is that mirrored (bar), see `Imdct`
 *                     −c̅   c │ d   d̅
 *               └── a + b out ──┘                             they meet where the quarters do
 *
 * The window is a slope as long as half the shorter block, around the place where the quarters meet; before it there is only the earlier
 * block, behind it only the later one.
 */
export class Overlap {
  readonly #slopes: Slopes;
  /** Second half of what the last transform kept: `d`. */
  readonly #falling: Float64Array;
  #fallingLength = 0;

  constructor(slopes: Slopes, longBlock: number) {
    this.#slopes = slopes;
    this.#falling = new Float64Array(longBlock / 4);
  }

  /** Takes the middle half of a block, `c` and `d`; gives frames to `out`: none for the first block. */
  join(middle: Float64Array, length: number, out: Float32Array): number {
    const half = length / 2;
    const frames = this.#fallingLength ? this.#overlap(middle, half, out) : 0;
    this.#falling.set(middle.subarray(half, length));
    this.#fallingLength = half;
    return frames;
  }

  forget(): void {
    this.#fallingLength = 0;
  }

  #overlap(middle: Float64Array, rising: number, out: Float32Array): number {
    const falling = this.#fallingLength;
    const d = this.#falling;
    const overlap = Math.min(rising, falling);
    const slope = this.#slopes.of(2 * overlap);
    for (let i = 0; i < falling - overlap; i++) out[i] = d[i];
    for (let u = 0; u < overlap; u++) {
      const [high, low] = [slope[overlap + u], slope[overlap - 1 - u]];
      const earlier = d[falling - 1 - u];
      const later = middle[u];
      out[falling + u] = earlier * low + later * high;
      out[falling - 1 - u] = earlier * high - later * low;
    }
    for (let i = overlap; i < rising; i++) out[falling + i] = middle[i];
    return falling + rising;
  }
}

/** Rising slopes of the window (§1.3.2): `sin(π/2 ⋅ sin²(π/2 ⋅ (i + ½) / n))`. */
export class Slopes {
  readonly #slopes = new Map<number, Float64Array>();

  of(length: number): Float64Array {
    let slope = this.#slopes.get(length);
    if (!slope) {
      slope = Float64Array.from({ length }, (_, i) => {
        const rise = sin((Math.PI / 2) * ((i + 0.5) / length));
        return sin((Math.PI / 2) * rise * rise);
      });
      this.#slopes.set(length, slope);
    }
    return slope;
  }
}
