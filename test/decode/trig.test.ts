import { describe, expect, it } from 'vitest';
import { cos, pow2, pow43, sin } from '../../src/decode/trig.ts';

/** How far `a` is from `b`, in units of the last place of `b`. */
function ulps(a: number, b: number): number {
  const next = new Float64Array([Math.abs(b)]);
  new BigInt64Array(next.buffer)[0] += 1n;
  return Math.abs(a - b) / (next[0] - Math.abs(b));
}

const largest = (values: Iterable<number>): number => {
  let max = 0;
  for (const value of values) max = Math.max(max, value);
  return max;
};

function* steps(from: number, to: number, count: number): Generator<number> {
  for (let i = 0; i <= count; i++) yield from + ((to - from) * i) / count;
}

function* differences(xs: Iterable<number>, ours: (x: number) => number, theirs: (x: number) => number): Generator<number> {
  for (const x of xs) yield ulps(ours(x), theirs(x));
}

describe('deterministic elementary functions', () => {
  // The engine's own functions are within an ulp of the truth, so two apart is one each.
  it('agree with the engine to two ulps', () => {
    expect(largest(differences(steps(-200, 200, 99_991), sin, Math.sin))).toBeLessThanOrEqual(2);
    expect(largest(differences(steps(-200, 200, 99_991), cos, Math.cos))).toBeLessThanOrEqual(2);
    expect(largest(differences(steps(-300, 300, 9_973), pow2, (x) => 2 ** x))).toBeLessThanOrEqual(2);
    expect(largest(differences(steps(1, 8206, 8205), pow43, (i) => i * Math.cbrt(i)))).toBeLessThanOrEqual(2);
  });

  it('are exact where the answer is', () => {
    expect([sin(0), cos(0), pow2(0), pow2(10), pow2(-3)]).toEqual([0, 1, 1, 1024, 0.125]);
    expect([0, 1, 8, 27, 4096].map(pow43)).toEqual([0, 1, 16, 81, 65_536]);
  });
});
