import { cos, sin } from '../../trig.ts';
import { SLOTS } from '../sbr/subbands.ts';
import { BANDS_20, BANDS_34, type StereoBands } from './bands.ts';

/** Slots that each sub-band is delayed at most. */
const MAX_DELAY = 14;
const SHORT_DELAY = 1;
/** Before the all-pass filters. */
const ALL_PASS_DELAY = 2;
const LINE = MAX_DELAY + SLOTS;

/** Links of the all-pass filters: their delays, the fractions of a slot beside those, and their coefficients (§8.6.4.5.2). */
const LINK_DELAYS = [3, 4, 5];
const LINK_FRACTIONS = [0.43, 0.75, 0.347];
const LINK_GAINS = [0.65143905753106, 0.56471812200776, 0.48954165955695];
const LINKS = 3;
const LINK_REACH = 5;
const LINK_LINE = LINK_REACH + SLOTS;
const FRACTION = 0.39;
const DECAY_SLOPE = 0.05;

/** Transient detection (§8.6.4.5.3). */
const PEAK_DECAY = 0.76592833836465;
const SMOOTHING = 0.25;
const TRANSIENT_IMPACT = 1.5;

const MAX_SUBBANDS = 91;
const MAX_ALL_PASS = 50;
const MAX_PARAMETERS = 34;

/** e^(−jπ·fraction·centre) of each sub-band with all-pass filters, for the delay before and for the links: cos and sin in turn. */
const TURNS = new Map([BANDS_20, BANDS_34].map((bands) => [bands, turnsOf(bands)]));

const energies = new Float64Array(MAX_PARAMETERS * SLOTS);
const attenuation = new Float64Array(MAX_PARAMETERS * SLOTS);

/**
 * Makes of a signal one that sounds alike and has nothing in common with it (ISO/IEC 14496-3 §8.6.4.5): all-pass filters below, delays
 * above, silenced where transients would smear.
 */
export class Decorrelator {
  readonly #delayRe = new Float64Array(MAX_SUBBANDS * LINE);
  readonly #delayIm = new Float64Array(MAX_SUBBANDS * LINE);
  readonly #linkRe = new Float64Array(MAX_ALL_PASS * LINKS * LINK_LINE);
  readonly #linkIm = new Float64Array(MAX_ALL_PASS * LINKS * LINK_LINE);
  readonly #peak = new Float64Array(MAX_PARAMETERS);
  readonly #smoothEnergy = new Float64Array(MAX_PARAMETERS);
  readonly #smoothDifference = new Float64Array(MAX_PARAMETERS);

  /** From sub-bands to sub-bands; those from `top` on are empty. */
  run(bands: StereoBands, top: number, re: Float64Array, im: Float64Array, outRe: Float64Array, outIm: Float64Array): void {
    this.#clearFrom(top);
    this.#attenuate(bands, top, re, im);
    const turns = TURNS.get(bands)!;
    for (let k = 0; k < top; k++) {
      this.#takeIn(k, re, im);
      const gains = bands.parameterOf[k] * SLOTS;
      if (k < bands.allPass) this.#allPass(k, turns, decayOf(bands, k), gains, outRe, outIm);
      else this.#delay(k, k < bands.shortDelay ? MAX_DELAY : SHORT_DELAY, gains, outRe, outIm);
    }
    outRe.fill(0, top * SLOTS);
    outIm.fill(0, top * SLOTS);
  }

  reset(): void {
    this.#clearFrom(0);
    this.#peak.fill(0);
    this.#smoothEnergy.fill(0);
    this.#smoothDifference.fill(0);
  }

