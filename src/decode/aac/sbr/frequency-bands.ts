import { brokenPacket } from '../broken-packet.ts';
import type { SbrHeader } from './header.ts';
import { limiterBorders } from './limiter-bands.ts';
import { masterBorders } from './master-bands.ts';
import { octaveParts } from './octaves.ts';
import { type Patch, patchesOf } from './patches.ts';
import { BANDS, LOW_BANDS } from './subbands.ts';

/** How the replicated part of the spectrum is divided. Borders are QMF bands, the last one the end. */
export interface FrequencyBands {
  /** First QMF band of the master table (k0): below it lie the sources of all patches. */
  readonly masterStart: number;
  /** First replicated QMF band (kx). */
  readonly start: number;
  /** Number of replicated QMF bands (M). */
  readonly count: number;
  /** Borders of envelope bands by frequency resolution: low, high. */
  readonly envelope: readonly [low: readonly number[], high: readonly number[]];
  readonly noise: readonly number[];
  readonly limiter: readonly number[];
  readonly patches: readonly Patch[];
}

/** Noise floors in frequency that a stream may have (§4.6.18.3.6). */
const MAX_NOISE_BANDS = 5;

/**
 * Frequency band tables of a header (ISO/IEC 14496-3 §4.6.18.3.2); `sampleRate` is that of the output, in Hz.
 * @throws AulosError `decode.failed` if the header breaks a rule.
 */
export function frequencyBandsOf(header: SbrHeader, sampleRate: number): FrequencyBands {
  const master = masterBorders(header, sampleRate);
  const high = master.slice(header.crossoverBand);
  const start = high[0];
  const end = high[high.length - 1];
  if (high.length < 2 || end > BANDS || start > LOW_BANDS) throw brokenPacket('SBR crossover band');

  // Every second border from the top, and the lowest.
  const low = high.filter((_, i) => i === 0 || (high.length - 1 - i) % 2 === 0);
  const noiseCount = Math.max(1, octaveParts(start, end, header.noiseBands));
  if (noiseCount > MAX_NOISE_BANDS) throw brokenPacket('SBR noise bands');
  const patches = patchesOf(master, start, end, sampleRate);
  return {
    masterStart: master[0],
    start,
    count: end - start,
    envelope: [low, high],
    noise: noiseBorders(low, noiseCount),
    limiter: limiterBorders(header.limiterBands, low, patches),
    patches,
  };
}

/** Spreads the borders of `low` over `count` bands. */
function noiseBorders(low: readonly number[], count: number): number[] {
  const borders = [low[0]];
  for (let k = 1, i = 0; k <= count; k++) {
    i += Math.floor((low.length - 1 - i) / (count + 1 - k));
    borders.push(low[i]);
  }
  return borders;
}
