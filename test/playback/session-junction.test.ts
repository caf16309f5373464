import { queryObjects } from 'node:v8';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RangeSet } from '../../src/base/ranges.ts';
import { Wake } from '../../src/base/wake.ts';
import { Engine } from '../../src/engine/engine.ts';
import { AulosError } from '../../src/errors.ts';
import { EventScope } from '../../src/events/bus.ts';
import type { PcmBlock } from '../../src/media.ts';
import { Deck } from '../../src/playback/deck.ts';
import type { OutputLane } from '../../src/playback/lane.ts';
import type { FromSession } from '../../src/playback/messages.ts';
import { PlayerSession } from '../../src/playback/session.ts';
import type { RevocableSink, SinkMark } from '../../src/playback/sink.ts';
import type { Span, Track } from '../../src/playback/track.ts';
import type { FileSource } from '../../src/source/source.ts';
import { concatenate } from '../fakes/pcm.ts';
import { randomFrom } from '../source/random.ts';

const RATE = 1_000;
const output: OutputLane = { lane: {} as OutputLane['lane'], sampleRate: RATE, channels: 2, forSampleRate: RATE };

/** Keeps what it is given, at most `room` frames of it until it is heard. */
class FakeSink implements RevocableSink {
  aheadSeconds = Infinity;
  readonly blocks: PcmBlock[] = [];
  readonly changed = new Wake();
  room = Number.POSITIVE_INFINITY;
  /** Frames that cannot be taken back any more. */
  heard = 0;
  drained = false;
  #epoch = 0;
  #reverts = 0;

  get frames(): number {
    return this.blocks.reduce((sum, { planes }) => sum + planes[0].length, 0);
  }

  get sound(): number[] {
    return [...(concatenate(this.blocks)[0] ?? [])];
  }

  async configure(): Promise<void> {}

