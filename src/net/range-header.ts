import type { ByteRange } from '../base/ranges.ts';

/** The Range header for `range` (RFC 9110 §14.2); an infinite end is left open. The range must not be empty. */
export function formatRange({ start, end }: ByteRange): string {
  return `bytes=${start}-${end === Number.POSITIVE_INFINITY ? '' : end - 1}`;
}
