/** Roughly where frames are: points between which the bit rate is taken to be constant. */
export class SeekTable {
  readonly #frames: readonly number[];
  readonly #offsets: readonly number[];
  readonly #slack: number;

  /**
   * Point i says that frame `frames[i]` begins at byte `offsets[i]` or up to `slack` bytes later. Both lists ascend and have the end as
   * their last point. Offsets that a hostile file makes fall are raised to the one before.
   */
  constructor(frames: readonly number[], offsets: readonly number[], slack: number) {
    let highest = 0;
    this.#frames = frames;
    this.#offsets = offsets.map((offset) => (highest = Math.max(highest, offset)));
    this.#slack = slack;
  }

  /** Byte offset at which `frame` probably begins. */
  offsetOf(frame: number): number {
    return interpolate(this.#frames, this.#offsets, frame);
  }

  /** The frame that probably begins at `offset`, and by how many frames that may be wrong. */
  frameAt(offset: number): { readonly frame: number; readonly error: number } {
    const frames = this.#frames;
    const frame = interpolate(this.#offsets, frames, offset);
    const before = this.#offsets.findLastIndex((at) => at + this.#slack <= offset);
    const after = this.#offsets.findIndex((at) => at >= offset);
    const lowest = frames[Math.max(0, before)];
    const highest = frames[after < 0 ? frames.length - 1 : after];
    return { frame, error: Math.max(frame - lowest, highest - frame) + 1 };
  }
}

/** y at `x` on the line through the points (xs[i], ys[i]), xs ascending; flat outside. */
function interpolate(xs: readonly number[], ys: readonly number[], x: number): number {
  const right = xs.findIndex((value) => value > x);
  if (right === 0) return ys[0];
  if (right < 0) return ys[ys.length - 1];
  return ys[right - 1] + ((ys[right] - ys[right - 1]) * (x - xs[right - 1])) / (xs[right] - xs[right - 1]);
}
