import { AulosError } from '../errors.ts';
import { EventScope } from '../events/bus.ts';
import type { NewFrame, StreamConfig, StreamItem, StreamKey } from './frame.ts';
import { type Cursor, type EndReason, Stream, type StreamLimits } from './stream.ts';

/** An application of the engine: a namespace of streams with common limits. */
export interface AppSpec {
  readonly name: string;
  /** Media time that a stream keeps for slow and late subscribers. @default 30_000 */
  readonly ringMs?: number;
  /** Bytes that a stream keeps. @default 8 MiB */
  readonly ringBytes?: number;
  /** How far `write` may run ahead of the slowest reliable subscriber. @default 2_000 */
  readonly aheadMs?: number;
  /** Replay for a joiner that does not say. @default 4_000 */
  readonly replayMs?: number;
  /** Cumulative loss above which a lossy subscriber is evicted; null: never. @default 30_000 */
  readonly maxLagMs?: number | null;
}

export interface EngineOptions {
  readonly apps?: readonly AppSpec[];
  /** @default 10_000 */
  readonly maxPublishers?: number;
  /** Where `engine.*` events go. */
  readonly events?: EventScope;
}

export interface SubscribeOptions {
  /** `reliable`: never loses a frame and holds `write` back. `lossy`: skips with a `gap` when too slow. @default 'lossy' */
  readonly delivery?: 'lossy' | 'reliable';
  readonly replayMs?: number;
  readonly maxLagMs?: number | null;
  /** Ends the subscription with reason `aborted`. */
  readonly signal?: AbortSignal;
}

/** The publisher's end of a stream. Disposing it ends the stream for its subscribers once they have read what was pushed. */
export interface Publication extends AsyncDisposable {
  readonly key: StreamKey;
  readonly epoch: number;
  /** Of the frames to come. */
  readonly config: StreamConfig;
  /**
   * Hands a frame to everyone. Synchronous, never waits; gives the number of subscribers. A publisher that may outrun a reliable
   * subscriber uses {@link write}: frames that a reliable subscriber has not read are kept whatever the limits. @throws `engine.closed`.
   */
  push(frame: NewFrame): number;
  /** As `push`, then resolves when the slowest reliable subscriber is less than `aheadMs` behind. @throws `engine.closed`; `signal.reason`. */
  write(frame: NewFrame, signal: AbortSignal): Promise<void>;
  /** A config that takes effect after the frames pushed so far: a new epoch. */
  setConfig(config: Omit<StreamConfig, 'epoch'>): void;
  /** Drops what subscribers have not read, and begins a new epoch; they get its config marked `flushed`. Gives the epoch. */
  flush(): number;
  end(): Promise<void>;
}

/** A reader of a stream: iterate it once. */
export interface Subscription extends AsyncIterable<StreamItem>, AsyncDisposable {
  readonly id: string;
  readonly lostFrames: number;
  readonly behindMs: number;
  /** Set once the iteration is over. */
  readonly reason: EndReason | undefined;
}

interface App {
  readonly spec: Required<AppSpec>;
  readonly streams: Map<string, Stream>;
}

/** One publisher's frames to many subscribers, in process. No I/O and no platform API; many engines may live side by side. */
export class Engine implements AsyncDisposable {
  readonly #apps = new Map<string, App>();
  readonly #maxPublishers: number;
  readonly #events: EventScope;
  readonly #closers = new Set<() => void>();
  #publisherCount = 0;
  #subscriptions = 0;
  #closed = false;

  /** @throws AulosError `engine.appExists` when two apps have one name. */
  constructor({ apps = [], maxPublishers = 10_000, events = new EventScope() }: EngineOptions = {}) {
    this.#maxPublishers = maxPublishers;
    this.#events = events;
    for (const app of apps) this.registerApp(app);
  }

  /** Live publications. */
  get publisherCount(): number {
    return this.#publisherCount;
  }

