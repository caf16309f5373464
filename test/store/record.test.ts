import { describe, expect, test } from 'vitest';
import type { ByteRange } from '../../src/base/ranges.ts';
import { CHUNK_BYTES, type Run, rangeOf, runAt, splitByChunk } from '../../src/store/record.ts';
import { RunTable } from '../../src/store/run-table.ts';

const C = CHUNK_BYTES;
const run = (start: number, end: number, checksum = 1): Run => runAt({ start, end }, checksum);

describe('runs', () => {
  test.each<[ByteRange, ByteRange[]]>([
    [{ start: 5, end: 5 }, []],
    [{ start: 0, end: C }, [{ start: 0, end: C }]],
    [
      { start: 1, end: C + 1 },
      [
        { start: 1, end: C },
        { start: C, end: C + 1 },
      ],
    ],
    [
      { start: C - 1, end: 3 * C },
      [
        { start: C - 1, end: C },
        { start: C, end: 2 * C },
        { start: 2 * C, end: 3 * C },
      ],
    ],
  ])('%j is split at chunk borders', (range, parts) => {
    expect([...splitByChunk(range)]).toEqual(parts);
    for (const part of parts) expect(rangeOf(runAt(part, 0))).toEqual(part);
  });

  test.each<[string, Run[], ByteRange[]]>([
    [
      'apart, both stay',
      [run(0, 10), run(20, 30)],
      [
        { start: 0, end: 10 },
        { start: 20, end: 30 },
      ],
    ],
    ['a longer one replaces the one it grew from', [run(0, 10), run(0, 30)], [{ start: 0, end: 30 }]],
    ['a longer one replaces several', [run(0, 10), run(20, 30), run(5, 40)], [{ start: 5, end: 40 }]],
    ['part of a longer one adds nothing', [run(0, 100), run(50, 60)], [{ start: 0, end: 100 }]],
    [
      'touching ones do not replace each other',
      [run(0, 10), run(10, 20)],
      [
        { start: 0, end: 10 },
        { start: 10, end: 20 },
      ],
    ],
    [
      'chunks are apart',
      [run(0, 10), run(C, C + 10)],
      [
        { start: 0, end: 10 },
        { start: C, end: C + 10 },
      ],
    ],
  ])('of runs in a table: %s', (_, runs, left) => {
    const table = new RunTable(runs);
    expect([...table].map(rangeOf)).toEqual(left);
    expect(table.bytes).toBe(left.reduce((sum, { start, end }) => sum + end - start, 0));
  });

  test('a table finds the run that covers a byte and the one that ends before it', () => {
    const [first, second] = [run(10, 20), run(C, 2 * C)];
    const table = new RunTable([first, second]);
    expect([9, 10, 19, 20, C, 2 * C - 1, 2 * C].map((offset) => table.covering(offset))).toEqual([
      undefined,
      first,
      first,
      undefined,
      second,
      second,
      undefined,
    ]);
    expect([10, 20, C, 2 * C].map((offset) => table.endingAt(offset))).toEqual([undefined, first, undefined, undefined]);
  });
});
