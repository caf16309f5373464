import type { StoreLimits } from './store.ts';

/** What eviction needs to know of an asset. */
export interface LruRecord {
  readonly key: string;
  /** Stored bytes, those in flight counted. */
  readonly bytes: number;
  /** Greater is more recently used. A count, not a time: the clock of a machine may jump by years. */
  readonly sequence: number;
  readonly pinned: boolean;
  readonly open: boolean;
}

/**
 * The keys to delete, least recently used first, so that `needed` more bytes fit in `limits`. Pinned and open assets are never among
 * them, so it may not be enough; then what is given is all that could go.
 */
export function victims(records: readonly LruRecord[], { maxBytes, maxAssets }: StoreLimits, needed: number): string[] {
  let bytes = records.reduce((sum, record) => sum + record.bytes, needed);
  let assets = records.length;
  const keys: string[] = [];
  const candidates = records.filter(({ pinned, open }) => !pinned && !open).sort((a, b) => a.sequence - b.sequence);
  for (const candidate of candidates) {
    if (bytes <= maxBytes && assets <= maxAssets) break;
    keys.push(candidate.key);
    bytes -= candidate.bytes;
    assets--;
  }
  return keys;
}
