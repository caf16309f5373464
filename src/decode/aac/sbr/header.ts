import type { BitReader } from '../../../demux/bit-reader.ts';

/** sbr_header(): what stays for many frames. Fields are raw unless said otherwise. */
export interface SbrHeader {
  /** Envelopes in steps of 3 dB instead of 1.5 dB. */
  readonly isCoarse: boolean;
  readonly startFrequency: number;
  readonly stopFrequency: number;
  readonly crossoverBand: number;
  readonly frequencyScale: number;
  readonly alterScale: boolean;
  /** Noise bands per octave. */
  readonly noiseBands: number;
  readonly limiterBands: number;
  readonly limiterGains: number;
  readonly interpolatesFrequency: boolean;
  readonly isSmoothed: boolean;
}

/**
 * Reads sbr_header() (ISO/IEC 14496-3 §4.4.2.8, table 4.63):
 *
 *     amp_res:1 start_freq:4 stop_freq:4 xover_band:3 reserved:2 extra_1:1 extra_2:1
 *     extra_1: freq_scale:2 alter_scale:1 noise_bands:2
 *     extra_2: limiter_bands:2 limiter_gains:2 interpol_freq:1 smoothing_mode:1
 */
export function readSbrHeader(bits: BitReader): SbrHeader {
  const isCoarse = bits.flag();
  const startFrequency = bits.bits(4);
  const stopFrequency = bits.bits(4);
  const crossoverBand = bits.bits(3);
  bits.bits(2);
  const hasBands = bits.flag();
  const hasLimiter = bits.flag();
  return {
    isCoarse,
    startFrequency,
    stopFrequency,
    crossoverBand,
    frequencyScale: hasBands ? bits.bits(2) : 2,
    alterScale: hasBands ? bits.flag() : true,
    noiseBands: hasBands ? bits.bits(2) : 2,
    limiterBands: hasLimiter ? bits.bits(2) : 2,
    limiterGains: hasLimiter ? bits.bits(2) : 2,
    interpolatesFrequency: hasLimiter ? bits.flag() : true,
    isSmoothed: hasLimiter ? !bits.flag() : false,
  };
}

/** True if both headers divide the spectrum alike, so that frames go on from one to the other without a reset. */
export const areOfOneSpectrum = (a: SbrHeader, b: SbrHeader): boolean =>
  a.startFrequency === b.startFrequency &&
  a.stopFrequency === b.stopFrequency &&
  a.crossoverBand === b.crossoverBand &&
  a.frequencyScale === b.frequencyScale &&
  a.alterScale === b.alterScale &&
  a.noiseBands === b.noiseBands;
