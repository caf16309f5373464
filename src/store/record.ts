import type { ByteRange } from '../base/ranges.ts';
import type { Checksum } from './crc32.ts';

/** Runs never cross a multiple of this: a damaged byte costs at most one chunk. */
export const CHUNK_BYTES = 256 * 1024;

/** A stretch of stored bytes that is verified as one: `length` bytes from byte `start` of chunk `chunk`. */
export interface Run {
  readonly chunk: number;
  /** Within the chunk. */
  readonly start: number;
  readonly length: number;
  readonly checksum: number;
}

/** Where a run lies in the asset. */
export function rangeOf({ chunk, start, length }: Run): ByteRange {
  const from = chunk * CHUNK_BYTES + start;
  return { start: from, end: from + length };
}

export const chunkOf = (offset: number): number => Math.floor(offset / CHUNK_BYTES);

/** The parts of `range`, none of which crosses a chunk border. */
export function splitByChunk({ start, end }: ByteRange): ByteRange[] {
  const parts: ByteRange[] = [];
  while (start < end) {
    const next = Math.min(end, (chunkOf(start) + 1) * CHUNK_BYTES);
    parts.push({ start, end: next });
    start = next;
  }
  return parts;
}

/** A run that holds `bytes` at `range`, which lies in one chunk. */
export function runAt({ start, end }: ByteRange, checksum: number): Run {
  const chunk = chunkOf(start);
  return { chunk, start: start - chunk * CHUNK_BYTES, length: end - start, checksum };
}

/** True if `bytes` are those that the run was recorded with. */
export const isSound = (run: Run, bytes: Uint8Array, checksum: Checksum): boolean =>
  bytes.length === run.length && checksum(bytes) === run.checksum;
