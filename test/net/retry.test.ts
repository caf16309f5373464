import { describe, expect, test } from 'vitest';
import { AulosError } from '../../src/errors.ts';
import { defaultRetryPolicy, RetryBudget, retryDelay, VERIFIED_PROGRESS } from '../../src/net/retry.ts';

const url = 'http://host/a.mp3';
const reset = new AulosError('net.reset', { url }, 'reset');
const truncated = new AulosError('net.truncated', { url, received: 5 }, 'truncated');
const stall = new AulosError('net.stall', { url, afterMs: 8000 }, 'stall');
const tls = new AulosError('net.tls', { url }, 'tls');
const range = new AulosError('http.range', { url }, 'range');
const length = new AulosError('http.length', { url, expected: 1, received: 2 }, 'length');
const html = new AulosError('media.unsupported', { offset: 0, what: 'text/html' }, 'html');
const status = (code: number, retryAfterMs?: number) => new AulosError('http.status', { url, status: code, retryAfterMs }, 'status');

describe('retryDelay', () => {
  test.each([
    ['a first reset is retried at once', reset, 1, undefined, 0],
    ['so is a first truncated body', truncated, 1, undefined, 0],
    ['a second reset backs off', reset, 2, reset, 1000],
    ['a first stall waits half a second', stall, 1, undefined, 500],
    ['the delay doubles', stall, 4, stall, 4000],
    ['and is bounded', stall, 7, stall, 30_000],
    ['the eighth failure is final', stall, 8, stall, undefined],
    ['503 is retried', status(503), 1, undefined, 500],
    ['408 is retried', status(408), 2, stall, 1000],
    ['404 is not', status(404), 1, undefined, undefined],
    ['TLS errors are not', tls, 1, undefined, undefined],
    ['a page instead of media is not', html, 1, undefined, undefined],
    ['what is not ours is not', new TypeError('bug'), 1, undefined, undefined],
    ['Retry-After lengthens the delay', status(429, 20_000), 1, undefined, 20_000],
    ['Retry-After never shortens it', status(503, 0), 3, stall, 2000],
    ['Retry-After is honoured up to a minute', status(503, 3_600_000), 1, undefined, 60_000],
    ['an invalid answer is retried once', range, 1, undefined, 500],
    ['a second one in a row is final', range, 2, range, undefined],
    ['with a stall between them it is not', range, 3, stall, 2000],
    ['an overlong body is retried once', length, 1, undefined, 500],
    ['one after another invalid answer is final', length, 2, range, undefined],
  ])('%s', (_, error, attempt, previous, delayMs) => {
    expect(retryDelay({ error, previous, attempt, policy: defaultRetryPolicy, random: 0.5 })).toBe(delayMs);
  });

  test.each([
    [0, 1000],
    [0.5, 2000],
    [0.999, 2998],
  ])('random %d of a delay of 2 s gives %d ms', (random, delayMs) => {
    expect(retryDelay({ error: stall, attempt: 3, policy: defaultRetryPolicy, random })).toBe(delayMs);
  });
});

describe('RetryBudget', () => {
  const delays = (budget: RetryBudget, errors: readonly unknown[]) => errors.map((error) => budget.next(error));

  test('gives up at the eighth failure without progress', () => {
    const budget = new RetryBudget({}, () => 0.5);
    expect(delays(budget, Array(8).fill(stall))).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 30_000, undefined]);
  });

  test('progress below the mark changes nothing, at the mark it restores everything', () => {
    const budget = new RetryBudget({ attempts: 3, baseMs: 10 }, () => 0.5);
    budget.next(stall);
    budget.progress(VERIFIED_PROGRESS - 1);
    expect(budget.next(stall)).toBe(20);
    budget.progress(1);
    expect(delays(budget, [stall, stall, stall])).toEqual([10, 20, undefined]);
  });

  test('progress between two invalid answers keeps the second one retryable', () => {
    const budget = new RetryBudget({}, () => 0.5);
    budget.next(range);
    budget.progress(VERIFIED_PROGRESS);
    expect(budget.next(range)).toBe(500);
  });

  test('the policy bounds the delay', () => {
    const budget = new RetryBudget({ baseMs: 10, maxDelayMs: 25 }, () => 0.5);
    expect(delays(budget, [stall, stall, stall, stall])).toEqual([10, 20, 25, 25]);
  });

  test('random values stay within half and one and a half of the delay', () => {
    const budget = new RetryBudget({ attempts: 1000, baseMs: 100, maxDelayMs: 1000 });
    budget.next(stall);
    const second = budget.next(stall) ?? 0;
    expect(second).toBeGreaterThanOrEqual(100);
    expect(second).toBeLessThan(300);
  });
});
