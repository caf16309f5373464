import { Wake } from '../base/wake.ts';
import type { EventName, EventPayloads } from './names.ts';

/** One event with its envelope. */
export type AulosEvent<N extends EventName = EventName> = {
  [K in N]: {
    readonly name: K;
    readonly payload: EventPayloads[K];
    /** Counts up over the whole tree of scopes. */
    readonly seq: number;
    /** Monotonic microseconds. */
    readonly time: number;
    /** Path of the publishing scope, such as `player/source`. */
    readonly scope: string;
  };
}[N];

type Listener = (event: AulosEvent) => void;

interface Tree {
  seq: number;
  throwingListeners: number;
}

/**
 * A node in the tree of events. Publishing reaches the subscribers of this scope and of its ancestors, never a sibling's. It never
 * waits and never throws into the publisher: a throwing listener is caught and counted. Store the new state first, then publish.
 */
export class EventScope {
  readonly path: string;
  readonly #parent: EventScope | undefined;
  readonly #tree: Tree;
  readonly #listeners = new Map<EventName | '*', Set<Listener>>();

  constructor(name = '', parent?: EventScope) {
    this.path = parent?.path ? `${parent.path}/${name}` : name;
    this.#parent = parent;
    this.#tree = parent ? parent.#tree : { seq: 0, throwingListeners: 0 };
  }

  child(name: string): EventScope {
    return new EventScope(name, this);
  }

  /** How often a listener of this tree has thrown. */
  get throwingListeners(): number {
    return this.#tree.throwingListeners;
  }

  publish<N extends EventName>(name: N, payload: EventPayloads[N]): void {
    const time = Math.round(performance.now() * 1_000);
    const event = { name, payload, seq: this.#tree.seq++, time, scope: this.path } as AulosEvent;
    for (let scope: EventScope | undefined = this; scope; scope = scope.#parent) scope.#tell(event);
  }

  /** Calls `listener` for each event called `name` of this scope and its descendants. Gives the function that unsubscribes. */
  on<N extends EventName>(name: N, listener: (event: AulosEvent<N>) => void, options: { signal?: AbortSignal } = {}): () => void {
    return this.#subscribe(name, listener as Listener, options.signal);
  }

  /**
   * All events as they come. A reader more than `capacity` behind loses the oldest, and is told how many by `bus.overflow`.
   * Ends when `signal` aborts.
   */
  async *events({ signal, capacity = 1024 }: { signal: AbortSignal; capacity?: number }): AsyncGenerator<AulosEvent> {
    const queue: AulosEvent[] = [];
    const wake = new Wake();
    let dropped = 0;
    const unsubscribe = this.#subscribe('*', (event) => {
      if (queue.push(event) > capacity) {
        queue.shift();
        dropped++;
      }
      wake.signal();
    });
    try {
      while (!signal.aborted) {
        const { count } = wake;
        if (dropped > 0) {
          const payload = { dropped };
          dropped = 0;
          yield { name: 'bus.overflow', payload, seq: queue[0].seq, time: queue[0].time, scope: this.path };
        }
        for (let event = queue.shift(); event; event = dropped ? undefined : queue.shift()) yield event;
        if (queue.length === 0) await wake.after(count, signal).catch(() => {}); // the loop's head sees the abort
      }
    } finally {
      unsubscribe();
    }
  }

  #subscribe(name: EventName | '*', listener: Listener, signal?: AbortSignal): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) this.#listeners.set(name, (listeners = new Set()));
    const entry: Listener = (event) => listener(event); // its own identity: the same function may subscribe twice
    const unsubscribe = () => {
      listeners.delete(entry);
      signal?.removeEventListener('abort', unsubscribe);
    };
    if (signal?.aborted) return unsubscribe;
    listeners.add(entry);
    signal?.addEventListener('abort', unsubscribe, { once: true });
    return unsubscribe;
  }

  #tell(event: AulosEvent): void {
    for (const key of [event.name, '*'] as const) {
      for (const listener of this.#listeners.get(key) ?? []) {
        try {
          listener(event);
        } catch {
          this.#tree.throwingListeners++;
        }
      }
    }
  }
}
