import { queryObjects } from 'node:v8';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RangeSet } from '../../src/base/ranges.ts';
import { Wake } from '../../src/base/wake.ts';
import { Engine } from '../../src/engine/engine.ts';
import { AulosError } from '../../src/errors.ts';
import { EventScope } from '../../src/events/bus.ts';
import { Deck } from '../../src/playback/deck.ts';
import type { FromMedia, ToMedia } from '../../src/playback/media-lane.ts';
import type { FromSession } from '../../src/playback/messages.ts';
import { PlayerSession } from '../../src/playback/session.ts';
import type { RevocableSink } from '../../src/playback/sink.ts';
import type { Span, Track } from '../../src/playback/track.ts';
import type { FileSource } from '../../src/source/source.ts';

const RATE = 1_000;
/** Frames of a packet, whose bytes are the name of its track. */
const FRAMES = 100;

interface FakeTrack {
  readonly seconds: number;
  readonly codecString?: string;
  readonly bytesOfPacket?: number;
  readonly hangs?: boolean;
  readonly fails?: boolean;
  readonly trackGain?: number;
}

/** The page's end of the lane: what it was told, and the tracks that are to be heard, a letter per packet. */
class FakePage {
  readonly told: ToMedia[] = [];
  readonly changed = new Wake();
  canCut = true;
  sound = '';
  readonly #port: MessagePort;

  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }: MessageEvent<ToMedia>) => {
      this.told.push(data);
      this.#obey(data);
      this.changed.signal();
    };
  }

  get names(): string {
    return this.told.map(({ type }) => type).join(' ');
  }

  tell(message: FromMedia): void {
    this.#port.postMessage(message);
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await this.changed.after(this.changed.count);
  }

  close(): void {
    this.#port.close();
  }

  #obey(message: ToMedia): void {
    if (message.type === 'begin') this.sound = '';
    else if (message.type === 'mayCut') this.tell({ type: 'mayCut', answer: this.canCut });
    else if (message.type === 'cut') this.sound = this.sound.slice(0, Math.round((message.at * RATE) / FRAMES));
    else if (message.type === 'segment') {
      for (let i = 0; i < message.bytes.length; i += bytesOfPacket) this.sound += String.fromCharCode(message.bytes[i]);
    }
  }
}

let tracks: Record<string, FakeTrack>;
let bytesOfPacket: number;
let page: FakePage;
let session: PlayerSession;
let told: FromSession[];
let telling: Wake;

const sourceOf = (url: string) =>
  ({
    url,
    phase: 'complete',
    held: new RangeSet(),
    length: 100,
    traffic: { network: 0, store: 0, requests: 0 },
    events: new EventScope(),
    close: async () => {},
  }) as unknown as FileSource;

function trackOf(source: FileSource): Track {
  const { seconds, codecString = 'mp3', trackGain } = tracks[source.url];
  const frames = seconds * RATE;
  const config = { codec: 'mp3', codecString, sampleRate: RATE, channels: 2, description: new Uint8Array() };
  return {
    source,
    info: { config, duration: seconds, durationIsExact: true, frames, encoderDelay: 0, replayGain: { trackGain } },
    async *packets({ start = 0 }: Span) {
      for (let timestamp = Math.floor((start * RATE) / FRAMES) * FRAMES; timestamp < frames; timestamp += FRAMES) {
        const data = new Uint8Array(bytesOfPacket).fill(source.url.charCodeAt(0));
        yield { data, offset: 0, timestamp, duration: FRAMES, join: true, preroll: 0 };
      }
    },
    close: async () => {},
  } as unknown as Track;
}

beforeEach(() => {
  bytesOfPacket = 1;
  told = [];
  telling = new Wake();
  session = new PlayerSession({
    engine: new Engine({ apps: [{ name: 'player' }] }),
    stream: 'test',
    openSource: async (url) => {
      if (tracks[url].hangs) await new Promise(() => {});
      if (tracks[url].fails) throw new AulosError('http.status', { url, status: 404 }, 'not found');
      return sourceOf(url);
    },
    openTrack: async (source) => trackOf(source),
    createSink: () => ({}) as RevocableSink,
    tell: (message) => {
      told.push(message);
      telling.signal();
    },
  });
  const { port1, port2 } = new MessageChannel();
  page = new FakePage(port2);
  session.receive({ type: 'media', lane: { port: port1, types: { mp3: 'audio/mpeg' }, isMadeInWorker: false } });
});
afterEach(async () => {
  await session.close();
  page.close();
});

async function hear<T extends FromSession['type']>(type: T, matches: (message: FromSession & { type: T }) => boolean = () => true) {
  for (;;) {
    const found = told.find(
      (message): message is FromSession & { type: T } => message.type === type && matches(message as FromSession & { type: T }),
    );
    if (found) return found;
    await telling.after(telling.count);
  }
}

const play = (url: string, { load = 1, seconds = 0 } = {}) => {
  session.receive({ type: 'load', load, url });
  session.receive({ type: 'decode', load, run: load, seconds });
};
const follow = (after: number, load: number, url: string) => session.receive({ type: 'follow', after, next: { load, url } });
const ends = (at: number) => page.until(() => page.told.some((message) => message.type === 'end' && Math.abs(message.at - at) < 1e-9));

