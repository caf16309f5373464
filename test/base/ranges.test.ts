import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { intersect, RangeSet } from '../../src/base/ranges.ts';

const range = fc.tuple(fc.nat(60), fc.nat(20)).map(([start, length]) => ({ start, end: start + length }));

describe('RangeSet', () => {
  it.each([
    {
      add: [
        [0, 5],
        [5, 9],
      ],
      gives: [[0, 9]],
    },
    {
      add: [
        [5, 9],
        [0, 5],
      ],
      gives: [[0, 9]],
    },
    {
      add: [
        [0, 2],
        [4, 6],
        [1, 5],
      ],
      gives: [[0, 6]],
    },
    {
      add: [
        [0, 2],
        [4, 6],
        [2, 4],
      ],
      gives: [[0, 6]],
    },
    { add: [[3, 3]], gives: [] },
  ])('merges what touches: $add', ({ add, gives }) => {
    const set = new RangeSet(add.map(([start, end]) => ({ start, end })));
    expect(set.toArray()).toEqual(gives.map(([start, end]) => ({ start, end })));
  });

  it('behaves as a set of single bytes', () => {
    const step = fc.record({ add: fc.boolean(), range });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), range, (steps, asked) => {
        const set = new RangeSet();
        const model = new Set<number>();
        for (const { add, range } of steps) {
          if (add) set.add(range);
          else set.delete(range);
          for (let byte = range.start; byte < range.end; byte++) model[add ? 'add' : 'delete'](byte);
        }
        const bytes = [...set].flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i));
        expect(bytes).toEqual([...model].sort((a, b) => a - b));
        expect(set.size).toBe(model.size);
        const missing = Array.from({ length: asked.end - asked.start }, (_, i) => asked.start + i).filter((byte) => !model.has(byte));
        expect(set.gaps(asked).flatMap(({ start, end }) => Array.from({ length: end - start }, (_, i) => start + i))).toEqual(missing);
        expect(set.contains(asked)).toBe(missing.length === 0);
        expect(set.heldUntil(asked.start) > asked.start).toBe(model.has(asked.start));
      }),
    );
  });
});

it('intersects half-open ranges', () => {
  expect(intersect({ start: 0, end: 5 }, { start: 3, end: 9 })).toEqual({ start: 3, end: 5 });
  expect(intersect({ start: 0, end: 5 }, { start: 5, end: 9 })).toBeUndefined();
});
