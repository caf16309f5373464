import type { Aulos } from '../node.ts';
import { showProgress } from './progress.node.ts';
import type { CommandResult, CommonOptions } from './run.node.ts';
import { formatBytes } from './units.ts';

/** `aulos fetch URL`: downloads into the cache; asks the network only for what is not held yet. */
export async function fetchCommand(aulos: Aulos, url: string, { json }: CommonOptions, signal: AbortSignal): Promise<CommandResult> {
  const heldBefore = await heldBytes(aulos, url);
  using _ = await showProgress(aulos.events, { json });
  await using track = await aulos.open(url, { signal });
  await track.download({ signal });
  const { length: bytes = 0, traffic, mediaType } = track.source;
  return {
    json: { url, bytes, heldBefore, fetchedBytes: traffic.network, requests: traffic.requests, mediaType },
    text: `${formatBytes(bytes)} held, ${formatBytes(traffic.network)} of it fetched now (requests: ${traffic.requests})`,
  };
}

async function heldBytes(aulos: Aulos, url: string): Promise<number> {
  await using source = await aulos.source(url, { whole: false, revalidate: 'never' });
  return source.held.size;
}