describe('from one track to the next', () => {
  test('each begins where the one before ends', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3 }, c: { seconds: 0.2 } };
    play('a');
    follow(1, 2, 'b');
    follow(2, 3, 'c');
    await ends(1);
    expect(page.sound).toBe('aaaaabbbcc');
    expect(page.told.flatMap((message) => (message.type === 'splice' ? [[message.start, message.end]] : []))).toEqual([
      [0, 0.5],
      [0.5, 0.8],
      [0.8, 1],
    ]);
    expect(told.filter(({ type }) => type === 'junction')).toEqual([
      { type: 'junction', run: 1, after: 1, load: 2, at: 0.5 },
      { type: 'junction', run: 1, after: 2, load: 3, at: 0.8 },
    ]);
    await hear('decoded', ({ isEnd, until }) => isEnd && until === 1);
  });

  test('however many were heard, the session holds no more of them', async () => {
    tracks = { a: { seconds: 1 } };
    const heldAfter = async (load: number, from: number) => {
      for (let next = from + 1; next <= load; next++) {
        session.receive({ type: 'follow', after: next - 1, next: { load: next, url: 'a' } });
        await hear('decoded', ({ isEnd, until }) => isEnd && until === next);
        session.receive({ type: 'unload', load: next - 1 });
      }
      return queryObjects(Deck);
    };
    session.receive({ type: 'load', load: 1, url: 'a' });
    session.receive({ type: 'decode', load: 1, run: 1, seconds: 0 });
    const few = await heldAfter(4, 1);
    expect(await heldAfter(20, 4)).toBe(few);
  });

  test('each has a loudness of its own', async () => {
    tracks = { a: { seconds: 0.5, trackGain: -20 }, b: { seconds: 0.3, trackGain: 0 } };
    session.receive({ type: 'replayGain', mode: 'track' });
    play('a');
    follow(1, 2, 'b');
    await ends(0.8);
    expect(page.told.flatMap((message) => (message.type === 'splice' ? [message.gain] : []))).toEqual([0.1, 1]);
  });

  test('the next one may come after the end was told', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3 } };
    play('a');
    await ends(0.5);
    follow(1, 2, 'b');
    await ends(0.8);
    expect(page.sound).toBe('aaaaabbb');
  });

  test('something else may follow after all', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3 }, c: { seconds: 0.2 } };
    play('a');
    follow(1, 2, 'b');
    await ends(0.8);
    follow(1, 3, 'c');
    await ends(0.7);
    expect(page.sound).toBe('aaaaacc');
    expect(told.some(({ type }) => type === 'late')).toBe(false);
  });

  test('it is told when that comes too late', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3 }, c: { seconds: 0.2 } };
    page.canCut = false;
    play('a');
    follow(1, 2, 'b');
    await ends(0.8);
    follow(1, 3, 'c');
    expect(await hear('late')).toEqual({ type: 'late', load: 1 });
    expect(page.sound).toBe('aaaaabbb');
  });
});

describe('a next track', () => {
  test('that the page does not play ends the run', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3, codecString: 'vorbis' } };
    play('a');
    follow(1, 2, 'b');
    await ends(0.5);
    expect(await hear('decoded', ({ isEnd }) => isEnd)).toMatchObject({ until: 0.5 });
    const isHead = (message: FromSession) => message.type === 'head' && message.load === 2;
    expect(told.findIndex(isHead)).toBeLessThan(told.findIndex((message) => message.type === 'decoded' && message.isEnd)); // it knows why
    expect(page.sound).toBe('aaaaa');
  });

  test('that fails is told, and what is before it is heard to its end', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3, fails: true } };
    play('a');
    follow(1, 2, 'b');
    await ends(0.5);
    expect(await hear('failed')).toMatchObject({ load: 2, error: { code: 'http.status' } });
    expect(page.sound).toBe('aaaaa');
  });

  test('that hangs lets what is before it be heard to its end, and delays nothing that is picked instead', async () => {
    tracks = { a: { seconds: 0.5 }, b: { seconds: 0.3, hangs: true }, c: { seconds: 0.2 } };
    play('a');
    follow(1, 2, 'b');
    await page.until(() => page.told.some((message) => message.type === 'edge' && message.at === 0.5));
    play('c', { load: 3 });
    await ends(0.2);
    expect(page.sound).toBe('cc');
  });
});

describe('of a long track', () => {
  /** All that the sender sends without a word from the page is sent. */
  const untilItWaits = async (seconds: number) => {
    await page.until(() => page.sound.length * FRAMES >= seconds * RATE);
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    return (page.sound.length * FRAMES) / RATE;
  };

  test('half a minute is sent ahead of the listener', async () => {
    tracks = { a: { seconds: 100 } };
    play('a');
    expect(await untilItWaits(30)).toBeLessThan(32);
    page.tell({ type: 'played', epoch: 1, at: 20 });
    expect(await untilItWaits(50)).toBeLessThan(52);
  });

  test('no more bytes are than a browser keeps', async () => {
    bytesOfPacket = 100_000;
    tracks = { a: { seconds: 60 } };
    play('a');
    expect(await untilItWaits(6)).toBeLessThan(8);
    page.tell({ type: 'played', epoch: 1, at: 5 });
    expect(await untilItWaits(11)).toBeLessThan(13);
  });

  test('a seek drops the rest: what comes after it is of the new place alone', async () => {
    tracks = { a: { seconds: 100 } };
    play('a');
    await untilItWaits(30);
    session.receive({ type: 'decode', load: 1, run: 2, seconds: 99 });
    await ends(100);
    expect(page.names).toMatch(/segment stop begin splice segment segment end$/);
    expect(page.told.findLast(({ type }) => type === 'begin')).toEqual({ type: 'begin', epoch: 2, at: 99 });
    expect(page.sound).toHaveLength(10);
    expect(told.findLast(({ type }) => type === 'landed')).toEqual({ type: 'landed', run: 2, epoch: 2, seconds: 99 });
  });
});
