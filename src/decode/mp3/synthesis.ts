import { dct32 } from './dct32.ts';
import { SYNTHESIS_HALF_WINDOW, SYNTHESIS_PEAK } from './tables.ts';

const SUBBANDS = 32;

/** Earlier time slots that a sample is made of, besides its own. */
const HISTORY = 15;

/** Time slots of a granule; layers I and II call with 12. */
const MAX_SLOTS = 18;

/** D[i] of ISO/IEC 11172-3 table B.3, for i from 0 to 511. */
function windowAt(i: number): number {
  const scaled = i < 256 ? SYNTHESIS_HALF_WINDOW[i] : i === 256 ? SYNTHESIS_PEAK : SYNTHESIS_HALF_WINDOW[512 - i] * (i % 64 === 0 ? 1 : -1);
  return scaled / 65_536;
}

/** For each output j from 0 to 15: D[j + 64k] for k from 0 to 7, then D[j + 64k + 32]. */
const WINDOW = Float64Array.from({ length: 16 * 16 }, (_, i) => windowAt((i >> 4) + 64 * (i & 7) + (i & 8 ? 32 : 0)));

/** For output 16: D[48 + 64k]. */
const [M0, M1, M2, M3, M4, M5, M6, M7] = Float64Array.from({ length: 8 }, (_, k) => windowAt(48 + 64 * k));

/** For output 0, of which D[0] is 0: D[64k], then D[64k + 32]. */
const [, W1, W2, W3, W4, W5, W6, W7, U0, U1, U2, U3, U4, U5, U6, U7] = WINDOW;

/**
 * The synthesis filter bank of one channel: one sample of each of 32 subbands gives 32 samples of sound (ISO/IEC 11172-3 §2.4.3.2.2).
 *
 * The matrixing there gives 64 values V of which only 32 differ but for the sign: they are t[16…31] and −t[16…0] of a DCT-II t. So the DCTs
 * of this and the last 15 slots are kept, the newest first, and the sums over windowed V become, with a the slots 0, 2, … and b the slots
 * 1, 3, …, and with w[k] = D[j + 64k], u[k] = D[j + 64k + 32]:
 *
 *     out[j]      = Σ a[k][16 + j]·w[k]     − b[k][16 − j]·u[k]
 *     out[32 − j] = Σ a[k][16 + j]·u[7 − k] + b[k][16 − j]·w[7 − k]       since D[512 − i] = −D[i]
 *
 * which reads each value once for two outputs.
 */
export class SynthesisFilterBank {
  /** DCTs of time slots, newest first; the history lies behind those of the running granule. */
  readonly #slots = new Float64Array((MAX_SLOTS + HISTORY) * SUBBANDS);

  /** Makes `32 · count` samples at `out[to]` from `count` time slots (6, 12 or 18) of 32 subband samples each. */
  synthesise(samples: Float64Array, count: number, out: Float32Array, to: number): void {
    const slots = this.#slots;
    const first = (MAX_SLOTS - 1) * SUBBANDS;
    dct32(samples, count, slots, first);
    windowEdges(slots, first, count, out, to);
    windowPairs(slots, first, count, out, to);
    slots.copyWithin(MAX_SLOTS * SUBBANDS, (MAX_SLOTS - count) * SUBBANDS, (MAX_SLOTS - count + HISTORY) * SUBBANDS);
  }

  /** Forgets earlier slots. */
  reset(): void {
    this.#slots.fill(0);
  }
}

/** Outputs 0 and 16, which have no partner. `first` is where the first slot stands; later ones stand before it. */
function windowEdges(t: Float64Array, first: number, count: number, out: Float32Array, to: number): void {
  const end = to + count * SUBBANDS;
  for (let a = first, at = to; at < end; a -= SUBBANDS, at += SUBBANDS) {
    // biome-ignore format: a sum, term by term
    out[at] = -t[a + 48] * U0 + t[a + 80] * W1 - t[a + 112] * U1 + t[a + 144] * W2 - t[a + 176] * U2 + t[a + 208] * W3 - t[a + 240] * U3
      + t[a + 272] * W4 - t[a + 304] * U4 + t[a + 336] * W5 - t[a + 368] * U5 + t[a + 400] * W6 - t[a + 432] * U6 + t[a + 464] * W7 - t[a + 496] * U7;
    // biome-ignore format: a sum, term by term
    out[at + 16] = -t[a + 32] * M0 - t[a + 96] * M1 - t[a + 160] * M2 - t[a + 224] * M3 - t[a + 288] * M4
      - t[a + 352] * M5 - t[a + 416] * M6 - t[a + 480] * M7;
  }
}

