import { AAC_SAMPLE_RATES, type AudioSpecificConfig } from '../../demux/audio-specific-config.ts';
import { BAND_WIDTHS, TNS_MAX_BANDS } from './tables.ts';

/** Short windows in a frame. */
export const SHORT_WINDOWS = 8;

/** How the lines of one window are divided. */
export interface WindowFormat {
  /** Spectral lines: half the length of the window. */
  readonly lines: number;
  /** First line of each scale factor band, and the end of the last. */
  readonly bands: Uint16Array;
  readonly tnsMaxBands: number;
}

/** What of the decoding depends on the sampling frequency and the frame length. */
export interface FrameFormat {
  readonly long: WindowFormat;
  readonly short: WindowFormat;
}

/** Frame format of a stream. */
export function frameFormatOf({ sampleRate, frameLength }: AudioSpecificConfig): FrameFormat {
  const index = tableIndexOf(sampleRate);
  const { long, short } = BAND_WIDTHS[index];
  const shortLines = frameLength / SHORT_WINDOWS;
  return {
    long: { lines: frameLength, bands: bandOffsets(long, frameLength), tnsMaxBands: TNS_MAX_BANDS.long[index] },
    short: { lines: shortLines, bands: bandOffsets(short, shortLines), tnsMaxBands: TNS_MAX_BANDS.short[index] },
  };
}

/** A frequency without tables of its own uses those of the nearest on a logarithmic scale (§4.5.1.1, Table 4.82). */
function tableIndexOf(sampleRate: number): number {
  let index = 0;
  while (index < BAND_WIDTHS.length - 1 && sampleRate ** 2 < AAC_SAMPLE_RATES[index] * AAC_SAMPLE_RATES[index + 1]) index++;
  return index;
}

function bandOffsets(widths: string, lines: number): Uint16Array {
  const offsets = [0];
  for (let i = 0, end = 0; end < lines; i++) {
    end = Math.min(end + 4 * Number.parseInt(widths[i], 36), lines);
    offsets.push(end);
  }
  return Uint16Array.from(offsets);
}
