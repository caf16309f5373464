import { expect, it } from 'vitest';
import { withChannels } from '../../src/decode/channels.ts';

it.each([
  [[[1, 2]], 1, [[1, 2]]],
  [
    [[1, 2]],
    2,
    [
      [1, 2],
      [1, 2],
    ],
  ],
  [
    [
      [1, 3],
      [3, -3],
    ],
    1,
    [[2, 0]],
  ],
  [[[1], [2], [3]], 2, [[1], [2]]],
  [[[1], [2]], 3, [[1], [2], [0]]],
])('puts %j into %i channels as %j', (planes, channels, expected) => {
  const block = { planes: planes.map((plane) => Float32Array.from(plane)), sampleRate: 8_000, timestamp: 5 };
  const result = withChannels(block, channels);
  expect(result.planes.map((plane) => [...plane])).toEqual(expected);
  expect(result).toMatchObject({ sampleRate: 8_000, timestamp: 5 });
});
