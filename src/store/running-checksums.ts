import type { ByteRange } from '../base/ranges.ts';
import type { Checksum } from './crc32.ts';
import { CHUNK_BYTES, chunkOf } from './record.ts';

interface Running {
  readonly start: number;
  readonly end: number;
  readonly checksum: number;
}

/**
 * Checksums of bytes as they come, one stretch a chunk: when a run is stored its checksum is known, and was worked out while the medium was
 * busy with the runs before.
 */
export class RunningChecksums {
  readonly #checksum: Checksum;
  readonly #byChunk = new Map<number, Running>();

  constructor(checksum: Checksum) {
    this.#checksum = checksum;
  }

  /** Goes on with `bytes` of one chunk, which came at `offset`; where they do not continue what came last, a new stretch begins. */
  add(offset: number, bytes: Uint8Array): void {
    const before = this.#byChunk.get(chunkOf(offset));
    const { start, checksum } = before?.end === offset ? before : { start: offset, checksum: undefined };
    this.#byChunk.set(chunkOf(offset), { start, end: offset + bytes.length, checksum: this.#checksum(bytes, checksum) });
  }

  /** The checksum of just this range; undefined if it did not come in order. Of a whole chunk it is told once. */
  take({ start, end }: ByteRange): number | undefined {
    const running = this.#byChunk.get(chunkOf(start));
    if (running?.start !== start || running.end !== end) return undefined;
    if (end - start === CHUNK_BYTES) this.#byChunk.delete(chunkOf(start));
    return running.checksum;
  }

  clear(): void {
    this.#byChunk.clear();
  }
}
