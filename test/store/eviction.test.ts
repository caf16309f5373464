import { expect, test } from 'vitest';
import { type LruRecord, victims } from '../../src/store/eviction.ts';

const record = (key: string, sequence: number, flags = ''): LruRecord => ({
  key,
  sequence,
  bytes: 100,
  pinned: flags.includes('pinned'),
  open: flags.includes('open'),
});
const abc = [record('a', 3), record('b', 1), record('c', 2)];

test.each<[string, LruRecord[], number, number, number, string[]]>([
  ['there is room', abc, 300, 3, 0, []],
  ['a byte is missing', abc, 299, 3, 0, ['b']],
  ['more is needed', abc, 300, 3, 101, ['b', 'c']],
  ['there are too many', abc, 1000, 1, 0, ['b', 'c']],
  ['both limits are passed', abc, 250, 1, 0, ['b', 'c']],
  ['all of it is not enough', abc, 300, 3, 5000, ['b', 'c', 'a']],
  ['the oldest is pinned', [record('a', 3), record('b', 1, 'pinned'), record('c', 2)], 299, 3, 0, ['c']],
  ['the oldest is open', [record('a', 3), record('b', 1, 'open'), record('c', 2)], 299, 3, 0, ['c']],
  ['none may go', [record('a', 1, 'open'), record('b', 2, 'pinned')], 0, 0, 1, []],
  ['nothing is there', [], 0, 0, 1, []],
])('victims when %s', (_, records, maxBytes, maxAssets, needed, keys) => {
  expect(victims(records, { maxBytes, maxAssets }, needed)).toEqual(keys);
});
