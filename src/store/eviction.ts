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

/** What a store that evicts can do. */
export interface Evictable {
  /** Every asset, as it stands now. */
  census(): Promise<LruRecord[]>;
  /** False if it stays, because somebody has it open or has just pinned it. */
  evict(key: string): Promise<boolean>;
}

/** Evicts until the limits are kept, or nothing more can go. Gives how many assets went. */
export async function evict(store: Evictable, limits: StoreLimits): Promise<number> {
  const locked = new Set<string>();
  for (let evicted = 0; ; ) {
    const census = await store.census();
    const keys = victims(
      census.map((record) => (locked.has(record.key) ? { ...record, open: true } : record)),
      limits,
      0,
    );
    if (keys.length === 0) return evicted;
    for (const key of keys) {
      if (await store.evict(key)) evicted++;
      else locked.add(key);
    }
  }
}

/**
 * Evicts until the limits are kept; `force` evicts at least one, for a medium that is full before its limits are reached. False if
 * nothing more can go.
 */
export async function makeRoom(store: Evictable, limits: StoreLimits, force: boolean): Promise<boolean> {
  const before = totalBytes(await store.census());
  const evicted = await evict(store, force ? { ...limits, maxBytes: before - 1 } : limits);
  return force ? evicted > 0 : totalBytes(await store.census()) <= limits.maxBytes;
}

/** What all of them take. */
export const totalBytes = (records: readonly LruRecord[]): number => records.reduce((sum, { bytes }) => sum + bytes, 0);
