import { expect, test } from 'vitest';
import { type Span, withSpan } from '../../src/playback/seconds-ranges.ts';

test('spans that are added hold what each of them held, once, ascending and apart', () => {
  const seed = Date.now() % 1e6;
  let state = seed;
  const below = (limit: number) => (state = (state * 48_271) % 2_147_483_647) % limit;
  const length = 60;
  for (let round = 0; round < 200; round++) {
    let spans: readonly Span[] = [];
    const isHeard = Array.from({ length }, () => false);
    for (let added = 0; added < 12; added++) {
      const start = below(length);
      const end = Math.min(length, start + below(9));
      spans = withSpan(spans, [start, end]);
      isHeard.fill(true, start, end);
    }
    const bounds = isHeard.flatMap((isIn, at) => (isIn === (isHeard[at - 1] ?? false) ? [] : [at]));
    expect(spans.flat(), `seed ${seed}`).toEqual(isHeard.at(-1) ? [...bounds, length] : bounds);
  }
});