  async write(block: PcmBlock, epoch: number, signal: AbortSignal): Promise<void> {
    const reverts = this.#reverts;
    while (epoch >= this.#epoch && reverts === this.#reverts && this.frames >= this.room) {
      await this.changed.after(this.changed.count, signal);
    }
    if (epoch < this.#epoch || reverts !== this.#reverts) return;
    this.blocks.push(block);
    this.drained = false;
    this.changed.signal();
  }

  mark(): SinkMark {
    return { epoch: this.#epoch, frames: this.frames };
  }

  async revert({ frames }: SinkMark, onDone: () => void): Promise<boolean> {
    if (frames < this.heard) return false;
    while (this.frames > frames) this.blocks.pop();
    this.#reverts++;
    onDone();
    this.changed.signal();
    return true;
  }

  flush(epoch: number): void {
    this.#epoch = Math.max(epoch, this.#epoch);
    this.blocks.length = 0;
    this.changed.signal();
  }

  async drain(): Promise<void> {
    this.drained = true;
    this.changed.signal();
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.changed.after(this.changed.count);
  }
}

interface FakeTrack {
  readonly samples: Float32Array;
  readonly sampleRate?: number;
  readonly channels?: number;
  /** It never opens. */
  readonly hangs?: boolean;
  readonly fails?: boolean;
  readonly isIncomplete?: boolean;
}

let sink: FakeSink;
let told: FromSession[];
let telling: Wake;
let session: PlayerSession;
let tracks: Record<string, FakeTrack>;
let opened: string[];
let closed: string[];

const sourceOf = (url: string) =>
  ({
    url,
    phase: tracks[url].isIncomplete ? 'downloading' : 'complete',
    held: new RangeSet(),
    length: 100,
    traffic: { network: 0, store: 0, requests: 0 },
    events: new EventScope(),
    close: async () => {},
  }) as unknown as FileSource;

function trackOf(source: FileSource): Track {
  const { samples, sampleRate = RATE, channels = 2 } = tracks[source.url];
  return {
    source,
    info: { config: { sampleRate, channels }, duration: samples.length / sampleRate, durationIsExact: true },
    async *blocks({ start = 0, end = Infinity }: Span) {
      const last = Math.min(samples.length, Math.round(end * sampleRate));
      for (let at = Math.round(start * sampleRate); at < last; at += 70) {
        const part = samples.slice(at, Math.min(at + 70, last));
        yield { planes: Array.from({ length: channels }, () => part), sampleRate, timestamp: at };
      }
    },
    close: async () => {
      closed.push(source.url);
    },
  } as unknown as Track;
}

beforeEach(() => {
  sink = new FakeSink();
  told = [];
  telling = new Wake();
  opened = [];
  closed = [];
  session = new PlayerSession({
    engine: new Engine({ apps: [{ name: 'player' }] }),
    stream: 'test',
    openSource: async (url) => {
      opened.push(url);
      if (tracks[url].hangs) await new Promise(() => {});
      if (tracks[url].fails) throw new AulosError('http.status', { url, status: 404 }, 'not found');
      return sourceOf(url);
    },
    openTrack: async (source) => trackOf(source),
    createSink: () => sink,
    tell: (message) => {
      told.push(message);
      telling.signal();
    },
  });
  session.receive({ type: 'output', output });
});
afterEach(() => session.close());

async function hear<T extends FromSession['type']>(type: T, matches: (message: FromSession & { type: T }) => boolean = () => true) {
  for (;;) {
    const found = told.findLast(
      (message): message is FromSession & { type: T } => message.type === type && matches(message as FromSession & { type: T }),
    );
    if (found) return found;
    await telling.after(telling.count);
  }
}

/** The last word about the run. */
const lastTold = () => told.findLast((message) => 'run' in message && message.type !== 'levels');

const end = () => hear('decoded', ({ isEnd }) => isEnd);
const ramp = (from: number, to: number) => Float32Array.from({ length: to - from }, (_, i) => (from + i) / 4_096);
const play = (url: string) => {
  session.receive({ type: 'load', load: 1, url });
  session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
};
const follow = (after: number, load: number, url: string) => session.receive({ type: 'follow', after, next: { load, url } });

describe('from one track to the next', () => {
  test('not a sample is lost or added, from the first junction on', async () => {
    tracks = { a: { samples: ramp(0, 1_237) }, b: { samples: ramp(1_237, 1_300) }, c: { samples: ramp(1_300, 3_001) } };
    play('a');
    follow(1, 2, 'b');
    follow(2, 3, 'c');
    expect(await end()).toMatchObject({ run: 1, until: 3.001 });
    expect(sink.sound).toEqual([...ramp(0, 3_001)]);
    expect(told.filter(({ type }) => type === 'junction')).toEqual([
      { type: 'junction', run: 1, after: 1, load: 2, at: 1.237 },
      { type: 'junction', run: 1, after: 2, load: 3, at: 1.3 },
    ]);
  });

  test('the next one may come after the end of the first was decoded', async () => {
    tracks = { a: { samples: ramp(0, 500) }, b: { samples: ramp(500, 900) } };
    play('a');
    await end();
    expect(sink.drained).toBe(true);
    told.length = 0;
    follow(1, 2, 'b');
    expect(await end()).toMatchObject({ until: 0.9 });
    expect(sink.sound).toEqual([...ramp(0, 900)]);
  });

  test('a part of a track goes round', async () => {
    tracks = { a: { samples: ramp(0, 2_000) } };
    session.receive({ type: 'load', load: 1, url: 'a' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 0.5, end: 1 });
    session.receive({ type: 'follow', after: 1, next: { load: 2, url: 'a', start: 0.25, end: 1 } });
    await end();
    expect(sink.sound).toEqual([...ramp(500, 1_000), ...ramp(250, 1_000)]);
    expect(await hear('junction')).toMatchObject({ at: 1 });
  });

  test('the next one is opened when the current one is held, or near its end', async () => {
    tracks = { a: { samples: new Float32Array(60_000), isIncomplete: true }, b: { samples: ramp(0, 100) } };
    sink.room = 20_000;
    play('a');
    follow(1, 2, 'b');
    await sink.until(() => sink.frames >= 20_000);
    expect(opened).toEqual(['a']);
    sink.room = 40_000;
    sink.changed.signal();
    await sink.until(() => sink.frames >= 40_000);
    expect(opened).toEqual(['a', 'b']);
  });

  test('a track that was heard is closed, and the sound goes on', async () => {
    tracks = { a: { samples: ramp(0, 300) }, b: { samples: ramp(300, 5_000) } };
    sink.room = 1_000;
    play('a');
    follow(1, 2, 'b');
    await sink.until(() => sink.frames >= 1_000);
    session.receive({ type: 'unload', load: 1 });
    sink.room = Infinity;
    sink.changed.signal();
    await end();
    expect(closed).toEqual(['a']);
    expect(sink.sound).toEqual([...ramp(0, 5_000)]);
  });

  test('however many were heard, the session holds no more of them', async () => {
    tracks = { a: { samples: ramp(0, 100) } };
    const heldAfter = async (load: number, from: number) => {
      for (let next = from + 1; next <= load; next++) {
        follow(next - 1, next, 'a');
        await hear('decoded', ({ isEnd, until }) => isEnd && until === next / 10);
        session.receive({ type: 'unload', load: next - 1 });
      }
      return queryObjects(Deck);
    };
    play('a');
    const few = await heldAfter(4, 1);
    expect(await heldAfter(20, 4)).toBe(few);
  });
});

describe('a next track that cannot be had', () => {
  test('delays neither the end of the current one nor what is picked instead', async () => {
    tracks = { a: { samples: ramp(0, 700) }, b: { samples: ramp(0, 1), hangs: true }, c: { samples: ramp(100, 200) } };
    play('a');
    follow(1, 2, 'b');
    expect(await hear('junction')).toMatchObject({ at: 0.7 });
    await sink.until(() => sink.frames === 700);
    session.receive({ type: 'halt' });
    session.receive({ type: 'load', load: 3, url: 'c' });
    session.receive({ type: 'decode', load: 3, run: 2, seconds: 0 });
    await end();
    expect(sink.sound).toEqual([...ramp(100, 200)]);
  });

  test('is told when its turn comes, and not sooner', async () => {
    tracks = { a: { samples: ramp(0, 3_000) }, b: { samples: ramp(0, 1), fails: true } };
    sink.room = 100;
    play('a');
    follow(1, 2, 'b');
    await sink.until(() => opened.includes('b'));
    await hear('decoded');
    expect(told.some(({ type }) => type === 'failed')).toBe(false);
    sink.room = Infinity;
    sink.changed.signal();
    expect(await hear('failed')).toMatchObject({ load: 2, error: { code: 'http.status' } });
    expect(sink.sound).toEqual([...ramp(0, 3_000)]);
    expect(told.findIndex(({ type }) => type === 'junction')).toBeLessThan(told.findIndex(({ type }) => type === 'failed'));
  });
});

describe('when something else is to follow after all', () => {
  test.each([
    ['all of it was handed on', Infinity],
    ['some of it was', 1_100],
    ['nothing of it was', 600],
  ])('the wrong track is taken back, and what is before it stays: %s', async (_, room) => {
    tracks = { a: { samples: ramp(0, 1_000) }, b: { samples: ramp(2_000, 3_500) }, c: { samples: ramp(1_000, 1_500) } };
    sink.room = room;
    play('a');
    follow(1, 2, 'b');
    await hear('junction');
    await sink.until(() => sink.frames >= Math.min(room, 2_400));
    follow(1, 3, 'c');
    session.receive({ type: 'unload', load: 2 });
    sink.room = Infinity;
    sink.changed.signal();
    await hear('decoded', ({ isEnd, until }) => isEnd && until === 1.5);
    expect(sink.sound).toEqual([...ramp(0, 1_500)]);
    expect(await hear('junction')).toEqual({ type: 'junction', run: 1, after: 1, load: 3, at: 1 });
  });

  test('nothing may follow, and then something again', async () => {
    tracks = { a: { samples: ramp(0, 300) }, b: { samples: ramp(2_000, 2_500) }, c: { samples: ramp(300, 400) } };
    play('a');
    follow(1, 2, 'b');
    await end();
    told.length = 0;
    session.receive({ type: 'follow', after: 1, next: undefined });
    expect(await end()).toMatchObject({ until: 0.3 });
    expect(sink.sound).toEqual([...ramp(0, 300)]);
    follow(1, 3, 'c');
    await hear('decoded', ({ isEnd, until }) => isEnd && until === 0.4);
    expect(sink.sound).toEqual([...ramp(0, 400)]);
  });

  test('it is told when that comes too late', async () => {
    tracks = { a: { samples: ramp(0, 300) }, b: { samples: ramp(300, 500) }, c: { samples: ramp(0, 10) } };
    play('a');
    follow(1, 2, 'b');
    await end();
    sink.heard = 301;
    follow(1, 3, 'c');
    expect(await hear('late')).toEqual({ type: 'late', load: 1 });
    expect(sink.sound).toEqual([...ramp(0, 500)]);
  });

  test('whatever comes when, what is heard is what was asked for last', async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.info('SEED', seed);
    const random = randomFrom(seed);
    const below = (n: number) => Math.floor(random() * n);
    for (let round = 0; round < 60; round++) {
      const lengths = Array.from({ length: 5 }, () => 1 + below(900));
      tracks = Object.fromEntries(lengths.map((length, i) => [`${i}`, { samples: ramp(1_000 * i, 1_000 * i + length) }]));
      sink.room = 1 + below(2_000);
      const base = round * 100;
      let loads = base;
      const chain = [{ load: ++loads, url: `${below(5)}` }];
      session.receive({ type: 'halt' });
      session.receive({ type: 'load', ...chain[0] });
      session.receive({ type: 'decode', load: chain[0].load, run: round + 1, seconds: 0 });
      for (let step = 0; step < 12; step++) {
        const index = Math.min(below(3), chain.length - 1);
        const dropped = chain.splice(index + 1);
        const next = { load: ++loads, url: `${below(5)}` };
        session.receive({ type: 'follow', after: chain[index].load, next });
        for (const { load } of dropped) session.receive({ type: 'unload', load });
        chain.push(next);
        for (let turns = below(40); turns > 0; turns--) await Promise.resolve();
        if (below(3) === 0) await new Promise(setImmediate);
        sink.room += below(400);
        sink.changed.signal();
      }
      sink.room = Infinity;
      sink.changed.signal();
      const expected = chain.flatMap(({ url }) => [...tracks[url].samples]);
      const until = expected.length / RATE;
      await new Promise(setImmediate); // what is told of an earlier order may look alike
      const wants = { type: 'decoded', run: round + 1, until, isEnd: true };
      while (JSON.stringify(lastTold()) !== JSON.stringify(wants)) await telling.after(telling.count);
      expect(sink.sound, `SEED=${seed} round ${round}`).toEqual(expected);
      for (const { load } of chain) session.receive({ type: 'unload', load });
    }
  });
});

describe('tracks of other formats', () => {
  test('are resampled into that of the first, as one signal where they go on at one rate', async () => {
    const sine = (rate: number, from: number, to: number) =>
      Float32Array.from({ length: to - from }, (_, i) => Math.sin((2 * Math.PI * 50 * (from + i)) / rate));
    tracks = {
      a: { samples: sine(RATE, 0, 1_000) },
      b: { samples: sine(1_500, 1_500, 2_501), sampleRate: 1_500, channels: 1 },
      c: { samples: sine(1_500, 2_501, 4_000), sampleRate: 1_500 },
    };
    play('a');
    follow(1, 2, 'b');
    follow(2, 3, 'c');
    await end();
    expect(sink.sound.slice(0, 1_000)).toEqual([...tracks.a.samples]);
    const expected = sine(RATE, 0, 2_667);
    const worst = (from: number, to: number) => Math.max(...sink.sound.slice(from, to).map((x, i) => Math.abs(x - expected[from + i])));
    expect(Math.abs(sink.frames - 2_667)).toBeLessThanOrEqual(1);
    expect(worst(1_100, 2_500)).toBeLessThan(1e-3); // the junction of b and c is at 1,667
    expect(await hear('junction', ({ load }) => load === 3)).toMatchObject({ at: expect.closeTo(2_501 / 1_500, 2) });
  });
});

describe('a crossfade', () => {
  const ones = (frames: number) => new Float32Array(frames).fill(1);
  /** Both at once, at full level. */
  const both = (i: number, frames: number) =>
    Math.cos(((i + 0.5) / frames) * (Math.PI / 2)) + Math.sin(((i + 0.5) / frames) * (Math.PI / 2));
  const fade = (seconds: number) => session.receive({ type: 'fade', seconds });

  test('overlaps the tracks by its length, and changes no sample outside of it', async () => {
    tracks = { a: { samples: ramp(0, 3_000) }, b: { samples: ramp(0, 2_000) } };
    fade(0.5);
    play('a');
    follow(1, 2, 'b');
    expect(await end()).toMatchObject({ until: 4.5 });
    expect(sink.sound.slice(0, 2_500)).toEqual([...ramp(0, 2_500)]);
    expect(sink.sound.slice(3_000)).toEqual([...ramp(500, 2_000)]);
    const angle = (i: number) => ((i + 0.5) / 500) * (Math.PI / 2);
    for (let i = 0; i < 500; i += 7) {
      expect(sink.sound[2_500 + i]).toBeCloseTo((Math.cos(angle(i)) * (2_500 + i) + Math.sin(angle(i)) * i) / 4_096, 6);
    }
    expect(await hear('junction')).toMatchObject({ at: 2.5 });
  });

  test('takes no more than half of a track that is shorter than it', async () => {
    tracks = { a: { samples: ones(3_000) }, b: { samples: ones(400) }, c: { samples: ones(3_000) } };
    fade(1);
    play('a');
    follow(1, 2, 'b');
    follow(2, 3, 'c');
    expect(await end()).toMatchObject({ until: 6 });
    expect(sink.sound[2_799]).toBe(1);
    expect(sink.sound[2_800]).toBeCloseTo(both(0, 200), 5);
    expect(sink.sound[2_999]).toBeCloseTo(both(199, 200), 5);
    expect(sink.sound[3_000]).toBeCloseTo(both(0, 200), 5);
    expect(sink.sound[3_200]).toBe(1);
  });

  test('is taken back with the track that it leads into: the end of the one before sounds as it is', async () => {
    tracks = { a: { samples: ramp(0, 3_000) }, b: { samples: ones(2_000) }, c: { samples: ramp(0, 1_000) } };
    fade(0.5);
    play('a');
    follow(1, 2, 'b');
    await end();
    session.receive({ type: 'follow', after: 1, next: undefined });
    await hear('decoded', ({ isEnd, until }) => isEnd && until === 3);
    expect(sink.sound).toEqual([...ramp(0, 3_000)]);
    follow(1, 3, 'c');
    await hear('decoded', ({ isEnd, until }) => isEnd && until === 3.5);
    expect(sink.sound.slice(0, 2_500)).toEqual([...ramp(0, 2_500)]);
    expect(sink.sound.slice(3_000)).toEqual([...ramp(500, 1_000)]);
  });

  test('does not wait for a track that hangs: the one before is heard to its end', async () => {
    tracks = { a: { samples: ramp(0, 3_000) }, b: { samples: ones(1), hangs: true } };
    fade(0.5);
    play('a');
    follow(1, 2, 'b');
    await sink.until(() => sink.frames === 3_000);
    expect(sink.sound).toEqual([...ramp(0, 3_000)]);
  });
});
