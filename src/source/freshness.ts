/**
 * When the server is asked whether what is held is still its version: never, at each opening, or at an opening when it said so longer ago
 * than that many seconds. If it cannot be asked, what is held is played.
 */
export type Revalidate = 'never' | 'open' | number;

/**
 * Whether to ask now. `confirmedAt` and `now` are Unix milliseconds; a confirmation in the future, or none, counts as too old, so that a clock
 * that jumped costs a question and not the freshness.
 */
export function isDue(revalidate: Revalidate, confirmedAt: number | undefined, now: number): boolean {
  if (typeof revalidate !== 'number') return revalidate === 'open';
  const ageMs = confirmedAt === undefined ? Number.NaN : now - confirmedAt;
  return !(ageMs >= 0 && ageMs < revalidate * 1_000);
}
