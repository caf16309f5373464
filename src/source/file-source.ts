import { raceAbort } from '../base/abort.ts';
import { loadPart } from '../base/part.ts';
import { keyOf } from '../store/key-text.ts';
import { Connections } from './connections.ts';
import { Download, type OpenOptions, type SourcesOptions } from './download.ts';
import { ENDLESS_BYTES } from './endless.ts';
import { OpenSource } from './open-source.ts';
import { closedError } from './reader.ts';
import { Refuge } from './refuge.ts';
import type { FileSource } from './source.ts';

export type { OpenOptions, SourcesOptions } from './download.ts';

/** Opens sources over one client and one store, so that all openers of one key share one download. */
export class Sources {
  readonly #options: SourcesOptions;
  readonly #connections: Connections;
  readonly #refuge: Refuge;
  readonly #downloads = new Map<string, Promise<Download>>();
  #isClosed = false;

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.#connections = new Connections(options.connections);
    this.#refuge = new Refuge(options.store, options.clock);
  }

  /**
   * Resolves as soon as the store has told what is held; the network is not waited for. @throws AulosError `source.closed`; `signal.reason`; `store.unavailable` after the
   * store was closed: one that refuses is told of (`store.unavailable`), and the bytes are held in memory.
   */
  open(options: OpenOptions): Promise<FileSource> {
    const keeping = { endlessAfter: ENDLESS_BYTES, isTemporary: false };
    return this.#open(options, () =>
      Download.open(options, keeping, this.#options, this.#refuge, this.#connections, () => this.#leave(options)),
    );
  }

  /**
   * Opens a stream of bytes, which it owns: it is read once, in order, and cancelled when the source is closed; so long the store holds it.
   * @throws AulosError `input.invalid` if somebody else reads the stream; else as {@link open}.
   */
  async openStream(stream: ReadableStream<Uint8Array>, options: Omit<OpenOptions, 'url' | 'key'> = {}): Promise<FileSource> {
    const { clientOfStream } = await loadPart('streams', () => import('./stream-client.ts'));
    const client = clientOfStream(stream);
    const key = keyOf(crypto.getRandomValues(new Uint8Array(32)));
    const origin = { ...options, url: `stream:${key}`, key };
    const keeping = { endlessAfter: Infinity, isTemporary: true };
    const shared = { ...this.#options, client };
    const onClosed = () => {
      this.#leave(origin);
      void client.close();
    };
    return this.#open(origin, () => Download.open(origin, keeping, shared, this.#refuge, new Connections(), onClosed));
  }

  /** What is opened after an abort is closed again. */
  async #open(options: OpenOptions, begin: () => Promise<Download>): Promise<FileSource> {
    const { signal } = options;
    signal?.throwIfAborted();
    const opening = this.#join(options, begin);
    if (!signal) return opening;
    return raceAbort(opening, signal).catch((error: unknown) => {
      opening.then(
        (source) => source.close(),
        () => {},
      );
      throw error;
    });
  }

  async #join(options: OpenOptions, begin: () => Promise<Download>): Promise<FileSource> {
    for (;;) {
      if (this.#isClosed) throw closedError(options.url);
      const download = await this.#downloadOf(options, begin);
      if (!download.driver.standing.isClosed) return new OpenSource(download, options);
      await download.close(); // it was leaving: the next one begins where it ends
    }
  }

  /** Closes every download, those that go on without an opener too. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const downloads = await Promise.allSettled(this.#downloads.values());
    this.#downloads.clear();
    await Promise.all(downloads.map((result) => result.status === 'fulfilled' && result.value.close()));
    await this.#refuge.close();
  }

  #leave({ key }: OpenOptions): void {
    this.#downloads.delete(key);
  }

  #downloadOf({ key }: OpenOptions, begin: () => Promise<Download>): Promise<Download> {
    let download = this.#downloads.get(key);
    if (!download) {
      download = begin();
      this.#downloads.set(key, download);
      download.catch(() => this.#downloads.delete(key));
    }
    return download;
  }
}

/** Opens one source that shares its download with nobody. */
export function openFileSource(options: SourcesOptions & OpenOptions): Promise<FileSource> {
  return new Sources(options).open(options);
}
