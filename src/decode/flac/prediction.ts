/** Most coefficients that a linear predictor may have (RFC 9639 §9.2.6). */
export const MAX_ORDER = 32;

/**
 * A predictor: the next sample is `residual + ⌊(Σ coefficients[k] × the sample k+1 before) / 2^shift⌋`.
 * Entries from `order` on are 0, so that loops may be unrolled past it.
 */
export interface Predictor {
  readonly coefficients: Int32Array;
  order: number;
  shift: number;
}

/** 2^−shift, by shift, of which there are 16. A table, because V8 computes a power that feeds a loop anew in every turn of it. */
const SCALE = Float64Array.from({ length: 16 }, (_, shift) => 2 ** -shift);

/** Fixed predictors (§9.2.5), by order: linear predictors that need no coefficients in the file. Their shift is 0. */
export const FIXED_COEFFICIENTS: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

/**
 * Turns `samples`, which holds the warm-up samples and then the residual, into samples of `bits` bits, in place.
 *
 * Sums that provably fit take 32-bit integers. Without a shift any sum does: the result fits, and arithmetic modulo 2^32 gives it.
 * The others take floating point, in which sums below 2^53 are exact (32 bits × 15 bits × 32 terms = 2^52).
 */
export function predict(predictor: Predictor, samples: Int32Array, blockSize: number, bits: number): void {
  const { order } = predictor;
  if (predictor.shift === 0 || fitsInt32(predictor, bits)) {
    if (order <= 4) predictInt4(predictor, samples, blockSize);
    else if (order <= 8) predictInt8(predictor, samples, blockSize);
    else if (order <= 12) predictInt12(predictor, samples, blockSize);
    else predictInt(predictor, samples, order, blockSize);
  } else if (order <= 8) predictFloat8(predictor, samples, blockSize);
  else if (order <= 12) predictFloat12(predictor, samples, blockSize);
  else predictFloat(predictor, samples, order, blockSize);
}

/**
 * As {@link predict}, for the 33-bit side channel of 32-bit stereo: from the warm-up samples in `samples` and `residual`, whose first
 * `order` entries mean nothing.
 */
export function predictWide(predictor: Predictor, residual: Int32Array, samples: Float64Array, blockSize: number): void {
  const { coefficients, order, shift } = predictor;
  const scale = SCALE[shift];
  for (let i = order; i < blockSize; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum += coefficients[k] * samples[i - 1 - k];
    samples[i] = residual[i] + Math.floor(sum * scale);
  }
}

/** Samples of `bits` bits cannot be beyond ±2^(bits−1), so neither can the sum be beyond that times the sum of all coefficients. */
function fitsInt32({ coefficients, order }: Predictor, bits: number): boolean {
  let gain = 0;
  for (let k = 0; k < order; k++) gain += Math.abs(coefficients[k]);
  return gain * 2 ** (bits - 1) < 2 ** 31;
}

function predictInt({ coefficients, order, shift }: Predictor, samples: Int32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum = (sum + Math.imul(coefficients[k], samples[i - 1 - k])) | 0;
    samples[i] += sum >> shift;
  }
}

function predictFloat({ coefficients, order, shift }: Predictor, samples: Int32Array, from: number, to: number): void {
  const scale = SCALE[shift];
  for (let i = from; i < to; i++) {
    let sum = 0;
    for (let k = 0; k < order; k++) sum += coefficients[k] * samples[i - 1 - k];
    samples[i] += Math.floor(sum * scale);
  }
}

// The loops below are the two above unrolled for the usual orders, with coefficients (c) and history (x) in registers. The sample just
// made is the last term of its sum, so that all other terms, the residual among them, are ready by then. The first samples take the plain loop: from index 4, 8 or
// 12 on there is a history for every register, and those past the order meet a coefficient of 0.

function predictInt4(predictor: Predictor, samples: Int32Array, blockSize: number): void {
  predictInt(predictor, samples, predictor.order, Math.min(4, blockSize));
  if (blockSize <= 4) return;
  const shift = predictor.shift;
  const [c0, c1, c2, c3] = predictor.coefficients;
  let x0 = samples[3];
  let x1 = samples[2];
  let x2 = samples[1];
  let x3 = samples[0];
  for (let i = 4; i < blockSize; i++) {
    const sum = Math.imul(c3, x3) + Math.imul(c2, x2) + Math.imul(c1, x1) + Math.imul(c0, x0);
    const sample = (samples[i] + (sum >> shift)) | 0;
    x3 = x2;
    x2 = x1;
    x1 = x0;
    x0 = sample;
    samples[i] = sample;
  }
}

function predictInt8(predictor: Predictor, samples: Int32Array, blockSize: number): void {
  predictInt(predictor, samples, predictor.order, Math.min(8, blockSize));
  if (blockSize <= 8) return;
  const shift = predictor.shift;
  const [c0, c1, c2, c3, c4, c5, c6, c7] = predictor.coefficients;
  let x0 = samples[7];
  let x1 = samples[6];
  let x2 = samples[5];
  let x3 = samples[4];
  let x4 = samples[3];
  let x5 = samples[2];
  let x6 = samples[1];
  let x7 = samples[0];
  for (let i = 8; i < blockSize; i++) {
    const sum =
      Math.imul(c7, x7) +
      Math.imul(c6, x6) +
      Math.imul(c5, x5) +
      Math.imul(c4, x4) +
      Math.imul(c3, x3) +
      Math.imul(c2, x2) +
      Math.imul(c1, x1) +
      Math.imul(c0, x0);
    const sample = (samples[i] + (sum >> shift)) | 0;
    x7 = x6;
    x6 = x5;
    x5 = x4;
    x4 = x3;
    x3 = x2;
    x2 = x1;
    x1 = x0;
    x0 = sample;
    samples[i] = sample;
  }
}

