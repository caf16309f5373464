import { AulosError, isAulosError } from '../errors.ts';
import type { EventScope } from '../events/bus.ts';
import type { Indexer } from './index-keeper.ts';
import { SegmentIndex } from './segment-index.ts';
import type { ByteSource, SidecarShelf } from './source.ts';

const SIDECAR = 'segments';

/**
 * The segment index of a complete resource, from its sidecar or else built, which is told; undefined if it has none or it cannot be had. `open`
 * gives a reader over the resource.
 */
export async function findIndex(
  indexer: Indexer,
  open: () => ByteSource & { close(): void },
  shelf: SidecarShelf | undefined,
  events: EventScope,
  signal: AbortSignal,
): Promise<SegmentIndex | undefined> {
  const stored = await shelf?.readSidecar(SIDECAR).catch(() => undefined); // without it the index is built again
  const known = stored && SegmentIndex.fromBytes(stored);
  if (known) return known;
  const source = open();
  try {
    const index = await indexer(source, signal);
    if (!index) return undefined;
    await shelf?.writeSidecar(SIDECAR, index.toBytes()).catch(() => {});
    events.publish('source.segmentIndex', { segments: index.segments.length });
    return index;
  } catch (error) {
    if (!signal.aborted) events.publish('source.segmentIndex', { segments: 0, error: nameOf(error) });
    return undefined;
  } finally {
    source.close();
  }
}

function nameOf(error: unknown): AulosError {
  if (isAulosError(error)) return error;
  return new AulosError('media.malformed', { offset: 0, what: 'fragments' }, 'the fragments cannot be indexed', { cause: error });
}
