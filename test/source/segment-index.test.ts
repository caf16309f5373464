import { describe, expect, test } from 'vitest';
import { SegmentIndex } from '../../src/source/segment-index.ts';

const initRange = { start: 0, end: 700 };

/** Four fragments of two seconds and one of half a second, with a gap of bytes before the third. */
const index = new SegmentIndex(initRange, 48_000, [
  { range: { start: 700, end: 1_700 }, decodeTime: 96_000, duration: 96_000, sync: true },
  { range: { start: 1_700, end: 2_600 }, decodeTime: 192_000, duration: 96_000, sync: true },
  { range: { start: 3_000, end: 4_000 }, decodeTime: 288_000, duration: 96_000, sync: false },
  { range: { start: 4_000, end: 2 ** 40 }, decodeTime: 384_000, duration: 24_000, sync: true },
]);

describe('a segment index', () => {
  test('lasts from its first to the end of its last fragment', () => {
    expect(index.duration).toBe(6.5);
    expect(new SegmentIndex(initRange, 48_000, []).duration).toBe(0);
  });

  test.each([
    [0, 700],
    [2, 700],
    [3.999, 700],
    [4, 1_700],
    [7.9, 3_000],
    [8.2, 4_000],
    [1e9, 4_000],
  ])('finds for second %d the fragment at byte %d', (seconds, start) => {
    expect(index.at(seconds).range.start).toBe(start);
  });

  test.each([
    [0, 700],
    [700, 700],
    [701, 1_700],
    [2_600, 3_000],
    [4_000, 4_000],
    [4_001, undefined],
  ])('finds after byte %d the fragment at byte %s', (offset, start) => {
    expect(index.afterByte(offset)?.range.start).toBe(start);
  });
});

describe('the bytes of a segment index', () => {
  test('give the same index back', () => {
    expect(SegmentIndex.fromBytes(index.toBytes())).toEqual(index);
  });

  test('take about ten bytes a segment', () => {
    const segments = Array.from({ length: 10_000 }, (_, i) => ({
      range: { start: 700 + i * 160_000, end: 700 + (i + 1) * 160_000 },
      decodeTime: i * 441_344,
      duration: 441_344,
      sync: true,
    }));
    const long = new SegmentIndex(initRange, 44_100, segments);
    expect(long.toBytes().length).toBeLessThan(110_000);
    expect(SegmentIndex.fromBytes(long.toBytes())).toEqual(long);
  });

  test('are refused when cut anywhere, when longer, or of another version', () => {
    const bytes = index.toBytes();
    for (let length = 0; length < bytes.length; length++) expect(SegmentIndex.fromBytes(bytes.subarray(0, length))).toBeUndefined();
    expect(SegmentIndex.fromBytes(Uint8Array.of(...bytes, 0))).toBeUndefined();
    expect(SegmentIndex.fromBytes(Uint8Array.of(bytes[0] + 1, ...bytes.subarray(1)))).toBeUndefined();
  });
});
