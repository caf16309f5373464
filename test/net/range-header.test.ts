import { expect, test } from 'vitest';
import { formatRange } from '../../src/net/range-header.ts';

test.each([
  [{ start: 0, end: Number.POSITIVE_INFINITY }, 'bytes=0-'],
  [{ start: 100, end: 200 }, 'bytes=100-199'],
  [{ start: 6e9, end: 6e9 + 1 }, 'bytes=6000000000-6000000000'],
])('%o is asked for as %s', (range, header) => {
  expect(formatRange(range)).toBe(header);
});
