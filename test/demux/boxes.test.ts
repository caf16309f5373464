import { describe, expect, test } from 'vitest';
import { beginsWithBox, boxesWithin, entryCount, type HeldBox, parseBoxes } from '../../src/demux/boxes.ts';
import { SampleTable } from '../../src/demux/sample-table.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { bigBox, box, bytes, fullBox, u32 } from '../fakes/mp4-boxes.ts';

const error = (code: ErrorCode, offset: number) => expect.objectContaining({ code, details: expect.objectContaining({ offset }) });

describe('held boxes', () => {
  test('form a tree with offsets in the resource', () => {
    const [moov] = parseBoxes(box('moov', box('mvhd', u32(7)), box('trak', bigBox('mdia', box('hdlr')))), 1_000);
    const flat = (held: HeldBox): unknown[] => [held.type, held.start, held.end, held.payload.length, held.children.map(flat)];
    expect(flat(moov)).toEqual([
      'moov',
      1_000,
      1_052,
      44,
      [
        ['mvhd', 1_008, 1_020, 4, []],
        ['trak', 1_020, 1_052, 24, [['mdia', 1_028, 1_052, 8, [['hdlr', 1_044, 1_052, 0, []]]]]],
      ],
    ]);
  });

  test('may end with a few zeros, as QuickTime lists do', () => {
    expect(parseBoxes(bytes(box('free'), u32(0)), 0)).toHaveLength(1);
  });

  test('that outgrow their parent are malformed at their own offset', () => {
    const trak = bytes(u32(21), 'trak', new Uint8Array(12));
    expect(() => parseBoxes(box('moov', trak), 50)).toThrow(error('media.malformed', 58));
  });

  test('that are nested too deep are refused', () => {
    let nested = box('trak');
    for (let depth = 0; depth < 15; depth++) nested = box('trak', nested);
    expect(() => parseBoxes(nested, 0)).toThrow(error('media.limit', 15 * 8));
    expect(parseBoxes(nested.subarray(8), 0)).toHaveLength(1);
  });

  test('that are too many are refused', () => {
    const many = bytes(...Array.from({ length: 100_001 }, () => box('free')));
    expect(() => parseBoxes(many, 0)).toThrow(error('media.limit', 800_000));
    expect(parseBoxes(many.subarray(8), 0)).toHaveLength(100_000);
  });

  test('behind fields must leave room for the fields', () => {
    const [stsd] = parseBoxes(box('stsd', u32(0), u32(1), box('mp4a')), 0);
    expect(boxesWithin(stsd, 8).map(({ type, start }) => [type, start])).toEqual([['mp4a', 16]]);
    expect(() => boxesWithin(stsd, 17)).toThrow(error('media.malformed', 0));
  });
});

describe('tables', () => {
  const table = (count: number, entries: number) => parseBoxes(fullBox('stts', u32(count), new Uint8Array(entries)), 0)[0];

  test('are believed only as far as their bytes go', () => {
    expect(entryCount(table(2, 16), 4, 64)).toBe(2);
    expect(entryCount(table(3, 2), 4, 4)).toBe(3);
    for (const [count, room] of [
      [2, 15],
      [0xffffffff, 16],
    ]) {
      expect(() => entryCount(table(count, room), 4, 64)).toThrow(error('media.malformed', 12));
    }
  });

  test('that are cut before their count are malformed', () => {
    expect(() => entryCount(parseBoxes(box('stts', u32(0)), 0)[0], 4, 64)).toThrow(error('media.malformed', 0));
  });
});

