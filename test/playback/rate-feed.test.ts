import { describe, expect, test } from 'vitest';
import type { LaneFeed } from '../../src/playback/lane.ts';
import { Pump } from '../../src/playback/pump.ts';
import { RateFeed } from '../../src/playback/rate-feed.ts';

const RATE = 48_000;
const QUANTUM = 128;

/** A lane whose frames are given by their numbers. */
class FakeFeed implements LaneFeed {
  epoch = 1;
  isComplete = false;
  readonly #sound: (frame: number) => number;
  #frames: number;
  #read = 0;

  constructor(seconds: number, sound: (frame: number) => number) {
    this.#frames = seconds * RATE;
    this.#sound = sound;
  }

  get queued(): number {
    return this.#frames - this.#read;
  }

  get position(): number {
    return this.#read / RATE;
  }

  add(seconds: number): void {
    this.#frames += seconds * RATE;
    this.isComplete = false;
  }

  flush(): void {
    this.epoch++;
    this.#read = 0;
  }

  read(planes: readonly Float32Array[]): number {
    const frames = Math.min(planes[0].length, this.queued);
    for (let i = 0; i < frames; i++, this.#read++) {
      for (const [channel, plane] of planes.entries()) plane[i] = this.#sound(this.#read) / (channel + 1);
    }
    return frames;
  }

  settle(): void {}
  finish(): void {}
}

const sine = (hertz: number) => (frame: number) => Math.sin((2 * Math.PI * hertz * frame) / RATE);

/** What is heard of `feed` in `seconds`, or until it has no more. */
function render(feed: LaneFeed, seconds = Infinity, channels = 2): Float32Array[] {
  const quanta: Float32Array[][] = [];
  for (let i = 0; i < (seconds * RATE) / QUANTUM; i++) {
    const planes = Array.from({ length: channels }, () => new Float32Array(QUANTUM));
    const frames = feed.read(planes);
    quanta.push(planes.map((plane) => plane.subarray(0, frames)));
    if (frames < QUANTUM) break;
  }
  return Array.from({ length: channels }, (_, c) => Float32Array.from(quanta.flatMap((planes) => [...planes[c]])));
}

/** Hz of a sine, by its rising zero crossings. */
function pitchOf(plane: Float32Array): number {
  const crossings: number[] = [];
  for (let i = 1; i < plane.length; i++) {
    if (plane[i - 1] < 0 && plane[i] >= 0) crossings.push(i - plane[i] / (plane[i] - plane[i - 1]));
  }
  return ((crossings.length - 1) * RATE) / (crossings.at(-1)! - crossings[0]);
}

/** The largest step from one sample to the next. */
const largestStep = (plane: Float32Array) =>
  plane.reduce((step, sample, i) => Math.max(step, Math.abs(sample - (plane[i - 1] ?? sample))), 0);

describe.each([0.5, 0.8, 1.5, 2, 3])('at rate %d', (rate) => {
  test.each([2, 5])('%d channels keep their pitch, and take their time', (channels) => {
    const lane = new FakeFeed(2, sine(440));
    lane.isComplete = true;
    const feed = new RateFeed(lane, RATE, channels);
    feed.pace = { rate, keepsPitch: true };
    const planes = render(feed, Infinity, channels);
    expect(planes[0].length / RATE).toBeCloseTo(2 / rate, 3);
    for (const [channel, plane] of planes.entries()) {
      expect(Math.abs(pitchOf(plane) / 440 - 1)).toBeLessThan(0.01);
      expect(largestStep(plane) * (channel + 1)).toBeLessThan(0.1); // of the sine: 0.058
    }
    expect(feed.position).toBe(2);
    expect(feed.queued).toBe(0);
  });

  test('resampled, its pitch goes along, and nothing else is heard', () => {
    const lane = new FakeFeed(2, sine(440));
    lane.isComplete = true;
    const feed = new RateFeed(lane, RATE, 1);
    feed.pace = { rate, keepsPitch: false };
    const [plane] = render(feed, Infinity, 1);
    expect(Math.abs(plane.length - (2 * RATE) / rate)).toBeLessThanOrEqual(1);
    const expected = sine(440 * rate);
    const worst = plane.slice(200, -200).reduce((error, sample, i) => Math.max(error, Math.abs(sample - expected(i + 200))), 0);
    expect(20 * Math.log10(worst)).toBeLessThan(-75);
    expect([feed.position, feed.queued]).toEqual([2, 0]);
  });
});

test.each([1.5, 2, 3])('at rate %d a resampled pitch above hearing is silence, not another pitch', (rate) => {
  const feed = new RateFeed(new FakeFeed(2, sine(23_000 / rate + 4_000)), RATE, 1);
  feed.pace = { rate, keepsPitch: false };
  const loudest = render(feed, 0.2, 1)[0]
    .subarray(2_000)
    .reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  expect(20 * Math.log10(loudest)).toBeLessThan(-70);
});

