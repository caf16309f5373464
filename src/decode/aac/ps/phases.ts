/** A phase index turns by 45 degrees: cos and sin. */
const COSINES = [1, Math.SQRT1_2, 0, -Math.SQRT1_2, -1, -Math.SQRT1_2, 0, Math.SQRT1_2];
const SINES = [0, Math.SQRT1_2, 1, Math.SQRT1_2, 0, -Math.SQRT1_2, -1, -Math.SQRT1_2];

/** Phases of one kind, smoothed over the envelopes before (ISO/IEC 14496-3 §8.6.4.6.3.1). */
export class SmoothPhases {
  /** Of each band the index before and the one before that. */
  readonly #before = new Uint8Array(34);
  readonly #earlier = new Uint8Array(34);
  /** Of the phase that {@link move} was given last. */
  cos = 1;
  sin = 0;

  /** Takes in the index of the next envelope. */
  move(band: number, index: number): void {
    const before = this.#before[band];
    const earlier = this.#earlier[band];
    const re = COSINES[index] + 0.5 * COSINES[before] + 0.25 * COSINES[earlier];
    const im = SINES[index] + 0.5 * SINES[before] + 0.25 * SINES[earlier];
    const length = Math.sqrt(re * re + im * im); // never less than ¼
    this.cos = re / length;
    this.sin = im / length;
    this.#earlier[band] = before;
    this.#before[band] = index;
  }

  reset(): void {
    this.#before.fill(0);
    this.#earlier.fill(0);
  }
}
