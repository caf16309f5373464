import type { PcmBlock } from '../media.ts';
import { inChannels, type Planes } from './downmix.ts';
import { Resampler, type ResamplerMemory } from './resample.ts';

/** Where a {@link Conformer} stands. */
export interface ConformerMemory {
  readonly from: number;
  readonly resampler?: ResamplerMemory;
}

/**
 * Brings blocks of any format into one, so that tracks of other rates and channels follow without a gap. What has the format already comes out
 * as it is, to the bit. Blocks of one rate are resampled as one signal, also across tracks.
 */
export class Conformer {
  readonly #sampleRate: number;
  readonly #channels: number;
  /** Rate of the blocks, Hz. */
  #from: number;
  #resampler: Resampler | undefined;

  /** Into `channels` channels (at least two) at `sampleRate` Hz. */
  constructor(sampleRate: number, channels: number) {
    this.#sampleRate = sampleRate;
    this.#channels = channels;
    this.#from = sampleRate;
  }

  /** Frames that come out when the sound ends here. */
  get pendingFrames(): number {
    return this.#resampler?.pendingFrames ?? 0;
  }

  /** The sound that `block` completes. */
  take({ planes, sampleRate }: PcmBlock): Planes[] {
    const before = sampleRate === this.#from ? [] : this.finish();
    this.#resampleFrom(sampleRate);
    const spread = inChannels(planes, this.#channels);
    return withSound([...before, this.#resampler?.process([...spread]) ?? spread]);
  }

  /** What waited for the sound that follows; there is none. */
  finish(): Planes[] {
    const rest = withSound(this.#resampler ? [this.#resampler.finish()] : []);
    this.#resampler = undefined;
    this.#from = this.#sampleRate;
    return rest;
  }

  /** What it remembers; setting it back goes on from there. */
  get memory(): ConformerMemory {
    return { from: this.#from, resampler: this.#resampler?.memory };
  }

  set memory({ from, resampler }: ConformerMemory) {
    this.#resampler = undefined;
    this.#from = this.#sampleRate;
    this.#resampleFrom(from);
    if (this.#resampler && resampler) (this.#resampler as Resampler).memory = resampler;
  }

  #resampleFrom(from: number): void {
    if (from === this.#from) return;
    this.#from = from;
    this.#resampler = from === this.#sampleRate ? undefined : new Resampler(from, this.#sampleRate, this.#channels);
  }
}

const withSound = (parts: readonly Planes[]): Planes[] => parts.filter(([plane]) => plane.length > 0);
