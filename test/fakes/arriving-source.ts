import { type ByteRange, RangeSet } from '../../src/base/ranges.ts';
import { AulosError } from '../../src/errors.ts';
import type { ByteSource } from '../../src/source/source.ts';

const BLOCK_BYTES = 1_500;

/** Bytes that are not there yet: blocks of a network packet arrive in an order of their own, as many as a read has to wait for. */
export class ArrivingSource implements ByteSource {
  readonly length: number;
  readonly mediaType = '';
  readonly #bytes: Uint8Array;
  readonly #held = new RangeSet();
  readonly #coming: number[];

  /** `seed` decides on the order. */
  constructor(bytes: Uint8Array, seed: number) {
    this.#bytes = bytes;
    this.length = bytes.length;
    this.#coming = shuffled(Math.ceil(bytes.length / BLOCK_BYTES), seed);
  }

  async read({ start, end }: ByteRange, signal: AbortSignal, atLeast = end - start): Promise<Uint8Array> {
    await undefined;
    signal.throwIfAborted();
    const need = { start, end: Math.min(start + atLeast, this.length) };
    while (!this.#held.contains(need)) {
      const block = this.#coming.pop()!;
      this.#held.add({ start: block * BLOCK_BYTES, end: Math.min((block + 1) * BLOCK_BYTES, this.length) });
    }
    return this.#bytes.subarray(start, Math.max(start, Math.min(end, this.#held.heldUntil(start))));
  }
}

/** Whole bytes whose every first read at a place fails; the next one there is answered. */
export class FailingSource implements ByteSource {
  readonly length: number;
  readonly mediaType = '';
  readonly #bytes: Uint8Array;
  readonly #failed = new Set<number>();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.length = bytes.length;
  }

  async read({ start, end }: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    await undefined;
    signal.throwIfAborted();
    if (this.#failed.has(start)) return this.#bytes.subarray(start, Math.max(start, end));
    this.#failed.add(start);
    throw new AulosError('net.reset', { url: 'memory:', offset: start }, 'the first read here fails');
  }
}

/** Numbers below `count` in an order that `seed` decides on. */
function shuffled(count: number, seed: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  let state = seed | 1;
  for (let i = count - 1; i > 0; i--) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const other = (state >>> 0) % (i + 1);
    [numbers[i], numbers[other]] = [numbers[other], numbers[i]];
  }
  return numbers;
}
