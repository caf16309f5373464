import { describe, expect, it } from 'vitest';
import { Engine, type Publication, type Subscription } from '../../src/engine/engine.ts';
import type { NewFrame, StreamItem } from '../../src/engine/frame.ts';
import { EventScope } from '../../src/events/bus.ts';

const key = { app: 'live', stream: 'one' };
const config = { codec: 'pcm-f32', mimeType: 'audio/pcm', sampleRate: 1_000, channels: 1, header: new Uint8Array() } as const;
const signal = new AbortController().signal;

/** A frame of `ms` that carries its own number as its only sample. */
const frame = (n: number, { ms = 100, join = true, preroll = 0 } = {}): NewFrame => ({
  timestampUs: n * ms * 1_000,
  durationUs: ms * 1_000,
  data: new Uint8Array(),
  planes: [new Float32Array([n])],
  join,
  preroll,
});

async function live(app: Partial<ConstructorParameters<typeof Engine>[0]> & { aheadMs?: number; ringMs?: number; maxLagMs?: number } = {}) {
  const { aheadMs, ringMs, maxLagMs, ...options } = app;
  const engine = new Engine({
    apps: [{ name: 'live', ...(aheadMs && { aheadMs }), ...(ringMs && { ringMs }), ...(maxLagMs && { maxLagMs }) }],
    ...options,
  });
  return { engine, publication: await engine.publish(key, config) };
}

/** What an item says, in short: `config 0`, `frame 3`, `gap 2-5`. */
const told = (item: StreamItem): string =>
  item.type === 'config'
    ? `config ${item.config.epoch}${item.flushed ? ' flushed' : ''}`
    : item.type === 'frame'
      ? `frame ${item.frame.planes?.[0][0]}`
      : `gap ${item.from}-${item.to}`;

async function take(subscription: Subscription, count: number): Promise<string[]> {
  const items: string[] = [];
  const iterator = subscription[Symbol.asyncIterator]();
  while (items.length < count) {
    const { value, done } = await iterator.next();
    if (done) break;
    items.push(told(value));
  }
  return items;
}

const pushAll = (publication: Publication, from: number, to: number) => {
  for (let n = from; n < to; n++) publication.push(frame(n));
};

