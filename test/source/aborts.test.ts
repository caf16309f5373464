import { expect, test } from 'vitest';
import { raceAbort } from '../../src/base/abort.ts';
import { EventScope } from '../../src/events/bus.ts';
import type { RangeClient } from '../../src/net/client.ts';
import { type OpenOptions, Sources } from '../../src/source/file-source.ts';
import type { FileSource } from '../../src/source/source.ts';
import { assetKey } from '../../src/store/key.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { AssetStore } from '../../src/store/store.ts';
import { ByteServer } from '../fakes/byte-server.ts';
import { virtualBytes } from '../fakes/content.ts';
import { FakeClock, settled } from '../fakes/fake-clock.ts';

const SIZE = 4_000_000;
const PIECE = 64 * 1024;
const url = 'https://example.org/a.mp3';
const key = assetKey(url);

/** A source on a clock that only the test moves: what goes on without it has not waited for time. */
class Bench {
  readonly clock = new FakeClock();
  readonly server = new ByteServer({ bytes: virtualBytes(0, SIZE), etag: '"1"' }, { pieceBytes: PIECE, pieceMs: 10 });
  readonly events = new EventScope();
  readonly store: AssetStore;
  readonly sources: Sources;
  /** Resolves when the test is over. */
  readonly ended: Promise<void>;
  #end!: () => void;

  constructor({ client, connections }: { client?: RangeClient; connections?: number } = {}) {
    const { clock, events } = this;
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
    this.store = createMemoryStore({ clock });
    const limits = connections === undefined ? undefined : { total: connections };
    this.sources = new Sources({ client: client ?? this.server.client(clock), store: this.store, events, clock, connections: limits });
  }

  open(options: Partial<OpenOptions> = {}): Promise<FileSource> {
    return this.sources.open({ url, key, ...options });
  }

  /** Opened, and `ms` later. */
  async after(ms: number, options?: Partial<OpenOptions>): Promise<FileSource> {
    const source = await this.open(options);
    await this.clock.advance(ms);
    return source;
  }

  async close(): Promise<void> {
    this.#end();
    await this.sources.close();
    await this.store.close();
  }
}

const silent: RangeClient = {
  get: ({ signal }) => raceAbort(new Promise(() => {}), signal),
  close: async () => {},
};
const first = { start: 0, end: 1_000 };
const last = { start: SIZE - 1_000, end: SIZE };

type Wait = (bench: Bench, signal: AbortSignal) => Promise<Promise<unknown>[]>;
const waits: [string, Wait, ConstructorParameters<typeof Bench>[0]?][] = [
  [
    'the store, to open',
    async (bench, signal) => {
      const { open } = bench.store;
      bench.store.open = async (name) => {
        await bench.ended;
        return open.call(bench.store, name);
      };
      return [bench.open({ signal })];
    },
  ],
  ['the head of the first answer', async (bench, signal) => [(await bench.after(1)).reader().read(first, signal)], { client: silent }],
  [
    'a byte of the running download',
    async (bench, signal) => [(await bench.after(25)).reader().read({ start: 90_000, end: 200_000 }, signal)],
  ],
  ['a byte far ahead', async (bench, signal) => [(await bench.after(25)).reader().read(last, signal)]],
  ['the end of a download', async (bench, signal) => [(await bench.after(25)).completed(signal)]],
  ['the index of a download', async (bench, signal) => [(await bench.after(25)).segmentIndex(signal)]],
  [
    'the next attempt',
    async (bench, signal) => {
      bench.server.faults.push({ status: 503 });
      const source = await bench.after(15);
      return [source.reader().read(first, signal), source.completed(signal)];
    },
  ],
  [
    'a connection',
    async (bench, signal) => {
      await bench.after(25);
      const other = await bench.sources.open({ url: 'https://example.org/b.mp3', key: assetKey('https://example.org/b.mp3') });
      await bench.clock.advance(25);
      return [other.completed(signal)];
    },
    { connections: 1 },
  ],
  [
    'the leader of the download in another process',
    async (bench, signal) => {
      const { open } = bench.store;
      bench.store.open = async (name) => Object.defineProperty(await open.call(bench.store, name), 'follows', { value: true });
      const source = await bench.after(0);
      return [source.reader().read(first, signal), source.completed(signal)];
    },
  ],
  [
    'the answer whether what is held is still the version of the server',
    async (bench, signal) => {
      await (await bench.after(100_000)).close();
      const source = await bench.open({ revalidate: 'open' });
      return [source.reader().read(first, signal), source.completed(signal)];
    },
  ],
  [
    'what a station sends next',
    async (bench, signal) => {
      const source = await bench.after(25);
      const reader = source.reader();
      return [reader.read({ start: 0, end: 4 * PIECE }, signal)];
    },
    { client: station() },
  ],
];

/** Sends a piece, and then nothing. */
function station(): RangeClient {
  return {
    async get({ signal }) {
      const pieces = [virtualBytes(0, PIECE)];
      const next = async () => {
        const value = pieces.shift();
        return value ? { done: false as const, value } : raceAbort(new Promise<never>(() => {}), signal);
      };
      const end = async () => ({ done: true as const, value: undefined });
      const body: AsyncIterableIterator<Uint8Array> = { next, return: end, [Symbol.asyncIterator]: () => body };
      const range = { start: 0, end: Number.POSITIVE_INFINITY };
      const facts = { unverifiedRange: false, endsWithConnection: false, validator: {}, mediaType: 'audio/mpeg', url };
      return { ...facts, status: 200, range, total: undefined, headers: { 'icy-name': 'Radio Test' }, body };
    },
    close: async () => {},
  };
}

test.each(waits)('who waits for %s is let go at once by an abort', async (_name, begin, options) => {
  const bench = new Bench(options);
  const controller = new AbortController();
  const waiting = await begin(bench, controller.signal);
  const ends: unknown[] = [];
  for (const wait of waiting) {
    wait.then(
      (value) => ends.push({ value }),
      (error) => ends.push(error),
    );
  }
  await settled();
  expect(ends, 'it does wait').toEqual([]);
  const reason = new Error('enough');
  controller.abort(reason);
  await settled(); // one turn of the event loop, in which no time passes on the clock
  expect(ends).toEqual(waiting.map(() => reason));
  await bench.close();
});

test('what an opening was aborted of is not left open', async () => {
  const bench = new Bench();
  const { open } = bench.store;
  const opened: (() => void)[] = [];
  bench.store.open = async (name) => {
    await new Promise<void>((resolve) => opened.push(resolve));
    return open.call(bench.store, name);
  };
  const controller = new AbortController();
  const opening = bench.open({ signal: controller.signal });
  await settled();
  controller.abort(new Error('enough'));
  await expect(opening).rejects.toThrow('enough');
  const closed = new Promise((resolve) => bench.events.on('source.closed', resolve));
  for (const resolve of opened) resolve();
  await closed;
  await bench.close();
});
