import type { ByteRange } from '../base/ranges.ts';

/** A Content-Range of unit `bytes` (RFC 9110 §14.4). */
export interface ContentRange {
  /** Undefined in the unsatisfied form, which a 416 has: a star instead of the range. */
  readonly range: ByteRange | undefined;
  /** Bytes of the whole resource; undefined for `*`. */
  readonly total: number | undefined;
}

/** Parses a Content-Range; undefined if it is malformed, contradicts itself, is not in bytes, or is too large to count. */
export function parseContentRange(header: string): ContentRange | undefined {
  const satisfied = /^bytes +(\d+)-(\d+)\/(\d+|\*)$/i.exec(header.trim());
  if (satisfied) {
    const range = { start: Number(satisfied[1]), end: Number(satisfied[2]) + 1 };
    const total = satisfied[3] === '*' ? undefined : Number(satisfied[3]);
    const isSane = range.start < range.end && range.end <= (total ?? range.end) && Number.isSafeInteger(total ?? range.end);
    return isSane ? { range, total } : undefined;
  }
  const unsatisfied = /^bytes +\*\/(\d+)$/i.exec(header.trim());
  const total = Number(unsatisfied?.[1]);
  return Number.isSafeInteger(total) ? { range: undefined, total } : undefined;
}