describe('Engine', () => {
  it('refuses a second app of one name, and a second publisher of one stream', async () => {
    const { engine } = await live();
    expect(() => engine.registerApp({ name: 'live' })).toThrow(expect.objectContaining({ code: 'engine.appExists' }));
    await expect(engine.publish(key, config)).rejects.toMatchObject({ code: 'engine.alreadyPublishing' });
    await expect(engine.publish({ app: 'none', stream: 'x' }, config)).rejects.toMatchObject({ code: 'engine.appNotFound' });
    await expect(engine.subscribe({ app: 'live', stream: 'x' })).rejects.toMatchObject({ code: 'engine.streamNotFound' });
  });

  it('counts exactly the live publications, whatever fails', async () => {
    const { engine, publication } = await live({ maxPublishers: 1 });
    await expect(engine.publish({ app: 'live', stream: 'two' }, config)).rejects.toMatchObject({
      code: 'engine.publisherLimit',
      details: { limit: 1 },
    });
    await expect(engine.publish(key, config)).rejects.toMatchObject({ code: 'engine.alreadyPublishing' });
    expect(engine.publisherCount).toBe(1);
    await publication.end();
    await publication.end();
    expect(engine.publisherCount).toBe(0);
  });

  it('ends only its own epoch of a name: the old publication cannot end its successor', async () => {
    const { engine, publication } = await live();
    await publication.end();
    const successor = await engine.publish(key, config);
    await publication.end();
    expect(engine.streams('live')).toEqual([key]);
    expect(() => publication.push(frame(0))).toThrow(expect.objectContaining({ code: 'engine.closed' }));
    expect(successor.push(frame(0))).toBe(0);
  });

  it('gives every subscriber the config, then the same frames in order, then the end', async () => {
    const { engine, publication } = await live();
    const subscriptions = await Promise.all([engine.subscribe(key), engine.subscribe(key, { delivery: 'reliable' })]);
    pushAll(publication, 0, 3);
    await publication.end();
    for (const subscription of subscriptions) {
      expect(await take(subscription, 9)).toEqual(['config 0', 'frame 0', 'frame 1', 'frame 2']);
      expect(subscription.reason).toBe('ended');
    }
  });

  it.each([
    [0, ['config 0', 'frame 10']],
    [250, ['config 0', 'frame 7', 'frame 8', 'frame 9', 'frame 10']],
    [60_000, ['config 0', 'frame 0', 'frame 1']],
  ])('replays %i ms to a late joiner, without a gap or a duplicate at the live edge', async (replayMs, expected) => {
    const { engine, publication } = await live();
    pushAll(publication, 0, 10);
    const subscription = await engine.subscribe(key, { replayMs });
    publication.push(frame(10));
    expect(await take(subscription, expected.length)).toEqual(expected);
  });

  it('starts a joiner at a join point, with the pre-roll that it asks for', async () => {
    const { engine, publication } = await live();
    for (let n = 0; n < 10; n++) publication.push(frame(n, { join: n === 4, preroll: 2 }));
    expect(await take(await engine.subscribe(key, { replayMs: 200 }), 2)).toEqual(['config 0', 'frame 2']);
  });

  it('holds write back until the slowest reliable subscriber is near, and not for a lossy one', async () => {
    const { engine, publication } = await live({ aheadMs: 250 });
    await publication.write(frame(0), signal);
    const reliable = (await engine.subscribe(key, { delivery: 'reliable', replayMs: 0 }))[Symbol.asyncIterator]();
    await engine.subscribe(key, { delivery: 'lossy' });
    await publication.write(frame(1), signal);
    await publication.write(frame(2), signal);
    const order: string[] = [];
    const held = publication.write(frame(3), signal).then(() => order.push('written'));
    await reliable.next(); // the config frees nothing
    await Promise.resolve();
    order.push('read');
    await reliable.next();
    await held;
    expect(order).toEqual(['read', 'written']);
  });

  it('lets an abort end a held-back write with the reason of the signal', async () => {
    const { engine, publication } = await live({ aheadMs: 100 });
    await engine.subscribe(key, { delivery: 'reliable' });
    const controller = new AbortController();
    const held = publication.write(frame(0, { ms: 500 }), controller.signal);
    controller.abort(new Error('enough'));
    await expect(held).rejects.toThrow('enough');
  });

  it('frees a held-back write when the reliable subscriber leaves', async () => {
    const { engine, publication } = await live({ aheadMs: 100 });
    const subscription = await engine.subscribe(key, { delivery: 'reliable' });
    const held = publication.write(frame(0, { ms: 500 }), signal);
    await subscription[Symbol.asyncDispose]();
    await expect(held).resolves.toBeUndefined();
  });

  it('tells a slow lossy subscriber of the gap, and never drops a frame of a reliable one', async () => {
    const { engine, publication } = await live({ ringMs: 300 });
    const lossy = await engine.subscribe(key);
    pushAll(publication, 0, 10);
    expect(await take(lossy, 3)).toEqual(['gap 0-7', 'config 0', 'frame 7']);
    expect(lossy.lostFrames).toBe(7);

    const other = await live({ ringMs: 300 });
    const reliable = await other.engine.subscribe(key, { delivery: 'reliable' });
    pushAll(other.publication, 0, 10);
    await other.publication.end();
    expect(await take(reliable, 99)).toHaveLength(11);
  });

  it('evicts a lossy subscriber that has lost more than maxLagMs', async () => {
    const { engine, publication } = await live({ ringMs: 300, maxLagMs: 500 });
    const lossy = await engine.subscribe(key);
    pushAll(publication, 0, 10);
    expect(await take(lossy, 9)).toEqual([]);
    expect(lossy.reason).toBe('evicted');
  });

  it('delivers a new config in order, after the frames before it', async () => {
    const { engine, publication } = await live();
    const subscription = await engine.subscribe(key);
    publication.push(frame(0));
    publication.setConfig({ ...config, sampleRate: 2_000 });
    publication.push(frame(1));
    expect(await take(subscription, 4)).toEqual(['config 0', 'frame 0', 'config 1', 'frame 1']);
    expect(await take(await engine.subscribe(key), 2)).toEqual(['config 1', 'frame 1']);
  });

  it('drops what was not read when the publisher flushes, and says so', async () => {
    const { engine, publication } = await live({ aheadMs: 100 });
    const subscription = await engine.subscribe(key, { delivery: 'reliable' });
    const iterator = subscription[Symbol.asyncIterator]();
    publication.push(frame(0));
    expect(told((await iterator.next()).value)).toBe('config 0');
    const held = publication.write(frame(1, { ms: 1_000 }), signal);
    expect(publication.flush()).toBe(1);
    await held;
    publication.push(frame(2));
    expect(told((await iterator.next()).value)).toBe('config 1 flushed');
    expect(told((await iterator.next()).value)).toBe('frame 2');
  });

  it('ends subscriptions by signal and by close, telling which', async () => {
    const { engine } = await live();
    const controller = new AbortController();
    const aborted = await engine.subscribe(key, { signal: controller.signal });
    const closed = await engine.subscribe(key);
    const both = Promise.all([take(aborted, 9), take(closed, 9)]);
    controller.abort();
    await engine.close();
    expect(await both).toEqual([['config 0'], ['config 0']]);
    expect([aborted.reason, closed.reason]).toEqual(['aborted', 'closed']);
    await expect(engine.subscribe(key)).rejects.toMatchObject({ code: 'engine.closed' });
  });

  it('tells of publishers and subscribers on its event scope, after the fact', async () => {
    const events = new EventScope();
    const told: string[] = [];
    for (const name of ['engine.publishStarted', 'engine.subscriberJoined', 'engine.subscriberLeft', 'engine.publishEnded'] as const) {
      events.on(name, (event) => told.push(event.name));
    }
    const { engine, publication } = await live({ events });
    await using _ = await engine.subscribe(key);
    await publication.end();
    await engine.close();
    expect(told).toEqual(['engine.publishStarted', 'engine.subscriberJoined', 'engine.publishEnded', 'engine.subscriberLeft']);
  });
});
