import type { ByteRange } from '../base/ranges.ts';
import { Wake } from '../base/wake.ts';
import type { ByteSource, FileSource, SourceReader } from '../source/source.ts';

/**
 * Reads a source for what has time: it waits until the bytes have come for somebody else, and asks for none. Until `signal` aborts.
 */
export class HeldBytes implements ByteSource {
  readonly #source: FileSource;
  readonly #reader: SourceReader;
  readonly #news = new Wake();

  constructor(source: FileSource, signal: AbortSignal) {
    this.#source = source;
    this.#reader = source.reader();
    signal.addEventListener('abort', () => this.#reader.close(), { once: true });
    for (const name of ['source.progress', 'source.phase', 'source.length', 'source.failed', 'source.closed'] as const) {
      source.events.on(name, () => this.#news.signal(), { signal });
    }
  }

  get length(): number | undefined {
    return this.#source.length;
  }

  get mediaType(): string {
    return this.#source.mediaType;
  }

  async read({ start, end }: ByteRange, signal: AbortSignal, atLeast = end - start): Promise<Uint8Array> {
    for (;;) {
      const { count } = this.#news;
      signal.throwIfAborted();
      const last = this.length ?? end;
      const need = { start, end: Math.max(start, Math.min(start + atLeast, last)) };
      const state = this.#source.phaseAt(need);
      // A reader says why there is nothing to be had.
      if (state.name !== 'waiting') return this.#reader.read({ start, end: this.#heldEnd(need, Math.min(end, last)) }, signal);
      await this.#news.after(count, signal);
    }
  }

  /** How far it reads at once: all that is held, and no more. */
  #heldEnd(need: ByteRange, end: number): number {
    return Math.max(need.end, Math.min(end, this.#source.held.heldUntil(need.start)));
  }
}
