import type { ByteRange } from '../base/ranges.ts';
import { type Checksum, crc32 } from './crc32.ts';

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

/** Which journal a record belongs to; a record of another one (a recycled disk block) is not sound. */
export interface JournalName {
  readonly generation: number;
  /** Each writer appends to a journal of its own. */
  readonly epoch: number;
}

export const RECORD_BYTES = 64;
const MAGIC = 0x314a5541; // "AUJ1"

/**
 * A journal record, little endian. The record says that the bytes of its run are in the data file.
 *
 *      0       4       8       12      16      20      24          28      32         60
 *     ┌───────┬───────┬───────┬───────┬───────┬───────┬───────────┬───────┬──────────┬──────────┐
 *     │ magic │ chunk │ start │length │ crc of│ epoch │generation │ index │  zeros   │  crc of  │
 *     │ AUJ1  │       │       │       │  run  │       │           │       │          │  0 … 59  │
 *     └───────┴───────┴───────┴───────┴───────┴───────┴───────────┴───────┴──────────┴──────────┘
 */
export function encodeRecord({ chunk, start, length, checksum }: Run, { generation, epoch }: JournalName, index: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, field] of [MAGIC, chunk, start, length, checksum, epoch, generation, index].entries()) view.setUint32(i * 4, field, true);
  view.setUint32(60, crc32(bytes.subarray(0, 60)), true);
  return bytes;
}

/** The run in record `index` of a journal, or undefined if the record is not sound. */
export function decodeRecord(bytes: Uint8Array, { generation, epoch }: JournalName, index: number): Run | undefined {
  if (bytes.length < RECORD_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, RECORD_BYTES);
  const field = (i: number): number => view.getUint32(i * 4, true);
  if (field(0) !== MAGIC || field(5) !== epoch || field(6) !== generation || field(7) !== index) return undefined;
  if (field(15) !== crc32(bytes.subarray(0, 60))) return undefined;
  const run = { chunk: field(1), start: field(2), length: field(3), checksum: field(4) };
  return run.length > 0 && run.start + run.length <= CHUNK_BYTES ? run : undefined;
}

/** The runs of a journal from record `first` on, which `bytes` begin with, in the order written, up to the first that is not sound. */
export function decodeJournal(bytes: Uint8Array, name: JournalName, first = 0): Run[] {
  const runs: Run[] = [];
  for (;;) {
    const run = decodeRecord(bytes.subarray(runs.length * RECORD_BYTES), name, first + runs.length);
    if (!run) return runs;
    runs.push(run);
  }
}

/** True if `bytes` are those that the run was recorded with. */
export const isSound = (run: Run, bytes: Uint8Array, checksum: Checksum): boolean =>
  bytes.length === run.length && checksum(bytes) === run.checksum;
