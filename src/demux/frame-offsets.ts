/** Frames between two that are remembered. */
const STRIDE = 32;

/** Byte offsets of frames that passed by since the start, so that going back to them is exact and costs no reading. */
export class FrameOffsets {
  /** Of frame 0, 32, 64, … */
  readonly #offsets: number[] = [];

  /** Takes a frame and its offset. What does not continue the run from frame 0 is let go. */
  note(frame: number, offset: number): void {
    if (frame === this.#offsets.length * STRIDE) this.#offsets.push(offset);
  }

  /** The last remembered frame up to `frame`, if all up to there have passed. */
  atOrBefore(frame: number): { readonly frame: number; readonly offset: number } | undefined {
    const index = Math.floor(frame / STRIDE);
    return index < this.#offsets.length ? { frame: index * STRIDE, offset: this.#offsets[index] } : undefined;
  }
}
