import type { ByteRange } from '../../src/base/ranges.ts';
import { AulosError } from '../../src/errors.ts';
import type { ByteSource } from '../../src/source/source.ts';

export interface MemorySourceOptions {
  /** No read gives more than this, save what its `atLeast` demands; 1 lets a parser see no byte that it did not ask for. */
  readonly grain?: number;
  /** Says nothing of the length, as a server without `Content-Length`. */
  readonly unknownLength?: boolean;
  /** A read that cannot do without the byte at this offset, or one after it, rejects with `net.reset`. */
  readonly failAt?: number;
  readonly mediaType?: string;
}

/** Bytes in memory as a {@link ByteSource} that is as stingy and as faulty as a test wants, and that remembers what was read. */
export class MemorySource implements ByteSource {
  readonly length: number | undefined;
  readonly mediaType: string;
  /** The ranges given so far, in order; empty ones at the end of the resource too. */
  readonly reads: ByteRange[] = [];
  readonly #bytes: Uint8Array;
  readonly #grain: number;
  readonly #failAt: number;

  constructor(bytes: Uint8Array, options: MemorySourceOptions = {}) {
    this.#bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length); // of a Buffer, `slice` would not copy
    this.#grain = options.grain ?? Infinity;
    this.#failAt = options.failAt ?? Infinity;
    this.length = options.unknownLength ? undefined : bytes.length;
    this.mediaType = options.mediaType ?? '';
  }

  /** Bytes handed out so far, counted again when they are read again. */
  get bytesRead(): number {
    return this.reads.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  async read({ start, end }: ByteRange, signal: AbortSignal, atLeast = end - start): Promise<Uint8Array> {
    await undefined; // never in the same turn, like a real source
    signal.throwIfAborted();
    const wanted = Math.max(atLeast, Math.min(this.#grain, end - start));
    const clamp = (offset: number) => Math.min(offset, this.#bytes.length);
    if (clamp(start + atLeast) > this.#failAt)
      throw new AulosError('net.reset', { url: 'memory:', offset: this.#failAt }, 'failed on purpose');
    const given = { start: clamp(start), end: Math.min(clamp(start + wanted), Math.max(start, this.#failAt)) };
    this.reads.push(given);
    return this.#bytes.subarray(given.start, given.end);
  }
}
