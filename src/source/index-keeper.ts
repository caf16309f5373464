import { raceAbort } from '../base/abort.ts';
import { AulosError, isAulosError } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { SegmentIndex } from './segment-index.ts';
import type { ByteSource, SidecarShelf } from './source.ts';

/**
 * Builds the segment index of a complete resource; undefined if it is not a fragmented MP4. Handed to the source, which imports no parser.
 * @throws AulosError `media.*` if it is one but cannot be indexed.
 */
export type Indexer = (source: ByteSource, signal: AbortSignal) => Promise<SegmentIndex | undefined>;

const SIDECAR = 'segments';

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
    const stored = await this.#shelf?.readSidecar(SIDECAR).catch(() => undefined); // without it the index is built again
    const known = stored && (await import('./segment-index.ts')).SegmentIndex.fromBytes(stored);
    if (known) return known;
    const source = this.#open();
    try {
      const index = await this.#indexer(source, signal);
      if (!index) return undefined;
      await this.#shelf?.writeSidecar(SIDECAR, index.toBytes()).catch(() => {});
      this.#events.publish('source.segmentIndex', { segments: index.segments.length });
      return index;
    } catch (error) {
      if (!signal.aborted) this.#events.publish('source.segmentIndex', { segments: 0, error: nameOf(error) });
      return undefined;
    } finally {
      source.close();
    }
  }
}

function nameOf(error: unknown): AulosError {
  if (isAulosError(error)) return error;
  return new AulosError('media.malformed', { offset: 0, what: 'fragments' }, 'the fragments cannot be indexed', { cause: error });
}
