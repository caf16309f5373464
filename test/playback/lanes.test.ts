import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { allocatePcmRing } from '../../src/base/pcm-ring-memory.ts';
import { Wake } from '../../src/base/wake.ts';
import { type LaneFeed, type LaneReply, type LaneSender, laneFrames } from '../../src/playback/lane.ts';
import { PortLaneFeed, PortLaneSender } from '../../src/playback/port-lane.ts';
import { RingLaneFeed, RingLaneSender } from '../../src/playback/ring-lane.ts';

const RATE = 8_000;

interface Lane {
  readonly sender: LaneSender;
  readonly feed: LaneFeed;
  /** Resolves once what was sent to the feed has arrived. */
  arrival(): Promise<void>;
  reply(): Promise<LaneReply>;
}

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function connect(kind: 'port' | 'ring'): Lane {
  const { port1, port2 } = new MessageChannel();
  ends.push(() => port1.close());
  const [toWorklet, toWorker] = [port1, port2] as unknown as MessagePort[];
  const replies: LaneReply[] = [];
  const replied = new Wake();
  const hear = (reply: LaneReply) => {
    replies.push(reply);
    replied.signal();
  };
  const ring = kind === 'ring' ? allocatePcmRing(2, laneFrames(RATE, 2)) : undefined;
  return {
    sender: ring ? new RingLaneSender(ring, toWorklet, hear) : new PortLaneSender(toWorklet, RATE, 2, hear),
    feed: ring ? new RingLaneFeed(ring, toWorker, RATE) : new PortLaneFeed(toWorker, RATE),
    arrival: async () => {
      for (let i = 0; i < 3; i++) await new Promise(setImmediate);
    },
    reply: async () => {
      while (replies.length === 0) await replied.after(replied.count);
      return replies.shift()!;
    },
  };
}

/** What `asked` resolves with, after the messages to the feed and back. */
async function answered(asked: Promise<boolean>, arrival: () => Promise<void>): Promise<boolean> {
  await arrival();
  return asked;
}

/** Two planes that count up from `first`; the second is negative. */
function counting(first: number, frames: number): Float32Array[] {
  const up = Float32Array.from({ length: frames }, (_, i) => first + i);
  return [up, up.map((sample) => -sample)];
}

function readAll(feed: LaneFeed): number[][] {
  const planes = [new Float32Array(128), new Float32Array(128)];
  const all: number[][] = [[], []];
  for (let frames = feed.read(planes); frames > 0; frames = feed.read(planes)) {
    for (const [i, plane] of planes.entries()) all[i].push(...plane.subarray(0, frames));
  }
  return all;
}

describe.each(['port', 'ring'] as const)('a %s lane', (kind) => {
  test('carries frames in order, with their place in the media', async () => {
    const { sender, feed, arrival } = connect(kind);
    expect(feed.position).toBeNaN();
    sender.write(counting(0, 10_000), 1_000, 9_000, 2_000_000);
    sender.write(counting(10_000, 1_000), 0, 1_000, 2_000_000 + (9_000 * 1e6) / RATE);
    await arrival();
    expect(feed.queued).toBe(10_000);
    expect(feed.position).toBe(2);
    expect(readAll(feed)).toEqual(counting(1_000, 10_000).map((plane) => [...plane]));
    expect(feed.position).toBeCloseTo(2 + 10_000 / RATE, 9);
  });

  test('voids what is queued on a flush, and gives all of its room back', async () => {
    const { sender, feed, arrival, reply } = connect(kind);
    const { room } = sender;
    sender.write(counting(0, 6_000), 0, 6_000, 0);
    await arrival();
    feed.read([new Float32Array(128), new Float32Array(128)]);
    sender.flush(3);
    await arrival();
    expect([feed.epoch, feed.queued]).toEqual([3, 0]);
    expect(feed.position).toBeNaN();
    feed.settle();
    expect(await reply()).toMatchObject({ type: 'taken', frames: 6_000 });
    expect(sender.room).toBe(room);
    sender.write(counting(7, 10), 0, 10, 500_000);
    await arrival();
    expect(feed.position).toBe(0.5);
    expect(readAll(feed)[0][0]).toBe(7);
  });

  test('takes the last frames back, and others follow in their place', async () => {
    const { sender, feed, arrival, reply } = connect(kind);
    const { room } = sender;
    sender.write(counting(0, 9_000), 0, 9_000, 0);
    sender.complete();
    await arrival();
    const head = [new Float32Array(128), new Float32Array(128)];
    feed.read(head);
    expect(await answered(sender.takeBack(6_000), arrival)).toBe(true);
    await arrival();
    expect([feed.queued, feed.isComplete]).toEqual([9_000 - 128 - 6_000, false]);
    sender.write(counting(50_000, 10), 0, 10, (3_000 * 1e6) / RATE);
    await arrival();
    expect(readAll(feed)[0]).toEqual([...counting(128, 3_000 - 128)[0], ...counting(50_000, 10)[0]]);
    expect(feed.position).toBeCloseTo(3_010 / RATE, 9);
    feed.settle();
    while (sender.room < room) await reply();
    expect(sender.room).toBe(room);
  });

  test('takes nothing back of which some is heard already', async () => {
    const { sender, feed, arrival } = connect(kind);
    sender.write(counting(0, 2_000), 0, 2_000, 0);
    await arrival();
    feed.read([new Float32Array(128), new Float32Array(128)]);
    expect(await answered(sender.takeBack(1_990), arrival)).toBe(false);
    expect(readAll(feed)[0]).toEqual([...counting(128, 2_000 - 128)[0]]);
  });

  test('says when an epoch is complete, and when it has been played', async () => {
    const { sender, feed, arrival, reply } = connect(kind);
    sender.write(counting(0, 10), 0, 10, 0);
    await arrival();
    expect(feed.isComplete).toBe(false);
    sender.complete();
    await arrival();
    expect(feed.isComplete).toBe(true);
    feed.finish(0);
    expect(await reply()).toEqual({ type: 'ended', epoch: 0 });
  });

  test('is bounded: at 44.1 kHz it holds at least two seconds, and less than 3 MiB', () => {
    for (const channels of [1, 2, 6]) {
      const frames = laneFrames(44_100, channels);
      expect(frames / 44_100).toBeGreaterThan(2);
      expect(frames * channels * 4).toBeLessThanOrEqual(3 * 2 ** 20);
    }
  });
});

test('a port lane uses its buffers again', async () => {
  const { sender, feed, arrival, reply } = connect('port');
  sender.write(counting(0, 4_096), 0, 4_096, 0);
  await arrival();
  readAll(feed);
  feed.settle();
  const first = await reply();
  expect(first.type === 'taken' && first.buffers.length).toBe(1);
  sender.write(counting(0, 4_096), 0, 4_096, 0);
  expect(first.type === 'taken' && first.buffers[0].byteLength).toBe(0); // it is on its way again
});
