import { type AulosError, isAulosError } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { Asset } from '../store/store.ts';

/** Tells what becomes of an asset, each fact once. */
export class Announcer {
  readonly #events: EventScope;
  #generation: number;
  #length: number | undefined;

  /** What is known at the start is no news, but for the length, which is told by {@link length}. */
  constructor(events: EventScope, generation: number) {
    this.#events = events;
    this.#generation = generation;
  }

  /** Calls `onRenewal` before it tells of a new version of what was held; the first generation of all is none. */
  generation(generation: number, onRenewal: () => void): void {
    const isRenewal = this.#generation > 0 && generation !== this.#generation;
    this.#generation = generation;
    if (!isRenewal) return;
    onRenewal();
    this.#events.publish('source.generation', { generation });
  }

  length(length: number | undefined): void {
    if (length !== undefined && length !== this.#length) this.#events.publish('source.length', { length });
    this.#length = length;
  }

  progress({ held, facts }: Pick<Asset, 'held' | 'facts'>, bytesPerSecond: number): void {
    const { length } = facts ?? {};
    const etaSeconds = length !== undefined && bytesPerSecond > 0 ? (length - held.size) / bytesPerSecond : undefined;
    this.#events.publish('source.progress', { heldBytes: held.size, length, held: held.toArray(), bytesPerSecond, etaSeconds });
  }

  retry(attempt: number, delayMs: number, error: AulosError): void {
    if (isAulosError(error, 'net.stall')) this.#events.publish('source.stalled', { afterMs: error.details.afterMs });
    this.#events.publish('source.retry', { attempt, delayMs, error });
  }
}
