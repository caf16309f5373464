import { describe, expect, it } from 'vitest';
import { frequencyBandsOf } from '../../../src/decode/aac/sbr/frequency-bands.ts';
import { readSbrHeader, type SbrHeader } from '../../../src/decode/aac/sbr/header.ts';
import { geometricWidths, octaveParts } from '../../../src/decode/aac/sbr/octaves.ts';
import { TimeGrid } from '../../../src/decode/aac/sbr/time-grid.ts';
import { BitReader } from '../../../src/demux/bit-reader.ts';
import { AulosError, isAulosError } from '../../../src/errors.ts';

const rates = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000];
const isAscending = (borders: readonly number[]) => borders.every((border, i) => i === 0 || border > borders[i - 1]);

function reader(bits: string): BitReader {
  const reader = new BitReader(() => new AulosError('decode.failed', { what: 'end' }, 'over'));
  reader.load(Uint8Array.from(bits.match(/.{1,8}/g) ?? [], (byte) => Number.parseInt(byte.padEnd(8, '0'), 2)));
  return reader;
}

describe('the frequency bands of SBR', () => {
  it('divide the spectrum, or are refused, for every header that there can be', () => {
    let valid = 0;
    for (const sampleRate of rates) for (const header of headers()) valid += isSoundlyDivided(header, sampleRate) ? 1 : 0;
    expect(valid).toBeGreaterThan(10_000);
  });

  it('are whole numbers rounded as the powers and logarithms of the standard are', () => {
    for (let from = 5; from < 40; from++) {
      for (let to = from + 1; to <= 64; to++) {
        for (const parts of [1, 2, 3, 4, 5, 6]) {
          expect(octaveParts(from, to, parts)).toBe(Math.floor(parts * Math.log2(to / from) + 0.5));
          expect(octaveParts(from, to, parts, 13)).toBe(Math.floor((parts * Math.log2(to / from)) / 1.3 + 0.5));
        }
        const widths = geometricWidths(from, to, 12);
        const border = (i: number) => Math.floor(from * (to / from) ** (i / 12) + 0.5);
        expect(widths).toEqual(Array.from({ length: 12 }, (_, i) => border(i + 1) - border(i)));
      }
    }
  });

  it('have the defaults of the standard where the header says nothing', () => {
    expect(readSbrHeader(reader('1 0101 1001 010 00 0 0'.replaceAll(' ', '')))).toEqual({
      isCoarse: true,
      startFrequency: 5,
      stopFrequency: 9,
      crossoverBand: 2,
      frequencyScale: 2,
      alterScale: true,
      noiseBands: 2,
      limiterBands: 2,
      limiterGains: 2,
      interpolatesFrequency: true,
      isSmoothed: false,
    });
  });
});

function* headers(): Generator<SbrHeader> {
  const rest = { isCoarse: true, limiterBands: 2, limiterGains: 2, interpolatesFrequency: true, isSmoothed: false };
  for (let startFrequency = 0; startFrequency < 16; startFrequency++)
    for (let stopFrequency = 0; stopFrequency < 16; stopFrequency++)
      for (let frequencyScale = 0; frequencyScale < 4; frequencyScale++)
        for (const alterScale of [false, true])
          for (const crossoverBand of [0, 3])
            yield { ...rest, startFrequency, stopFrequency, frequencyScale, alterScale, crossoverBand, noiseBands: startFrequency & 3 };
}

/** False if the header is refused; throws if it is not, and the tables are not such as the rest relies on. */
function isSoundlyDivided(header: SbrHeader, sampleRate: number): boolean {
  try {
    const { start, count, masterStart, envelope, noise, limiter, patches } = frequencyBandsOf(header, sampleRate);
    const faults = [
      [...envelope, limiter].every(isAscending) || 'order',
      // Where there are more noise bands than envelope bands of low resolution to make them of, §4.6.18.3.2.2 leaves some empty.
      noise.every((border, i) => i === 0 || border >= noise[i - 1]) || 'noise order',
      [...envelope, noise].every((borders) => borders[0] === start && borders.at(-1) === start + count) || 'ends',
      (start >= masterStart && start <= 32 && start + count <= 64 && count <= 48) || 'range',
      (noise.length <= 6 && limiter[0] === start) || 'noise',
      patches.every((patch, i) => patch.start === (i === 0 ? start : patches[i - 1].start + patches[i - 1].count)) || 'patches',
      patches.every((patch) => patch.source >= 0 && patch.source + patch.count <= masterStart) || 'sources',
    ].filter((fault) => fault !== true);
    expect(faults, JSON.stringify({ header, sampleRate })).toEqual([]);
    return true;
  } catch (error) {
    if (!isAulosError(error, 'decode.failed')) throw error;
    return false;
  }
}

describe('the time grid of SBR', () => {
  it('is even in a frame of class FIXFIX', () => {
    const grid = new TimeGrid();
    grid.read(reader('00 01 1'.replaceAll(' ', '')));
    expect(grid).toMatchObject({ envelopes: 2, noises: 2, transient: -1, isSingle: false });
    expect([...grid.resolutions.subarray(0, 2)]).toEqual([1, 1]);
    expect([...grid.borders.subarray(0, 3)]).toEqual([0, 8, 16]);
    expect([...grid.noiseBorders]).toEqual([0, 8, 16]);
  });

  it('begins the second noise floor at the transient of a frame of class FIXVAR', () => {
    const grid = new TimeGrid();
    // End at 16 + 2, two steps back of 4 and 8 slots, pointer to the last envelope but one; resolutions from the last.
    grid.read(reader('01 10 10 01 11 10 1 0 1'.replaceAll(' ', '')));
    expect(grid).toMatchObject({ envelopes: 3, noises: 2, transient: 2 });
    expect([...grid.borders.subarray(0, 4)]).toEqual([0, 6, 14, 18]);
    expect([...grid.noiseBorders]).toEqual([0, 14, 18]);
    expect([...grid.resolutions.subarray(0, 3)]).toEqual([1, 0, 1]);
  });

  it('is ascending and of bounded size, or refused, whatever the bits', () => {
    const grid = new TimeGrid();
    for (let word = 0; word < 1 << 16; word++) {
      try {
        grid.read(reader(word.toString(2).padStart(16, '0') + '01'.repeat(8)));
        if (!isAscending([...grid.borders.subarray(0, grid.envelopes + 1)]) || grid.borders[grid.envelopes] > 19) expect.fail(`${word}`);
      } catch (error) {
        if (!isAulosError(error, 'decode.failed')) throw error;
        grid.reset();
      }
    }
    expect(grid.borders).toHaveLength(6);
  });
});
