import { raceAbort } from '../base/abort.ts';
import type { EventScope } from '../events/bus.ts';
import type { SegmentIndex } from './segment-index.ts';
import type { ByteSource, SidecarShelf } from './source.ts';

/**
 * Builds the segment index of a complete resource; undefined if it is not a fragmented MP4. Handed to the source, which imports no parser.
 * @throws AulosError `media.*` if it is one but cannot be indexed.
 */
export type Indexer = (source: ByteSource, signal: AbortSignal) => Promise<SegmentIndex | undefined>;

/** The one-shot index of a source: taken from its sidecar, or built once, however many ask. */
export class IndexKeeper {
  readonly #indexer: Indexer | undefined;
  readonly #open: () => ByteSource & { close(): void };
  readonly #shelf: SidecarShelf | undefined;
  readonly #events: EventScope;
  #controller = new AbortController();
  #index: Promise<SegmentIndex | undefined> | undefined;

  /** `open` gives a reader over the complete resource. */
  constructor(
    indexer: Indexer | undefined,
    open: () => ByteSource & { close(): void },
    shelf: SidecarShelf | undefined,
    events: EventScope,
  ) {
    this.#indexer = indexer;
    this.#open = open;
    this.#shelf = shelf;
    this.#events = events;
  }

  /** The index, once the resource is complete. @throws `signal.reason` */
  get(signal: AbortSignal): Promise<SegmentIndex | undefined> {
    this.#index ??= this.#find(this.#controller.signal);
    return raceAbort(this.#index, signal);
  }

  /** Forgets the index: the resource is another one, or not needed any more. */
  reset(): void {
    this.#controller.abort();
    this.#controller = new AbortController();
    this.#index = undefined;
  }

  async #find(signal: AbortSignal): Promise<SegmentIndex | undefined> {
    if (!this.#indexer) return undefined;
    const part = await import('./index-finding.ts').catch(() => undefined); // a page has it with what takes bytes in
    return part?.findIndex(this.#indexer, this.#open, this.#shelf, this.#events, signal);
  }
}
