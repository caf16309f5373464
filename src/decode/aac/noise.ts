/** The standard leaves the noise free. This is the one of ffmpeg, so that even noise can be compared with it sample by sample. */
const SEED = 0x1f2e3d4c;

/** Perceptual noise substitution (ISO/IEC 14496-3 §4.6.13): a noise band has no lines in the stream, only its energy. */
export class NoiseGenerator {
  #state = SEED;

  /** Fills lines `from` to `to` with noise of which the squares add up to `amplitude`². */
  fill(spectrum: Float64Array, from: number, to: number, amplitude: number): void {
    let state = this.#state;
    let energy = 0;
    for (let i = from; i < to; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) | 0; // a linear congruential generator of full period
      spectrum[i] = state;
      energy += state * state;
    }
    this.#state = state;
    const scale = amplitude / Math.sqrt(energy);
    for (let i = from; i < to; i++) spectrum[i] *= scale;
  }

  /** Begins the same noise again, so that equal packets give equal sound. */
  reset(): void {
    this.#state = SEED;
  }
}