  #clearFrom(top: number): void {
    this.#delayRe.fill(0, top * LINE);
    this.#delayIm.fill(0, top * LINE);
    this.#linkRe.fill(0, top * LINKS * LINK_LINE);
    this.#linkIm.fill(0, top * LINKS * LINK_LINE);
  }

  /** Where the energy falls behind its peak there was a transient: there the output is turned down. */
  #attenuate({ parameters, parameterOf }: StereoBands, top: number, re: Float64Array, im: Float64Array): void {
    energies.fill(0);
    for (let k = 0; k < top; k++) {
      const row = parameterOf[k] * SLOTS;
      const at = k * SLOTS;
      for (let n = 0; n < SLOTS; n++) energies[row + n] += re[at + n] * re[at + n] + im[at + n] * im[at + n];
    }
    for (let i = 0; i < parameters; i++) {
      let peak = this.#peak[i];
      let smoothEnergy = this.#smoothEnergy[i];
      let smoothDifference = this.#smoothDifference[i];
      for (let at = i * SLOTS; at < (i + 1) * SLOTS; at++) {
        const energy = energies[at];
        peak = Math.max(PEAK_DECAY * peak, energy);
        smoothEnergy += SMOOTHING * (energy - smoothEnergy);
        smoothDifference += SMOOTHING * (peak - energy - smoothDifference);
        const impact = TRANSIENT_IMPACT * smoothDifference;
        attenuation[at] = impact > smoothEnergy ? smoothEnergy / impact : 1;
      }
      this.#peak[i] = peak;
      this.#smoothEnergy[i] = smoothEnergy;
      this.#smoothDifference[i] = smoothDifference;
    }
  }

  #takeIn(k: number, re: Float64Array, im: Float64Array): void {
    const line = k * LINE;
    this.#delayRe.copyWithin(line, line + SLOTS, line + LINE);
    this.#delayIm.copyWithin(line, line + SLOTS, line + LINE);
    for (let n = 0, from = k * SLOTS, to = line + MAX_DELAY; n < SLOTS; n++, from++, to++) {
      this.#delayRe[to] = re[from];
      this.#delayIm[to] = im[from];
    }
  }

  #delay(k: number, slots: number, gains: number, outRe: Float64Array, outIm: Float64Array): void {
    for (let n = 0, from = k * LINE + MAX_DELAY - slots, to = k * SLOTS; n < SLOTS; n++, from++, to++) {
      outRe[to] = this.#delayRe[from] * attenuation[gains + n];
      outIm[to] = this.#delayIm[from] * attenuation[gains + n];
    }
  }

  /** Per link Q·z^−d − g over 1 − g·Q·z^−d, where Q is the turn of its fraction. */
  #allPass(k: number, turns: Float64Array, decay: number, gains: number, outRe: Float64Array, outIm: Float64Array): void {
    const linkRe = this.#linkRe;
    const linkIm = this.#linkIm;
    const links = k * LINKS * LINK_LINE;
    for (let link = 0; link < LINKS; link++) {
      const at = links + link * LINK_LINE;
      linkRe.copyWithin(at, at + SLOTS, at + LINK_LINE);
      linkIm.copyWithin(at, at + SLOTS, at + LINK_LINE);
    }
    const turn = k * 2 * (LINKS + 1);
    const from = k * LINE + MAX_DELAY - ALL_PASS_DELAY;
    for (let n = 0; n < SLOTS; n++) {
      const inR = this.#delayRe[from + n];
      const inI = this.#delayIm[from + n];
      let re = inR * turns[turn] - inI * turns[turn + 1];
      let im = inR * turns[turn + 1] + inI * turns[turn];
      for (let link = 0; link < LINKS; link++) {
        const c = turns[turn + 2 * link + 2];
        const s = turns[turn + 2 * link + 3];
        const gain = LINK_GAINS[link] * decay;
        const now = links + link * LINK_LINE + LINK_REACH + n;
        const then = now - LINK_DELAYS[link];
        const nextR = linkRe[then] * c - linkIm[then] * s - gain * re;
        const nextI = linkRe[then] * s + linkIm[then] * c - gain * im;
        linkRe[now] = re + gain * nextR;
        linkIm[now] = im + gain * nextI;
        re = nextR;
        im = nextI;
      }
      outRe[k * SLOTS + n] = re * attenuation[gains + n];
      outIm[k * SLOTS + n] = im * attenuation[gains + n];
    }
  }
}

const decayOf = ({ decayStart }: StereoBands, k: number): number => Math.min(1, Math.max(0, 1 - DECAY_SLOPE * (k - decayStart)));

function turnsOf({ centres }: StereoBands): Float64Array {
  return Float64Array.from(
    centres.flatMap((centre) =>
      [FRACTION, ...LINK_FRACTIONS].flatMap((fraction) => {
        const angle = -Math.PI * fraction * centre;
        return [cos(angle), sin(angle)];
      }),
    ),
  );
}
