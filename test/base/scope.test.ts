import { expect, it } from 'vitest';
import { Scope } from '../../src/base/scope.ts';

it('ends what it was given, last first, once, and aborts its signal before', async () => {
  const scope = new Scope();
  const order: string[] = [];
  scope.signal.addEventListener('abort', () => order.push('abort'));
  scope.defer(() => order.push('first'));
  scope.defer(async () => order.push('second'));
  await Promise.all([scope.close(), scope.close()]);
  expect(order).toEqual(['abort', 'second', 'first']);
});

it('ends the rest when one end throws, and then throws', async () => {
  const scope = new Scope();
  const order: string[] = [];
  scope.defer(() => order.push('first'));
  scope.defer(() => {
    throw new Error('stuck');
  });
  await expect(scope.close()).rejects.toThrow('stuck');
  expect(order).toEqual(['first']);
});

it('ends at once what comes after closing', async () => {
  const scope = new Scope();
  await scope.close();
  const late = new Promise((resolve) => scope.defer(() => resolve('ended')));
  await expect(late).resolves.toBe('ended');
});
