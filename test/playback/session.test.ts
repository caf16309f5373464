import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RangeSet } from '../../src/base/ranges.ts';
import { Wake } from '../../src/base/wake.ts';
import { Engine } from '../../src/engine/engine.ts';
import { AulosError } from '../../src/errors.ts';
import { EventScope } from '../../src/events/bus.ts';
import type { PcmBlock } from '../../src/media.ts';
import type { OutputLane } from '../../src/playback/lane.ts';
import type { FromSession } from '../../src/playback/messages.ts';
import { PlayerSession } from '../../src/playback/session.ts';
import type { RevocableSink, SinkMark } from '../../src/playback/sink.ts';
import type { Span, Track } from '../../src/playback/track.ts';
import type { FileSource } from '../../src/source/source.ts';

const RATE = 1_000;
const SECONDS = 30;
/** Blocks that the fake sink takes before it lets its writer wait. */
const SINK_BLOCKS = 20;

const output: OutputLane = { lane: {} as OutputLane['lane'], sampleRate: RATE, channels: 2, forSampleRate: RATE };

/** Takes {@link SINK_BLOCKS} blocks per epoch, and the rest when it is drained. */
class FakeSink implements RevocableSink {
  aheadSeconds = Infinity;
  readonly taken: { epoch: number; timestamp: number }[] = [];
  readonly changed = new Wake();
  epoch = 0;
  drained = false;

  async configure(): Promise<void> {}

  async write({ timestamp }: PcmBlock, epoch: number, signal: AbortSignal): Promise<void> {
    while (epoch >= this.epoch && this.taken.filter((block) => block.epoch === epoch).length >= SINK_BLOCKS) {
      await this.changed.after(this.changed.count, signal);
    }
    if (epoch < this.epoch) return;
    this.taken.push({ epoch, timestamp });
    this.changed.signal();
  }

  flush(epoch: number): void {
    this.epoch = Math.max(epoch, this.epoch);
    this.changed.signal();
  }

  async drain(): Promise<void> {
    this.drained = true;
    this.changed.signal();
  }

  mark(): SinkMark {
    return { epoch: this.epoch, frames: this.taken.length };
  }

  async revert({ frames }: SinkMark, onDone: () => void): Promise<boolean> {
    this.taken.length = frames;
    onDone();
    this.changed.signal();
    return true;
  }

