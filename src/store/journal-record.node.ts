import { crc32 } from 'node:zlib';
import { CHUNK_BYTES, type Run } from './record.ts';

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