  /** Streams that are live in an app. @throws `engine.appNotFound`. */
  streams(app: string): readonly StreamKey[] {
    return [...this.#app(app).streams.values()].map((stream) => stream.key);
  }

  /** @throws AulosError `engine.appExists`; never replaces an app. */
  registerApp(spec: AppSpec): void {
    const { name } = spec;
    if (this.#apps.has(name)) throw new AulosError('engine.appExists', { app: name }, `there already is an app "${name}"`);
    const defaults = { ringMs: 30_000, ringBytes: 8 * 2 ** 20, aheadMs: 2_000, replayMs: 4_000, maxLagMs: 30_000 };
    this.#apps.set(name, { spec: { ...defaults, ...spec }, streams: new Map() });
  }

  /** @throws AulosError `engine.closed`, `engine.appNotFound`, `engine.alreadyPublishing`, `engine.publisherLimit`. */
  async publish(key: StreamKey, config: Omit<StreamConfig, 'epoch'>): Promise<Publication> {
    this.#assertOpen();
    const { streams, spec } = this.#app(key.app);
    if (streams.has(key.stream)) {
      throw new AulosError('engine.alreadyPublishing', { ...key }, `${key.app}/${key.stream} has a publisher`);
    }
    if (this.#publisherCount >= this.#maxPublishers) {
      const limit = this.#maxPublishers;
      throw new AulosError('engine.publisherLimit', { limit }, `all ${limit} publisher slots are taken`);
    }
    const stream = new Stream(key, config, spec satisfies StreamLimits);
    streams.set(key.stream, stream);
    this.#publisherCount++;
    this.#events.publish('engine.publishStarted', { ...key });
    return this.#publication(stream, streams);
  }

  /** @throws AulosError `engine.closed`, `engine.appNotFound`, `engine.streamNotFound`. */
  async subscribe(key: StreamKey, options: SubscribeOptions = {}): Promise<Subscription> {
    this.#assertOpen();
    const { streams, spec } = this.#app(key.app);
    const stream = streams.get(key.stream);
    if (!stream) throw new AulosError('engine.streamNotFound', { ...key }, `nobody publishes ${key.app}/${key.stream}`);
    const { delivery = 'lossy', replayMs = spec.replayMs, maxLagMs = spec.maxLagMs, signal } = options;
    const cursor = stream.join(replayMs, delivery === 'reliable', maxLagMs);
    return this.#subscription(stream, cursor, signal);
  }

  /** Ends every publication and subscription. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const close of [...this.#closers]) close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #publication(stream: Stream, streams: Map<string, Stream>): Publication {
    let live = true;
    const end = (reason: EndReason) => {
      if (!live) return;
      live = false;
      this.#closers.delete(closer);
      // A successor may have taken the name only after this one gave it back, so the entry is ours.
      streams.delete(stream.key.stream);
      this.#publisherCount--;
      stream.end(reason);
      this.#events.publish('engine.publishEnded', { ...stream.key });
    };
    const closer = () => end('closed');
    this.#closers.add(closer);
    const assertLive = () => {
      if (!live) throw new AulosError('engine.closed', {}, `the publication of ${stream.key.app}/${stream.key.stream} has ended`);
    };
    return {
      key: stream.key,
      get epoch() {
        return stream.config.epoch;
      },
      get config() {
        return stream.config;
      },
      push(frame) {
        assertLive();
        return stream.push(frame);
      },
      async write(frame, signal) {
        signal.throwIfAborted(); // a publisher that was told to stop adds nothing to the epoch of the next
        assertLive();
        stream.push(frame);
        await stream.room(signal);
      },
      setConfig(config) {
        assertLive();
        stream.setConfig(config);
      },
      flush() {
        assertLive();
        return stream.flush();
      },
      end: async () => end('ended'),
      [Symbol.asyncDispose]: async () => end('ended'),
    };
  }

  #subscription(stream: Stream, cursor: Cursor, signal: AbortSignal | undefined): Subscription {
    const id = `s${++this.#subscriptions}`;
    const { key } = stream;
    const leave = (reason: EndReason) => {
      stream.leave(cursor, reason);
      if (!this.#closers.delete(closer)) return;
      signal?.removeEventListener('abort', onAbort);
      this.#events.publish('engine.subscriberLeft', { ...key, id, lostFrames: cursor.lostFrames });
    };
    const closer = () => leave('closed');
    const onAbort = () => leave('aborted');
    this.#closers.add(closer);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
    this.#events.publish('engine.subscriberJoined', { ...key, id });
    return {
      id,
      get lostFrames() {
        return cursor.lostFrames;
      },
      get behindMs() {
        return stream.behindMs(cursor);
      },
      get reason() {
        return cursor.reason;
      },
      [Symbol.asyncIterator]: () => readItems(stream, cursor, leave),
      [Symbol.asyncDispose]: async () => leave('aborted'),
    };
  }

  #app(name: string): App {
    const app = this.#apps.get(name);
    if (!app) throw new AulosError('engine.appNotFound', { app: name }, `there is no app "${name}"`);
    return app;
  }

  #assertOpen(): void {
    if (this.#closed) throw new AulosError('engine.closed', {}, 'the engine is closed');
  }
}

async function* readItems(stream: Stream, cursor: Cursor, leave: (reason: EndReason) => void): AsyncGenerator<StreamItem> {
  try {
    while (!cursor.reason) {
      const { count } = stream.pushed;
      const item = stream.take(cursor);
      if (item) yield item;
      else if (!cursor.reason) await stream.pushed.after(count); // `leave` signals too
    }
  } finally {
    leave(cursor.reason ?? 'aborted');
  }
}