  async close(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {}
}

let sink: FakeSink;
let told: FromSession[];
let telling: Wake;
let session: PlayerSession;
let openTracks: number;

const source = (url: string) =>
  ({
    url,
    phase: 'complete',
    held: new RangeSet(),
    length: 100,
    traffic: { network: 0, store: 0, requests: 0 },
    events: new EventScope(),
    close: async () => {},
  }) as unknown as FileSource;

/** A track of silence in blocks of 100 ms; `/broken` fails after the first of them. */
const track = (source: FileSource) =>
  ({
    source,
    info: { config: { sampleRate: RATE, channels: 2 } },
    async *blocks({ start = 0 }: Span) {
      for (let at = Math.round(start * RATE); at < SECONDS * RATE; at += 100) {
        yield { planes: [new Float32Array(100), new Float32Array(100)], sampleRate: RATE, timestamp: at };
        if (source.url.endsWith('/broken')) throw new AulosError('decode.failed', { what: 'test' }, 'broken');
      }
    },
    close: async () => {
      openTracks--;
    },
  }) as unknown as Track;

beforeEach(() => {
  sink = new FakeSink();
  told = [];
  telling = new Wake();
  openTracks = 0;
  session = new PlayerSession({
    engine: new Engine({ apps: [{ name: 'player' }] }),
    stream: 'test',
    openSource: async (url) => source(url),
    openTrack: async (source) => {
      openTracks++;
      return track(source);
    },
    createSink: () => sink,
    tell: (message) => {
      told.push(message);
      telling.signal();
    },
  });
});
afterEach(() => session.close());

async function hear<T extends FromSession['type']>(type: T, matches: (message: FromSession & { type: T }) => boolean = () => true) {
  for (;;) {
    const found = told.find(
      (message): message is FromSession & { type: T } => message.type === type && matches(message as FromSession & { type: T }),
    );
    if (found) return found;
    await telling.after(telling.count);
  }
}

describe('a session', () => {
  test('tells the head, and decodes nothing before it is asked', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    expect((await hear('head')).info.config.sampleRate).toBe(RATE);
    expect(sink.taken).toEqual([]);
  });

  test('remembers where to begin until the head is known', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 3 });
    session.receive({ type: 'decode', load: 1, run: 2, seconds: 5 });
    expect(await hear('landed')).toMatchObject({ run: 2, seconds: 5 });
    expect(sink.taken[0].timestamp).toBe(5 * RATE);
  });

  test('waits for an output that suits', async () => {
    session.receive({ type: 'output', output: { ...output, forSampleRate: 2 * RATE } });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
    await hear('levels');
    expect(sink.taken).toEqual([]);
    session.receive({ type: 'output', output });
    await hear('landed');
    await hear('decoded');
    expect(sink.taken[0].timestamp).toBe(0);
  });

  test('jumps while the sink is full; nothing of the old run comes after the new one landed', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
    await hear('decoded', ({ until }) => until >= (SINK_BLOCKS * 100) / RATE);
    session.receive({ type: 'decode', load: 1, run: 2, seconds: 20 });
    const { epoch } = await hear('landed', ({ run }) => run === 2);
    const at = told.findIndex((message) => message.type === 'landed' && message.run === 2);
    expect(told.slice(at).filter((message) => 'run' in message && message.run !== 2)).toEqual([]);
    await hear('decoded', ({ until }) => until > 20);
    expect(sink.taken.filter((block) => block.epoch >= epoch).map((block) => block.timestamp)[0]).toBe(20 * RATE);
    expect(sink.epoch).toBe(epoch);
  });

  test('tells the end after the last block, and drains the sink', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: SECONDS - 1 });
    expect(await hear('decoded', ({ isEnd }) => isEnd)).toMatchObject({ run: 1, until: SECONDS });
    expect(sink.taken).toHaveLength(10);
    expect(sink.drained).toBe(true);
  });

  test('lands at the end when it is sent there', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: SECONDS });
    expect(await hear('landed')).toMatchObject({ seconds: SECONDS });
    expect(await hear('decoded', ({ isEnd }) => isEnd)).toMatchObject({ until: SECONDS });
  });

  test('tells a failure once, and goes on with the next load', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/broken' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
    expect(await hear('failed')).toMatchObject({ load: 1, error: { code: 'decode.failed' } });
    session.receive({ type: 'load', load: 2, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 2, run: 2, seconds: 0 });
    expect(await hear('landed', ({ run }) => run === 2)).toMatchObject({ seconds: 0 });
    expect(told.filter(({ type }) => type === 'failed')).toHaveLength(1);
  });

  test('plays out what was decoded before a failure', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/broken' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
    while (!sink.drained) await sink.changed.after(sink.changed.count);
    expect(sink.taken.map(({ timestamp }) => timestamp)).toEqual([0]);
    expect(told.some((message) => message.type === 'decoded' && message.isEnd)).toBe(false);
  });

  test('gives levels for what it decodes', async () => {
    session.receive({ type: 'output', output });
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 2 });
    const { levels } = await hear('levels');
    expect(levels.map(({ time }) => time)).toEqual([2, 2.05]);
    expect(levels[0]).toMatchObject({ peak: [0, 0], rms: [0, 0] });
  });

  test('closes its track when it closes', async () => {
    session.receive({ type: 'load', load: 1, url: 'http://a/b' });
    await hear('head');
    await session.close();
    expect(openTracks).toBe(0);
  });
});
