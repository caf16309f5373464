/** How a channel is predicted from itself. */
export interface Predictor {
  /** Weights of the `order` samples before the one predicted, oldest first, in units of 2^−`shift`. {@link predict} changes them. */
  readonly weights: Int16Array;
  /** 0 to 31; 31 stands for the sum of all that came before. */
  order: number;
  shift: number;
}

const SUM = 31;

/** Turns the residual in `samples[0, frames)` into the samples, in place. They wrap around at `bits` (1 to 32). */
export function predict(predictor: Predictor, samples: Int32Array, frames: number, bits: number): void {
  const { order } = predictor;
  if (order === 0) return;
  if (order === SUM) sumUp(samples, frames, bits);
  else {
    sumUp(samples, Math.min(order + 1, frames), bits);
    predictAdaptively(predictor, samples, frames, bits);
  }
}

/** The simplest predictor, "as the sample before"; also for the first samples of others, which would need some before the first. */
export function sumUp(samples: Int32Array, frames: number, bits: number): void {
  const spare = 32 - bits;
  for (let i = 1; i < frames; i++) samples[i] = ((samples[i] + samples[i - 1]) << spare) >> spare;
}

/**
 * A sample is predicted from how the `order` samples before it differ from the one before those, the base. The sign of what the
 * prediction missed then moves each weight by one towards having missed less, the oldest sample's first, until they would have made up
 * for it (a sign-sign LMS filter that stops early).
 */
function predictAdaptively({ weights, order, shift }: Predictor, samples: Int32Array, frames: number, bits: number): void {
  const spare = 32 - bits;
  const half = shift > 0 ? 1 << (shift - 1) : 0;
  for (let i = order + 1; i < frames; i++) {
    const first = i - order;
    const base = samples[first - 1];
    let sum = half;
    for (let n = 0; n < order; n++) sum = (sum + Math.imul(weights[n], samples[first + n] - base)) | 0;
    let missed = samples[i];
    samples[i] = ((missed + base + (sum >> shift)) << spare) >> spare;
    if (missed > 0) {
      for (let n = 0; n < order && missed > 0; n++) {
        const difference = (samples[first + n] - base) | 0;
        if (difference > 0) weights[n]++;
        else if (difference < 0) weights[n]--;
        missed -= (n + 1) * (Math.abs(difference) >> shift);
      }
    } else if (missed < 0) {
      for (let n = 0; n < order && missed < 0; n++) {
        const difference = (samples[first + n] - base) | 0;
        if (difference > 0) weights[n]--;
        else if (difference < 0) weights[n]++;
        missed -= (n + 1) * (-Math.abs(difference) >> shift);
      }
    }
  }
}
