import { expect, it } from 'vitest';
import { Wake } from '../../src/base/wake.ts';

it('wakes all waiters at a signal', async () => {
  const wake = new Wake();
  const waits = Promise.all([wake.after(0), wake.after(0)]);
  wake.signal();
  await expect(waits).resolves.toHaveLength(2);
});

it('does not lose a signal between the look and the wait', async () => {
  const wake = new Wake();
  const { count } = wake;
  wake.signal();
  await expect(wake.after(count)).resolves.toBeUndefined();
});

it('rejects with the reason of the signal', async () => {
  const wake = new Wake();
  const controller = new AbortController();
  const wait = wake.after(0, controller.signal);
  controller.abort('gone');
  await expect(wait).rejects.toBe('gone');
  await expect(wake.after(0, controller.signal)).rejects.toBe('gone');
});
