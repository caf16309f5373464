import { beforeEach, describe, expect, test } from 'vitest';
import type { LaneFeed } from '../../src/playback/lane.ts';
import { Pump } from '../../src/playback/pump.ts';

const RATE = 1_000; // so that a frame is a millisecond; a quantum has 128

/** Counts its frames up from 1. */
class FakeFeed implements LaneFeed {
  epoch = 0;
  queued = 0;
  isComplete = false;
  #read = 0;

  get position(): number {
    return this.#read / RATE;
  }

  read([plane]: readonly Float32Array[]): number {
    const frames = Math.min(plane.length, this.queued);
    for (let i = 0; i < frames; i++) plane[i] = ++this.#read;
    this.queued -= frames;
    return frames;
  }

  settle(): void {}
  finish(): void {}
}

let feed: FakeFeed;
let pump: Pump;
beforeEach(() => {
  feed = new FakeFeed();
  pump = new Pump(feed, RATE);
  pump.wantsToPlay = true;
});

const render = (quanta = 1) => {
  const heard: number[] = [];
  for (let i = 0; i < quanta; i++) {
    const plane = new Float32Array(128);
    pump.render([plane]);
    heard.push(...plane);
  }
  return heard;
};
const look = () => {
  const { state, underruns, position } = pump.report(0);
  return { state, underruns, position };
};

describe('a pump', () => {
  test('fills up before it begins, and that is no underrun', () => {
    feed.queued = 39;
    expect(render()).toEqual(new Array(128).fill(0));
    expect(look()).toEqual({ state: 'filling', underruns: 0, position: 0 });
    feed.queued = 256;
    expect(render()[0]).toBe(1);
    expect(look()).toEqual({ state: 'playing', underruns: 0, position: 0.128 });
  });

  test('counts every silent quantum in mid-epoch, and goes on only with half a second', () => {
    feed.queued = 200;
    render(2); // the second one is silent from its 72nd frame on
    expect(look()).toEqual({ state: 'starved', underruns: 1, position: 0.2 });
    feed.queued = 499;
    render(2);
    expect(look()).toEqual({ state: 'starved', underruns: 3, position: 0.2 });
    feed.queued = 500;
    expect(render()[0]).toBe(201);
    expect(look()).toMatchObject({ state: 'playing', underruns: 3 });
  });

  test('plays a short end at once, and its silence is no underrun', () => {
    feed.queued = 50;
    feed.isComplete = true;
    expect(render().slice(48, 52)).toEqual([49, 50, 0, 0]);
    render(3);
    expect(look()).toEqual({ state: 'ended', underruns: 0, position: 0.05 });
  });

  test('keeps silent while paused, and takes nothing', () => {
    feed.queued = 1_000;
    render();
    pump.wantsToPlay = false;
    expect(render(3).some((sample) => sample !== 0)).toBe(false);
    expect(look()).toEqual({ state: 'paused', underruns: 0, position: 0.128 });
    pump.wantsToPlay = true;
    expect(render()[0]).toBe(129);
  });

  test('fills up anew after a jump, without an underrun', () => {
    feed.queued = 1_000;
    render();
    feed.epoch = 1;
    feed.queued = 0;
    render(2);
    expect(look()).toMatchObject({ state: 'filling', underruns: 0 });
    feed.queued = 200;
    render();
    expect(pump.report(0)).toMatchObject({ state: 'playing', epoch: 1 });
  });

  test('says when its state changed, and only then', () => {
    const plane = () => [new Float32Array(128)];
    expect(pump.render(plane())).toBe(true);
    expect(pump.render(plane())).toBe(false);
    feed.queued = 300;
    expect(pump.render(plane())).toBe(true);
    expect(pump.render(plane())).toBe(false);
    expect(pump.render(plane())).toBe(true);
  });
});