function predictInt12(predictor: Predictor, samples: Int32Array, blockSize: number): void {
  predictInt(predictor, samples, predictor.order, Math.min(12, blockSize));
  if (blockSize <= 12) return;
  const shift = predictor.shift;
  const [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11] = predictor.coefficients;
  let x0 = samples[11];
  let x1 = samples[10];
  let x2 = samples[9];
  let x3 = samples[8];
  let x4 = samples[7];
  let x5 = samples[6];
  let x6 = samples[5];
  let x7 = samples[4];
  let x8 = samples[3];
  let x9 = samples[2];
  let x10 = samples[1];
  let x11 = samples[0];
  for (let i = 12; i < blockSize; i++) {
    const sum =
      Math.imul(c11, x11) +
      Math.imul(c10, x10) +
      Math.imul(c9, x9) +
      Math.imul(c8, x8) +
      Math.imul(c7, x7) +
      Math.imul(c6, x6) +
      Math.imul(c5, x5) +
      Math.imul(c4, x4) +
      Math.imul(c3, x3) +
      Math.imul(c2, x2) +
      Math.imul(c1, x1) +
      Math.imul(c0, x0);
    const sample = (samples[i] + (sum >> shift)) | 0;
    x11 = x10;
    x10 = x9;
    x9 = x8;
    x8 = x7;
    x7 = x6;
    x6 = x5;
    x5 = x4;
    x4 = x3;
    x3 = x2;
    x2 = x1;
    x1 = x0;
    x0 = sample;
    samples[i] = sample;
  }
}

function predictFloat8(predictor: Predictor, samples: Int32Array, blockSize: number): void {
  predictFloat(predictor, samples, predictor.order, Math.min(8, blockSize));
  if (blockSize <= 8) return;
  const scale = SCALE[predictor.shift];
  const c0 = predictor.coefficients[0] * scale;
  const c1 = predictor.coefficients[1] * scale;
  const c2 = predictor.coefficients[2] * scale;
  const c3 = predictor.coefficients[3] * scale;
  const c4 = predictor.coefficients[4] * scale;
  const c5 = predictor.coefficients[5] * scale;
  const c6 = predictor.coefficients[6] * scale;
  const c7 = predictor.coefficients[7] * scale;
  let x0 = samples[7];
  let x1 = samples[6];
  let x2 = samples[5];
  let x3 = samples[4];
  let x4 = samples[3];
  let x5 = samples[2];
  let x6 = samples[1];
  let x7 = samples[0];
  for (let i = 8; i < blockSize; i++) {
    const sample = Math.floor(samples[i] + c7 * x7 + c6 * x6 + c5 * x5 + c4 * x4 + c3 * x3 + c2 * x2 + c1 * x1 + c0 * x0);
    x7 = x6;
    x6 = x5;
    x5 = x4;
    x4 = x3;
    x3 = x2;
    x2 = x1;
    x1 = x0;
    x0 = sample;
    samples[i] = sample;
  }
}

function predictFloat12(predictor: Predictor, samples: Int32Array, blockSize: number): void {
  predictFloat(predictor, samples, predictor.order, Math.min(12, blockSize));
  if (blockSize <= 12) return;
  const scale = SCALE[predictor.shift];
  const c0 = predictor.coefficients[0] * scale;
  const c1 = predictor.coefficients[1] * scale;
  const c2 = predictor.coefficients[2] * scale;
  const c3 = predictor.coefficients[3] * scale;
  const c4 = predictor.coefficients[4] * scale;
  const c5 = predictor.coefficients[5] * scale;
  const c6 = predictor.coefficients[6] * scale;
  const c7 = predictor.coefficients[7] * scale;
  const c8 = predictor.coefficients[8] * scale;
  const c9 = predictor.coefficients[9] * scale;
  const c10 = predictor.coefficients[10] * scale;
  const c11 = predictor.coefficients[11] * scale;
  let x0 = samples[11];
  let x1 = samples[10];
  let x2 = samples[9];
  let x3 = samples[8];
  let x4 = samples[7];
  let x5 = samples[6];
  let x6 = samples[5];
  let x7 = samples[4];
  let x8 = samples[3];
  let x9 = samples[2];
  let x10 = samples[1];
  let x11 = samples[0];
  for (let i = 12; i < blockSize; i++) {
    const sample = Math.floor(
      samples[i] +
        c11 * x11 +
        c10 * x10 +
        c9 * x9 +
        c8 * x8 +
        c7 * x7 +
        c6 * x6 +
        c5 * x5 +
        c4 * x4 +
        c3 * x3 +
        c2 * x2 +
        c1 * x1 +
        c0 * x0,
    );
    x11 = x10;
    x10 = x9;
    x9 = x8;
    x8 = x7;
    x7 = x6;
    x6 = x5;
    x5 = x4;
    x4 = x3;
    x3 = x2;
    x2 = x1;
    x1 = x0;
    x0 = sample;
    samples[i] = sample;
  }
}
