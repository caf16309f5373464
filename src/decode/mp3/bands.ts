import { LONG_WIDTHS, SHORT_WIDTHS } from './tables.ts';

/**
 * The scale factor bands of a block in the order in which they are coded. In the short part every band comes three times, once for each
 * window, so that band `i` there belongs to window `(i − longBands) % 3`.
 */
export interface Bands {
  /** Line at which each band ends; the first begins at 0. */
  readonly ends: Uint16Array;
  /** Bands before the short part. */
  readonly longBands: number;
  /** Lines before the short part. */
  readonly longLines: number;
  /** For each line as coded, its place once the three windows are interleaved as the IMDCT wants them. */
  readonly interleaved: Uint16Array;
}

/** The three ways in which bands lie at one sampling rate. */
export interface BandTables {
  readonly long: Bands;
  readonly short: Bands;
  readonly mixed: Bands;
}

/** Bands at `sampleRate` (one of the nine of MPEG audio); built once. */
export function bandTablesOf(sampleRate: number): BandTables {
  let tables = built.get(sampleRate);
  if (!tables) built.set(sampleRate, (tables = build(LONG_WIDTHS[sampleRate], SHORT_WIDTHS[sampleRate])));
  return tables;
}

const built = new Map<number, BandTables>();

function build(long: readonly number[], short: readonly number[]): BandTables {
  // A mixed block is long up to where the fourth short band begins, which is a border of long bands too at every rate.
  const mixedLines = 3 * (short[0] + short[1] + short[2]);
  let mixedBands = 0;
  for (let lines = 0; lines < mixedLines; mixedBands++) lines += long[mixedBands];
  return { long: bandsOf(long, []), short: bandsOf([], short), mixed: bandsOf(long.slice(0, mixedBands), short.slice(3)) };
}

function bandsOf(long: readonly number[], short: readonly number[]): Bands {
  const ends: number[] = [];
  const interleaved = new Uint16Array(576);
  let line = 0;
  for (const width of long) {
    for (let i = 0; i < width; i++, line++) interleaved[line] = line;
    ends.push(line);
  }
  const longLines = line;
  for (const width of short) {
    const start = line;
    for (let window = 0; window < 3; window++) {
      for (let i = 0; i < width; i++, line++) interleaved[line] = start + 3 * i + window;
      ends.push(line);
    }
  }
  return { ends: Uint16Array.from(ends), longBands: long.length, longLines, interleaved };
}