describe('a sample table', () => {
  const stco = fullBox('stco', u32(3), u32(1_000), u32(2_000), u32(2_030));
  const stsc = fullBox('stsc', u32(2), u32(1), u32(3), u32(1), u32(2), u32(2), u32(1));
  const stbl = (...boxes: Uint8Array[]) => parseBoxes(bytes(box('stbl', ...boxes)), 0)[0];
  const offsets = (table: SampleTable) => Array.from({ length: table.count }, (_, index) => table.cursor(index).offset);

  test.each<[string, Uint8Array, number[]]>([
    ['sizes of 32 bits', fullBox('stsz', u32(0), u32(7), ...[10, 70_000, 30, 15, 15, 20, 5].map(u32)), [10, 70_000, 30, 15, 15, 20, 5]],
    ['one size', fullBox('stsz', u32(15), u32(7)), [15, 15, 15, 15, 15, 15, 15]],
    ['sizes of 4 bits', fullBox('stz2', u32(4), u32(7), Uint8Array.of(0x12, 0x34, 0x56, 0x70)), [1, 2, 3, 4, 5, 6, 7]],
    ['sizes of 8 bits', fullBox('stz2', u32(8), u32(7), Uint8Array.of(1, 2, 3, 4, 5, 6, 7)), [1, 2, 3, 4, 5, 6, 7]],
  ])('of %s places each sample', (_, sizes, expected) => {
    const table = new SampleTable(stbl(sizes, stsc, stco));
    const [a, b] = expected;
    expect(table.count).toBe(7);
    expect(Array.from({ length: 7 }, (_, index) => table.sizeOf(index))).toEqual(expected);
    expect(offsets(table)).toEqual([1_000, 1_000 + a, 1_000 + a + b, 2_000, 2_000 + expected[3], 2_030, 2_030 + expected[5]]);
  });

  test('knows which samples lie back to back, across chunks', () => {
    const table = new SampleTable(stbl(fullBox('stsz', u32(15), u32(7)), stsc, stco));
    expect(table.contiguous(table.cursor(0), 1_000)).toEqual({ samples: 3, bytes: 45 });
    expect(table.contiguous(table.cursor(3), 1_000)).toEqual({ samples: 4, bytes: 60 });
    expect(table.contiguous(table.cursor(3), 44)).toEqual({ samples: 2, bytes: 30 });
    expect(table.contiguous(table.cursor(3), 1_000, 3)).toEqual({ samples: 3, bytes: 45 });
    expect(table.contiguous(table.cursor(7), 1_000)).toEqual({ samples: 0, bytes: 0 });
  });

  test('moves a cursor as if it had been placed there', () => {
    const table = new SampleTable(stbl(fullBox('stsz', u32(0), u32(7), ...[1, 2, 3, 4, 5, 6, 7].map(u32)), stsc, stco));
    for (let from = 0; from < 7; from++) {
      for (let step = 1; from + step < 7; step++) {
        const cursor = table.cursor(from);
        table.advance(cursor, step);
        expect(cursor).toEqual(table.cursor(from + step));
      }
    }
  });

  test('has no more samples than its chunks hold, and none without chunks', () => {
    expect(new SampleTable(stbl(fullBox('stsz', u32(15), u32(900)), stsc, stco)).count).toBe(7);
    expect(() => new SampleTable(stbl(fullBox('stsz', u32(15), u32(900)), fullBox('stsc', u32(0)), stco))).toThrow(
      error('media.malformed', 0),
    );
  });

  test('of four billion samples costs no memory', () => {
    const every = fullBox('stsc', u32(1), u32(1), u32(0xffffffff), u32(1));
    const table = new SampleTable(stbl(fullBox('stsz', u32(2), u32(0xffffffff)), every, stco));
    expect(table.count).toBe(0xffffffff);
    expect(table.cursor(1e9).offset).toBe(2e9 + 1_000);
  });
});

test('a file of this family is told by its first box', () => {
  expect(beginsWithBox(box('ftyp'))).toBe(true);
  expect(beginsWithBox(bytes(u32(0), 'wide'))).toBe(true);
  expect(beginsWithBox(bytes('ID3', new Uint8Array(7)))).toBe(false);
  expect(beginsWithBox(new Uint8Array(7))).toBe(false);
});
