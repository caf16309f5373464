import { brokenPacket } from '../broken-packet.ts';
import type { SbrHeader } from './header.ts';
import { geometricWidths, octaveParts } from './octaves.ts';
import { BANDS } from './subbands.ts';

/** Offsets of the first band by start_freq, for each range of output rates (§4.6.18.3.2.1). */
const START_OFFSETS: Readonly<Record<number, readonly number[]>> = {
  16000: [-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7],
  22050: [-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13],
  24000: [-5, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16],
  32000: [-6, -4, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16],
};
const START_OFFSETS_TO_64000 = [-4, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 20];
const START_OFFSETS_ABOVE = [-2, -1, 0, 1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 16, 20, 24];

const DOUBLE_START = 14;

/** The master frequency band table (ISO/IEC 14496-3 §4.6.18.3.2.1): borders in QMF bands. @throws AulosError `decode.failed`. */
export function masterBorders(header: SbrHeader, sampleRate: number): number[] {
  const start = startBand(header, sampleRate);
  const stop = stopBand(header, sampleRate, start);
  const mostBands = sampleRate <= 32000 ? 48 : sampleRate <= 44100 ? 35 : 32;
  if (start <= 0 || stop <= start || stop - start > mostBands) throw brokenPacket('SBR frequency range');
  const widths = header.frequencyScale === 0 ? evenWidths(start, stop, header.alterScale) : warpedWidths(start, stop, header);
  if (widths.length === 0 || widths.some((width) => width <= 0)) throw brokenPacket('SBR master band table');
  const borders = [start];
  for (const width of widths) borders.push(borders[borders.length - 1] + width);
  return borders;
}

/** The QMF band at a frequency in Hz, of as many as `bands` in the whole. */
const bandAt = (frequency: number, bands: number, sampleRate: number): number =>
  Math.floor((frequency * bands + (sampleRate >> 1)) / sampleRate);

const lowestFrequency = (sampleRate: number): number => (sampleRate < 32000 ? 3000 : sampleRate < 64000 ? 4000 : 5000);

function startBand({ startFrequency }: SbrHeader, sampleRate: number): number {
  const offsets = START_OFFSETS[sampleRate] ?? (sampleRate <= 64000 ? START_OFFSETS_TO_64000 : START_OFFSETS_ABOVE);
  if (!(sampleRate in START_OFFSETS) && sampleRate < 44100) throw brokenPacket('SBR at this sample rate');
  return bandAt(lowestFrequency(sampleRate), 128, sampleRate) + offsets[startFrequency];
}

function stopBand({ stopFrequency }: SbrHeader, sampleRate: number, start: number): number {
  if (stopFrequency >= DOUBLE_START) return Math.min(BANDS, start * (stopFrequency - DOUBLE_START + 2));
  const lowest = bandAt(lowestFrequency(sampleRate), 256, sampleRate);
  const widths = geometricWidths(lowest, BANDS, 13).sort(ascending);
  return Math.min(
    BANDS,
    widths.slice(0, stopFrequency).reduce((sum, width) => sum + width, lowest),
  );
}

/** bs_freq_scale 0: bands of one or two, of which the first or the last make up for what is left. */
function evenWidths(start: number, stop: number, isWide: boolean): number[] {
  const width = isWide ? 2 : 1;
  const count = 2 * (isWide ? (stop - start + 2) >> 2 : (stop - start) >> 1);
  const widths = Array<number>(count).fill(width);
  const left = stop - start - count * width;
  if (left < 0) {
    widths[0]--;
    if (left < -1) widths[1]--;
  } else if (left > 0) widths[count - 1] += left;
  return widths;
}

/** bs_freq_scale 1 to 3: 12, 10 or 8 bands in an octave, in the upper of two regions maybe fewer. */
function warpedWidths(start: number, stop: number, { frequencyScale, alterScale }: SbrHeader): number[] {
  const halfBands = 7 - frequencyScale;
  const hasTwoRegions = 49 * stop > 110 * start; // more than 2.2449
  const middle = hasTwoRegions ? 2 * start : stop;
  const lower = geometricWidths(start, middle, 2 * octaveParts(start, middle, halfBands)).sort(ascending);
  if (!hasTwoRegions || lower.length === 0) return lower;

  const upper = geometricWidths(middle, stop, 2 * octaveParts(middle, stop, halfBands, alterScale ? 13 : 10)).sort(ascending);
  if (upper.length === 0) return [];
  const widest = lower[lower.length - 1];
  const last = upper.length - 1;
  if (upper[0] < widest) {
    const change = Math.min(widest - upper[0], (upper[last] - upper[0]) >> 1);
    upper[0] += change;
    upper[last] -= change;
    upper.sort(ascending);
  }
  return [...lower, ...upper];
}

const ascending = (a: number, b: number): number => a - b;
