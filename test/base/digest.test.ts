import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { DigestCheck } from '../../src/base/digest.ts';
import { virtualBytes } from '../fakes/content.ts';

test.each(['sha-256', 'sha-512'] as const)('%s over pieces is that of the whole', (algorithm) => {
  const bytes = virtualBytes(0, 100_003);
  const value = createHash(algorithm.replace('-', '')).update(bytes).digest('base64');
  const matches = (...pieces: Uint8Array[]) => {
    const check = new DigestCheck({ algorithm, value });
    for (const piece of pieces) check.update(piece);
    return check.matches();
  };
  expect(matches(bytes)).toBe(true);
  expect(matches(bytes.subarray(0, 1), bytes.subarray(1, 70_000), new Uint8Array(), bytes.subarray(70_000))).toBe(true);
  expect(matches(bytes.subarray(1))).toBe(false);
  expect(matches(bytes.subarray(1), bytes.subarray(0, 1))).toBe(false);
});
