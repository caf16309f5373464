import { describe, expect, it } from 'vitest';
import * as stereo from '../../../src/decode/aac/ps/code-books.ts';
import * as sbr from '../../../src/decode/aac/sbr/code-books.ts';
import { BitReader } from '../../../src/demux/bit-reader.ts';

/** Largest absolute values of the standard, tables 4.A.78 ff. and 8.B.18 ff. */
const books = Object.entries({ ...sbr, ...stereo }).flatMap(([name, codes]) => [
  [`${name}, in time`, codes.time] as const,
  [`${name}, in frequency`, codes.frequency] as const,
]);
const values: Readonly<Record<string, readonly [lowest: number, highest: number]>> = {
  FINE_LEVELS: [-60, 60],
  FINE_BALANCES: [-24, 24],
  COARSE_LEVELS: [-31, 31],
  COARSE_BALANCES: [-12, 12],
  NOISE_LEVELS: [-31, 31],
  NOISE_BALANCES: [-12, 12],
  INTENSITY: [-14, 14],
  FINE_INTENSITY: [-30, 30],
  COHERENCE: [-7, 7],
  INTER_PHASE: [0, 7],
  OVERALL_PHASE: [0, 7],
};

describe('the code books of SBR and parametric stereo', () => {
  it.each(books)('%s is a complete prefix code of all its values', (name, code) => {
    const [lowest, highest] = values[name.split(',')[0]];
    expect(code.ends.at(-1)).toBe(2 ** 32);
    const read = new Set<number>();
    let start = 0;
    for (const end of code.ends) {
      const bits = reader(start);
      read.add(code.read(bits));
      expect(end - start).toBe(2 ** (32 - bits.position));
      start = end;
    }
    expect([...read].sort((a, b) => a - b)).toEqual(Array.from({ length: highest - lowest + 1 }, (_, i) => lowest + i));
  });

  // Codewords that the standard prints.
  it.each([
    [sbr.FINE_LEVELS.time, '00', 0],
    [sbr.FINE_LEVELS.time, '01', -1],
    [sbr.FINE_LEVELS.frequency, '1101', 2],
    [sbr.COARSE_LEVELS.time, '10', -1],
    [sbr.NOISE_LEVELS.time, '11111100', 3],
    [stereo.FINE_INTENSITY.time, '1', 0],
    [stereo.INTENSITY.frequency, '101', -1],
    [stereo.COHERENCE.frequency, '10', 1],
    [stereo.INTER_PHASE.frequency, '1', 0],
  ])('have the right codewords', (code, word, value) => {
    expect(code.read(reader(Number.parseInt(word.padEnd(32, '0'), 2)))).toBe(value);
  });

  it('do not read past the end', () => {
    const bits = new BitReader(() => new Error('over'));
    bits.load(Uint8Array.of(0xff));
    expect(() => sbr.FINE_LEVELS.time.read(bits)).toThrow('over');
  });
});

function reader(word: number): BitReader {
  const bits = new BitReader(() => new Error('over'));
  bits.load(Uint8Array.of(word >>> 24, word >>> 16, word >>> 8, word));
  return bits;
}
