import type { Steps } from '../../steps.ts';
import { ChannelData } from './channel-data.ts';
import { createEnergies } from './dequantisation.ts';
import { EnvelopeGains } from './envelope-gains.ts';
import type { FrequencyBands } from './frequency-bands.ts';
import type { SbrHeader } from './header.ts';
import { HfAdjuster } from './hf-adjuster.ts';
import { HfGenerator } from './hf-generator.ts';
import { QmfAnalysis } from './qmf-analysis.ts';
import { BANDS, LOOKAHEAD, LOW_BANDS, LOW_STRIDE, SLOTS, STRIDE, T_HF_ADJ, T_HF_GEN } from './subbands.ts';

/** How a frame is replicated. */
export interface Replication {
  readonly header: SbrHeader;
  readonly bands: FrequencyBands;
  /** The tables are not those of the frame before. */
  readonly isNew: boolean;
}

/** The QMF bands that a frame consists of: the core up to `start`, then `count` replicated ones. */
interface Extent {
  readonly start: number;
  readonly count: number;
}

/** Without replication all of the core. */
const CORE_ONLY: Extent = { start: LOW_BANDS, count: 0 };

/** One channel on its way through the QMF domain. */
export class SbrChannel {
  readonly data = new ChannelData();
  /** Of the current frame, dequantised. */
  readonly energies = createEnergies();
  /** The output: 64 bands of 38 slots, the last 6 a look ahead that only bands of the core have. */
  readonly re = new Float64Array(BANDS * STRIDE);
  readonly im = new Float64Array(BANDS * STRIDE);
  readonly #analysis = new QmfAnalysis();
  readonly #generator = new HfGenerator();
  readonly #gains = new EnvelopeGains();
  readonly #adjuster = new HfAdjuster();
  readonly #lowRe = new Float64Array(LOW_BANDS * LOW_STRIDE);
  readonly #lowIm = new Float64Array(LOW_BANDS * LOW_STRIDE);
  /** What the last envelope of the frame before has in this one. */
  #overlapRe = new Float64Array(BANDS * LOOKAHEAD);
  #overlapIm = new Float64Array(BANDS * LOOKAHEAD);
  #nextOverlapRe = new Float64Array(BANDS * LOOKAHEAD);
  #nextOverlapIm = new Float64Array(BANDS * LOOKAHEAD);
  #overlapSlots = 0;
  #extent = CORE_ONLY;

  /** Fills `re` and `im` from a frame of the core; without `replication` the spectrum above it stays empty. */
  *run(core: Float32Array, replication: Replication | undefined): Steps<void> {
    const extent: Extent = replication?.bands ?? CORE_ONLY;
    this.#moveOn();
    this.#analysis.run(core, this.#lowRe, this.#lowIm);
    yield;
    if (replication) yield* this.#replicate(replication);
    const nextSlots = replication ? 2 * this.data.grid.borders[this.data.grid.envelopes] - SLOTS : 0;
    const firstSlot = replication ? 2 * this.data.grid.borders[0] : 0;
    this.#join(extent, firstSlot, nextSlots);
    this.#overlapSlots = nextSlots;
    this.#extent = extent;
  }

  /** Forgets the frame before. */
  reset(): void {
    this.data.reset();
    this.#analysis.reset();
    this.#generator.reset();
    this.#gains.reset();
    this.#adjuster.reset();
    this.#lowRe.fill(0);
    this.#lowIm.fill(0);
    this.#overlapSlots = 0;
    this.#extent = CORE_ONLY;
  }

  /** Makes the end of the frame before the beginning of this one; of bands that it replicated the core is not wanted. */
  #moveOn(): void {
    for (let band = 0, at = 0; band < LOW_BANDS; band++, at += LOW_STRIDE) {
      this.#lowRe.copyWithin(at, at + SLOTS, at + LOW_STRIDE);
      this.#lowIm.copyWithin(at, at + SLOTS, at + LOW_STRIDE);
      if (band < this.#extent.start) continue;
      this.#lowRe.fill(0, at, at + T_HF_GEN);
      this.#lowIm.fill(0, at, at + T_HF_GEN);
    }
  }

  *#replicate({ header, bands, isNew }: Replication): Steps<void> {
    const { data, re, im } = this;
    this.#generator.run(data, bands, this.#lowRe, this.#lowIm, re, im);
    yield;
    this.#gains.run(data, bands, header, this.energies, re, im);
    this.#adjuster.run(data, bands, this.#gains, header.isSmoothed, isNew, re, im);
    yield;
  }

  /** Puts the bands of the core below the replicated ones, and the end of the frame before in front (§4.6.18.5). */
  #join({ start, count }: Extent, firstSlot: number, nextSlots: number): void {
    const earlier = this.#extent;
    const overlap = this.#overlapSlots;
    for (let band = 0; band < BANDS; band++) {
      const at = band * STRIDE;
      const isReplicated = band >= start && band < start + count;
      if (band < start) this.#copyLow(band, overlap, STRIDE);
      else if (isReplicated) this.#keepOverlap(band, nextSlots, firstSlot, overlap);
      else this.#clear(at + overlap, at + STRIDE);

      if (band < earlier.start) this.#copyLow(band, 0, overlap);
      else if (band < earlier.start + earlier.count) {
        for (let i = 0, from = band * LOOKAHEAD; i < overlap; i++, from++) {
          this.re[at + i] = this.#overlapRe[from];
          this.im[at + i] = this.#overlapIm[from];
        }
      } else this.#clear(at, at + overlap);
    }
    [this.#overlapRe, this.#nextOverlapRe] = [this.#nextOverlapRe, this.#overlapRe];
    [this.#overlapIm, this.#nextOverlapIm] = [this.#nextOverlapIm, this.#overlapIm];
  }

  #copyLow(band: number, from: number, to: number): void {
    const at = band * STRIDE;
    const low = band * LOW_STRIDE + T_HF_ADJ;
    for (let slot = from; slot < to; slot++) {
      this.re[at + slot] = this.#lowRe[low + slot];
      this.im[at + slot] = this.#lowIm[low + slot];
    }
  }

  /** Sets aside what a replicated band has in the next frame; slots before its first envelope, as damage makes them, are silent. */
  #keepOverlap(band: number, nextSlots: number, firstSlot: number, overlap: number): void {
    const at = band * STRIDE;
    for (let i = 0, to = band * LOOKAHEAD; i < nextSlots; i++, to++) {
      this.#nextOverlapRe[to] = this.re[at + SLOTS + i];
      this.#nextOverlapIm[to] = this.im[at + SLOTS + i];
    }
    this.#clear(at + overlap, at + Math.max(overlap, firstSlot));
    this.#clear(at + SLOTS, at + STRIDE);
  }

  #clear(from: number, to: number): void {
    this.re.fill(0, from, to);
    this.im.fill(0, from, to);
  }
}
