import { describe, expect, it } from 'vitest';
import { EventScope } from '../../src/events/bus.ts';

const progress = (heldBytes: number) => ({ heldBytes, length: 10, held: [], bytesPerSecond: 0, etaSeconds: undefined });

describe('EventScope', () => {
  it('reaches the listeners of its own scope and of its ancestors, never of a sibling', () => {
    const root = new EventScope();
    const [a, b] = [root.child('a'), root.child('b')];
    const heard: string[] = [];
    root.on('source.opened', ({ scope }) => heard.push(`root:${scope}`));
    a.on('source.opened', ({ scope }) => heard.push(`a:${scope}`));
    b.on('source.opened', ({ scope }) => heard.push(`b:${scope}`));
    a.child('x').publish('source.opened', { url: 'u' });
    expect(heard).toEqual(['a:a/x', 'root:a/x']);
  });

  it('numbers events over the whole tree', () => {
    const root = new EventScope();
    const seqs: number[] = [];
    root.on('source.closed', ({ seq }) => seqs.push(seq));
    root.child('a').publish('source.closed', { url: 'u' });
    root.child('b').publish('source.closed', { url: 'u' });
    expect(seqs).toEqual([0, 1]);
  });

  it('survives and counts a throwing listener', () => {
    const root = new EventScope();
    const heard: string[] = [];
    root.on('source.opened', () => {
      throw new Error('listener');
    });
    root.on('source.opened', ({ payload }) => heard.push(payload.url));
    root.publish('source.opened', { url: 'u' });
    expect(heard).toEqual(['u']);
    expect(root.throwingListeners).toBe(1);
  });

  it('unsubscribes by function and by signal', () => {
    const root = new EventScope();
    const heard: number[] = [];
    const controller = new AbortController();
    const off = root.on('source.length', () => heard.push(1));
    root.on('source.length', () => heard.push(2), { signal: controller.signal });
    root.publish('source.length', { length: 1 });
    off();
    controller.abort();
    root.publish('source.length', { length: 1 });
    expect(heard).toEqual([1, 2]);
  });

  it('lets a slow iterator lose the oldest events and tells it how many', async () => {
    const root = new EventScope();
    const controller = new AbortController();
    const events = root.events({ signal: controller.signal, capacity: 3 });
    const first = events.next(); // subscribes
    root.publish('source.progress', progress(0));
    expect((await first).value).toMatchObject({ payload: { heldBytes: 0 } });
    for (let n = 1; n <= 5; n++) root.publish('source.progress', progress(n));
    const rest = [];
    for (let n = 0; n < 4; n++) rest.push((await events.next()).value);
    expect(
      rest.map(
        (event) => event && ('dropped' in event.payload ? -event.payload.dropped : (event.payload as { heldBytes: number }).heldBytes),
      ),
    ).toEqual([-2, 3, 4, 5]);
    const end = events.next();
    controller.abort();
    expect(await end).toEqual({ value: undefined, done: true });
  });
});
