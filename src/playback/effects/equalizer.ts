import type { Effect, EffectNodes } from './effect.ts';

/** Centres of the bands in Hz: the octaves of ISO 266 around 1 kHz. */
export const EQUALIZER_BANDS: readonly number[] = [31.25, 62.5, 125, 250, 500, 1000, 2000, 4000, 8000, 16_000];
/** The most that a band is raised or lowered, dB. */
export const EQUALIZER_RANGE_DB = 12;

/** Of a band one octave wide: √2 / (2 − 1). */
const OCTAVE_Q = Math.SQRT2;
/** Time constant of changes, seconds: no click, and no lag that one would notice. */
const GLIDE_SECONDS = 0.02;

/** A graphic equalizer of ten octaves: shelves at both ends, peaking filters in between (Web Audio API §1.13). */
export class Equalizer implements Effect {
  readonly #gains = new Float64Array(EQUALIZER_BANDS.length);
  #filters: readonly BiquadFilterNode[] = [];

  /** dB by band. */
  get gains(): readonly number[] {
    return [...this.#gains];
  }

  /** @throws RangeError unless there is one for each band, within ±{@link EQUALIZER_RANGE_DB}. */
  set gains(gains: readonly number[]) {
    if (gains.length !== EQUALIZER_BANDS.length)
      throw new RangeError(`an equalizer has ${EQUALIZER_BANDS.length} bands, not ${gains.length}`);
    const odd = gains.find((gain) => !(Math.abs(gain) <= EQUALIZER_RANGE_DB));
    if (odd !== undefined) throw new RangeError(`a band goes up to ±${EQUALIZER_RANGE_DB} dB, not to ${odd}`);
    this.#gains.set(gains);
    for (const [band, { gain, context }] of this.#filters.entries()) {
      gain.setTargetAtTime(gains[band], context.currentTime, GLIDE_SECONDS);
    }
  }

  attach(context: BaseAudioContext): EffectNodes {
    this.detach();
    const last = EQUALIZER_BANDS.length - 1;
    this.#filters = EQUALIZER_BANDS.map((frequency, band) => {
      const type = band === 0 ? 'lowshelf' : band === last ? 'highshelf' : 'peaking';
      const isWithin = frequency < context.sampleRate / 2;
      return new BiquadFilterNode(context, { type: isWithin ? type : 'allpass', frequency, Q: OCTAVE_Q, gain: this.#gains[band] });
    });
    this.#filters.reduce((before, after) => before.connect(after) as BiquadFilterNode);
    return { input: this.#filters[0], output: this.#filters[last] };
  }

  detach(): void {
    for (const filter of this.#filters) filter.disconnect();
    this.#filters = [];
  }
}