test('the sound is that of the lane again, to the bit, from the place on at which it is', () => {
  for (const keepsPitch of [true, false]) {
    const feed = new RateFeed(new FakeFeed(30, (frame) => frame / 2 ** 22), RATE, 2);
    render(feed, 0.1);
    feed.pace = { rate: 2, keepsPitch };
    render(feed, 0.5);
    feed.pace = { rate: 1, keepsPitch };
    const at = Math.round(feed.position * RATE);
    const [left, right] = render(feed, 0.2);
    expect(at / RATE).toBeCloseTo(1.1, 1);
    expect(left.subarray(256)).toEqual(Float32Array.from({ length: left.length - 256 }, (_, i) => (at + 256 + i) / 2 ** 22));
    expect(right.subarray(256)).toEqual(left.subarray(256).map((sample) => sample / 2));
  }
});

test('no change of the pace clicks, and the position goes on steadily', () => {
  const paces = [
    { rate: 2, keepsPitch: true },
    { rate: 0.7, keepsPitch: true },
    { rate: 0.7, keepsPitch: false },
    { rate: 3, keepsPitch: false },
    { rate: 1, keepsPitch: true },
    { rate: 1.3, keepsPitch: false },
    { rate: 1.3, keepsPitch: true },
    { rate: 1, keepsPitch: false },
  ];
  const feed = new RateFeed(new FakeFeed(30, sine(200)), RATE, 1);
  const planes = [render(feed, 0.3, 1)[0]];
  for (const pace of paces) {
    const before = feed.position;
    feed.pace = pace;
    expect(Math.abs(feed.position - before)).toBeLessThan(1 / RATE);
    planes.push(render(feed, 0.3, 1)[0]);
    expect(feed.position - before).toBeCloseTo(0.3 * pace.rate, pace.keepsPitch ? 0 : 2);
  }
  const heard = Float32Array.from(planes.flatMap((plane) => [...plane]));
  expect(largestStep(heard)).toBeLessThan(0.1); // of the sine at rate 3: 0.079
});

test('an end that is none after all leaves no hole', () => {
  const lane = new FakeFeed(1, sine(440));
  lane.isComplete = true;
  const feed = new RateFeed(lane, RATE, 1);
  feed.pace = { rate: 2, keepsPitch: true };
  const before = render(feed, 0.45, 1)[0];
  lane.add(1);
  lane.isComplete = true;
  const after = render(feed, Infinity, 1)[0];
  expect((before.length + after.length) / RATE).toBeCloseTo(1, 1);
  const quiet = [...after.keys()].filter((i) => after.subarray(i, i + 60).every((sample) => Math.abs(sample) < 0.5));
  expect(quiet).toEqual([]);
});

test('another epoch begins at its beginning, with nothing of the one before', () => {
  let height = 1;
  const lane = new FakeFeed(9, (frame) => height * (1 - frame / RATE / 9));
  const feed = new RateFeed(lane, RATE, 1);
  feed.pace = { rate: 2, keepsPitch: true };
  render(feed, 1, 1);
  lane.flush();
  height = 0.1;
  expect([feed.epoch, feed.position]).toEqual([2, 0]);
  const [plane] = render(feed, 0.5, 1);
  expect(plane[0]).toBeCloseTo(0.1, 6);
  expect(Math.max(...plane)).toBeLessThan(0.11);
  expect(feed.position).toBeCloseTo(1, 1);
});

test.each([0.5, 1.5, 3])('a pump at rate %d tells the rate, counts seconds of media, and runs dry in no mid-sound', (rate) => {
  const lane = new FakeFeed(3, sine(440));
  const feed = new RateFeed(lane, RATE, 2);
  feed.pace = { rate, keepsPitch: true };
  const pump = new Pump(lane, RATE);
  pump.feed = feed;
  pump.wantsToPlay = true;
  const play = (seconds: number) => {
    for (let i = 0; i < (seconds * RATE) / QUANTUM; i++) pump.render([new Float32Array(QUANTUM), new Float32Array(QUANTUM)]);
    return pump.report(0);
  };
  const report = play(0.6);
  expect(report).toMatchObject({ state: 'playing', rate, since: 0, rateBefore: 0, underruns: 0 });
  expect(report.position).toBeCloseTo(0.6 * rate, 1);
  expect(report.position + report.queuedSeconds).toBeGreaterThan(2.6);
  lane.isComplete = true;
  expect(play(6)).toMatchObject({ state: 'ended', position: 3, underruns: 0 });
});
