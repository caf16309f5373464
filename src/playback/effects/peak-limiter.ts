/** How far a limiter looks ahead, seconds: long enough to turn down without a click. */
const LOOK_AHEAD_SECONDS = 0.005;
/** Time constant with which it lets go, seconds: slower than a bass note, so that it does not distort it. */
const RELEASE_SECONDS = 0.1;
/** A step of the gain that nobody hears: −120 dB. */
const SILENT_STEP = 1e-6;

/**
 * Keeps samples below a ceiling by turning the sound down ahead of them; what stays below leaves as it came, {@link latency} frames later.
 *
 * The gain that each frame needs is held for the whole look-ahead (a sliding minimum), let go exponentially, and averaged over the same
 * length: every term of the average by which a frame is multiplied is at most what that frame needs.
 */
export class PeakLimiter {
  /** Frames from input to output. */
  readonly latency: number;
  readonly #ceiling: number;
  readonly #release: number;
  readonly #length: number;
  /** The last `length` frames of each channel, and their gains before averaging, as rings. */
  readonly #frames: readonly Float32Array[];
  readonly #gains: Float64Array;
  #sum: number;
  #at = 0;
  #count = 0;
  /** Minimum over the last `length` needed gains: candidates in ascending order, as rings of values and of when they leave. */
  readonly #least: Float64Array;
  readonly #leaves: Float64Array;
  #head = 0;
  #candidates = 0;
  #held = 1;

  /** `ceiling` is an amplitude, 1 = full scale. */
  constructor(sampleRate: number, channels: number, ceiling: number) {
    this.#ceiling = ceiling;
    this.#length = Math.max(1, Math.round(LOOK_AHEAD_SECONDS * sampleRate));
    this.latency = this.#length - 1;
    this.#release = 1 - Math.exp(-1 / (RELEASE_SECONDS * sampleRate));
    this.#frames = Array.from({ length: channels }, () => new Float32Array(this.#length));
    this.#gains = new Float64Array(this.#length).fill(1);
    this.#sum = this.#length;
    this.#least = new Float64Array(this.#length + 1);
    this.#leaves = new Float64Array(this.#length + 1);
  }

  /** Limits one block: a plane for each channel. A plane that is missing in `input` is silent. */
  process(input: readonly Float32Array[], output: readonly Float32Array[]): void {
    const frames = output[0]?.length ?? 0;
    for (let i = 0; i < frames; i++) {
      let peak = 0;
      for (let c = 0; c < input.length; c++) peak = Math.max(peak, Math.abs(input[c][i]));
      const gain = this.#next(peak > this.#ceiling ? this.#ceiling / peak : 1);
      const oldest = (this.#at + 1) % this.#length;
      for (let c = 0; c < this.#frames.length && c < output.length; c++) {
        this.#frames[c][this.#at] = input[c]?.[i] ?? 0;
        output[c][i] = gain * this.#frames[c][oldest];
      }
      this.#at = oldest;
    }
  }

  /** Takes the gain that the newest frame needs, gives the one for the oldest. */
  #next(needed: number): number {
    const least = this.#leastWith(needed);
    const rise = least - this.#held;
    // Nearly let go is let go: what needs no limiting leaves as it came.
    this.#held = rise < SILENT_STEP ? least : this.#held + rise * this.#release;
    this.#sum += this.#held - this.#gains[this.#at];
    this.#gains[this.#at] = this.#held;
    if (this.#sum > this.#length - SILENT_STEP) this.#sum = this.#length;
    return this.#sum / this.#length;
  }

  #leastWith(needed: number): number {
    const size = this.#length + 1;
    const now = this.#count++;
    while (this.#candidates > 0 && this.#leaves[this.#head] <= now) {
      this.#head = (this.#head + 1) % size;
      this.#candidates--;
    }
    while (this.#candidates > 0 && this.#least[(this.#head + this.#candidates - 1) % size] >= needed) this.#candidates--;
    const tail = (this.#head + this.#candidates++) % size;
    this.#least[tail] = needed;
    this.#leaves[tail] = now + this.#length;
    return this.#least[this.#head];
  }
}