/**
 * Outputs j and 32 − j; the hottest loops of the decoder. The slots are the inner loop, so that the window stays at hand, and three that
 * are two apart go together, since they share seven of their eight values of a and of b: a0 … a9 are those of the newest, and those of
 * the others one and two further on.
 */
function windowPairs(t: Float64Array, first: number, count: number, out: Float32Array, to: number): void {
  for (let j = 1; j < 16; j++) {
    const w = 16 * j;
    const w0 = WINDOW[w];
    const w1 = WINDOW[w + 1];
    const w2 = WINDOW[w + 2];
    const w3 = WINDOW[w + 3];
    const w4 = WINDOW[w + 4];
    const w5 = WINDOW[w + 5];
    const w6 = WINDOW[w + 6];
    const w7 = WINDOW[w + 7];
    const u0 = WINDOW[w + 8];
    const u1 = WINDOW[w + 9];
    const u2 = WINDOW[w + 10];
    const u3 = WINDOW[w + 11];
    const u4 = WINDOW[w + 12];
    const u5 = WINDOW[w + 13];
    const u6 = WINDOW[w + 14];
    const u7 = WINDOW[w + 15];
    // The first of each three: 0, 1, 6, 7, 12, 13.
    for (let slot = 0; slot < count; slot += slot & 1 ? 5 : 1) {
      const a = first + 16 + j - (slot + 4) * SUBBANDS;
      const b = first + 48 - j - (slot + 4) * SUBBANDS;
      const a0 = t[a];
      const a1 = t[a + 64];
      const a2 = t[a + 128];
      const a3 = t[a + 192];
      const a4 = t[a + 256];
      const a5 = t[a + 320];
      const a6 = t[a + 384];
      const a7 = t[a + 448];
      const a8 = t[a + 512];
      const a9 = t[a + 576];
      const b0 = t[b];
      const b1 = t[b + 64];
      const b2 = t[b + 128];
      const b3 = t[b + 192];
      const b4 = t[b + 256];
      const b5 = t[b + 320];
      const b6 = t[b + 384];
      const b7 = t[b + 448];
      const b8 = t[b + 512];
      const b9 = t[b + 576];
      const at = to + slot * SUBBANDS;
      // biome-ignore format: a sum, term by term
      out[at + j] = a2 * w0 - b2 * u0 + a3 * w1 - b3 * u1 + a4 * w2 - b4 * u2 + a5 * w3 - b5 * u3
        + a6 * w4 - b6 * u4 + a7 * w5 - b7 * u5 + a8 * w6 - b8 * u6 + a9 * w7 - b9 * u7;
      // biome-ignore format: a sum, term by term
      out[at + 32 - j] = a2 * u7 + b2 * w7 + a3 * u6 + b3 * w6 + a4 * u5 + b4 * w5 + a5 * u4 + b5 * w4
        + a6 * u3 + b6 * w3 + a7 * u2 + b7 * w2 + a8 * u1 + b8 * w1 + a9 * u0 + b9 * w0;
      // biome-ignore format: a sum, term by term
      out[at + 64 + j] = a1 * w0 - b1 * u0 + a2 * w1 - b2 * u1 + a3 * w2 - b3 * u2 + a4 * w3 - b4 * u3
        + a5 * w4 - b5 * u4 + a6 * w5 - b6 * u5 + a7 * w6 - b7 * u6 + a8 * w7 - b8 * u7;
      // biome-ignore format: a sum, term by term
      out[at + 96 - j] = a1 * u7 + b1 * w7 + a2 * u6 + b2 * w6 + a3 * u5 + b3 * w5 + a4 * u4 + b4 * w4
        + a5 * u3 + b5 * w3 + a6 * u2 + b6 * w2 + a7 * u1 + b7 * w1 + a8 * u0 + b8 * w0;
      // biome-ignore format: a sum, term by term
      out[at + 128 + j] = a0 * w0 - b0 * u0 + a1 * w1 - b1 * u1 + a2 * w2 - b2 * u2 + a3 * w3 - b3 * u3
        + a4 * w4 - b4 * u4 + a5 * w5 - b5 * u5 + a6 * w6 - b6 * u6 + a7 * w7 - b7 * u7;
      // biome-ignore format: a sum, term by term
      out[at + 160 - j] = a0 * u7 + b0 * w7 + a1 * u6 + b1 * w6 + a2 * u5 + b2 * w5 + a3 * u4 + b3 * w4
        + a4 * u3 + b4 * w3 + a5 * u2 + b5 * w2 + a6 * u1 + b6 * w1 + a7 * u0 + b7 * w0;
    }
  }
}
