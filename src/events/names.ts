import type { ByteRange } from '../base/ranges.ts';
import type { AulosError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';

/** Every event of aulos and what it carries. */
export interface EventPayloads {
  'source.opened': { url: string };
  'source.phase': { from: string; to: string };
  'source.length': { length: number };
  /** At most ten a second, and once at the end. `etaSeconds` is undefined while the length or the rate is unknown. */
  'source.progress': {
    heldBytes: number;
    length: number | undefined;
    held: readonly ByteRange[];
    bytesPerSecond: number;
    etaSeconds: number | undefined;
  };
  'source.mediaInfo': { info: MediaInfo };
  'source.retry': { attempt: number; delayMs: number; error: AulosError };
  'source.stalled': { afterMs: number };
  /** The resource turned out to be another version; what was held of the old one is gone. */
  'source.generation': { generation: number };
  /** What the server says of what was held at the opening; `unknown` if it could not be asked, and what is held is played. */
  'source.revalidated': { result: 'same' | 'changed' | 'unknown'; error?: AulosError };
  /** It has no end: only its last bytes are kept, in memory. */
  'source.live': { url: string };
  'source.segmentIndex': { segments: number; error?: AulosError };
  'source.failed': { error: AulosError };
  'source.closed': { url: string };
  /** A stored run failed its checksum and was dropped; it will be fetched again. */
  'store.healed': { key: string; range: ByteRange };
  /** The store takes no more; the asset goes on in memory. */
  'store.full': { key: string };
  /** The store does not keep this asset, or no longer, for `error`: it is played from memory. Told at the opening or when it happens. */
  'store.unavailable': { key: string; error: AulosError };
  'engine.publishStarted': { app: string; stream: string };
  'engine.publishEnded': { app: string; stream: string };
  'engine.subscriberJoined': { app: string; stream: string; id: string };
  'engine.subscriberLeft': { app: string; stream: string; id: string; lostFrames: number };
  /** A slow iterator of events lost the oldest `dropped` ones. */
  'bus.overflow': { dropped: number };
}

export type EventName = keyof EventPayloads;
