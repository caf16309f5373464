import { describe, expect, it } from 'vitest';
import { BitReader } from '../../src/decode/vorbis/bit-reader.ts';
import { readCodebook, readEntry, ValueBudget } from '../../src/decode/vorbis/codebook.ts';
import { BitWriter } from '../fakes/vorbis-writer.ts';

type Fields = readonly (readonly [count: number, value: number])[];

const readerOf = (fields: Fields): BitReader => {
  const reader = new BitReader();
  reader.load(new BitWriter().write(...fields).bytes());
  return reader;
};

/** `sync │ dimensions │ entries │ not ordered │ not sparse │ lengths │ no lookup` */
const scalars = (lengths: readonly number[]): Fields => [
  [24, 0x564342],
  [16, 1],
  [24, lengths.length],
  [1, 0],
  [1, 0],
  ...lengths.map((length) => [5, length - 1] as const),
  [4, 0],
];

const bookOf = (fields: Fields) => readCodebook(readerOf(fields), new ValueBudget());

/** Codewords by hand, highest bit first; in the packet the highest bit comes first as well. */
const bitsOf = (codewords: string): Fields => [...codewords].filter((bit) => bit !== ' ').map((bit) => [1, Number(bit)] as const);

describe('a Vorbis code book', () => {
  it('gives each entry the lowest codeword that is free: the example of the specification (§3.2.1)', () => {
    const book = bookOf(scalars([2, 4, 4, 4, 4, 2, 3, 3]));
    const reader = readerOf(bitsOf('00 0100 0101 0110 0111 10 110 111'));
    expect(Array.from({ length: 8 }, () => readEntry(book, reader))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('reads codewords of up to 32 bits, and ends with the packet', () => {
    const lengths = [...Array.from({ length: 32 }, (_, i) => i + 1), 32];
    const book = bookOf(scalars(lengths));
    const word = (entry: number) => (entry === 32 ? '1'.repeat(32) : `${'1'.repeat(entry)}0`);
    const entries = [0, 31, 32, 10, 9, 11, 31, 0];
    const reader = readerOf(bitsOf(entries.map(word).join(' ')));
    expect(entries.map(() => readEntry(book, reader))).toEqual(entries);
    while (!reader.hasEnded) readEntry(book, reader);
    expect(readEntry(book, reader)).toBe(-1);
  });

  it('has vectors whose numbers each stand in the header (lookup type 2), added up where it says so', () => {
    const float = (mantissa: number, exponent: number) => (exponent + 788) * 2 ** 21 + mantissa;
    const head: Fields = [
      ...scalars([1, 1])
        .slice(0, -1)
        .map(([count, value], i) => [count, i === 1 ? 3 : value] as const),
      [4, 2],
    ];
    const numbers: Fields = [1, 2, 3, 4, 5, 6].map((value) => [4, value] as const);
    const lookup = (isSequence: number): Fields => [[32, float(5, -1)], [32, float(1, -1)], [4, 3], [1, isSequence], ...numbers];
    expect([...(bookOf([...head, ...lookup(0)]).vectors ?? [])]).toEqual([3, 3.5, 4, 4.5, 5, 5.5]);
    expect([...(bookOf([...head, ...lookup(1)]).vectors ?? [])]).toEqual([3, 6.5, 10.5, 4.5, 9.5, 15]);
  });

  it.each([
    ['too many codewords', scalars([1, 1, 1])],
    ['too few', scalars([1, 2])],
    ['a beginning that is not that of a book', scalars([1, 1]).slice(1)],
    ['an end that is missing', scalars([1, 1]).slice(0, 5)],
  ])('is refused with %s', (_, fields) => {
    expect(() => bookOf(fields)).toThrow(expect.objectContaining({ code: 'media.malformed' }));
  });

  it('is refused when a few bits ask for more than all books may take', () => {
    const ordered: Fields = [
      [24, 0x564342],
      [16, 40_000],
      [24, 65_536],
      [1, 1],
      [5, 15],
      [17, 65_536],
      [4, 1],
      [32, 0],
      [32, 0],
      [4, 0],
      [1, 0],
      [8, 0],
    ];
    expect(() => bookOf(ordered)).toThrow(expect.objectContaining({ code: 'media.limit' }));
  });
});
