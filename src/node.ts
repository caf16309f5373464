/** aulos for Node: fetches, caches and decodes remote audio while it downloads. The composition root: what only Node has comes in here. */
import { fileURLToPath } from 'node:url';
import { Engine } from './engine/engine.ts';
import { AulosError } from './errors.ts';
import { createNodeClient } from './net/client.node.ts';
import type { NetTimeouts } from './net/client.ts';
import { isPrivateAddress } from './net/private-address.node.ts';
import type { RetryPolicy } from './net/retry.ts';
import { createLibrary, type Library, type OpenOptions, type SourceInput } from './playback/library.ts';
import type { Track } from './playback/track.ts';
import { openLocalSource } from './source/local.node.ts';
import type { FileSource } from './source/source.ts';
import { createDiskStore, type DiskStoreOptions } from './store/disk.node.ts';
import { nodeAssetKey } from './store/key.node.ts';

export type { NetTimeouts } from './net/client.ts';
export * from './playback/engine-surface.ts';
export type { SampleFormat } from './playback/pcm-encoding.ts';
export { fileSink, type PcmOutput, streamSink } from './playback/pcm-sink.node.ts';
export * from './playback/surface.ts';
export { type SystemPlayerName, type SystemPlayerOptions, type SystemPlayerSink, systemPlayerSink } from './playback/system-player.node.ts';
export { defaultCacheDir } from './store/cache-dir.node.ts';
export type { Durability } from './store/disk.node.ts';

/** Options of {@link createAulos}. */
export interface AulosOptions {
  /** Folder of the cache. @default by XDG, see {@link defaultCacheDir} */
  readonly cacheDir?: string;
  /** What survives a power cut. @default 'batched' */
  readonly durability?: DiskStoreOptions['durability'];
  /** @default 10 GiB and 100,000 assets */
  readonly limits?: DiskStoreOptions['limits'];
  readonly timeouts?: Partial<NetTimeouts>;
  readonly retry?: Partial<RetryPolicy>;
  /** What an opening does that says nothing else: see {@link OpenOptions.revalidate}. @default 'never' */
  readonly revalidate?: OpenOptions['revalidate'];
  /**
   * May URLs lead to this machine and to private networks? False for URLs that come from others: then loopback, private, link-local and
   * metadata addresses are refused with `access.denied`, in all spellings, behind names and behind redirects. Paths of files are
   * not URLs, and what the cache holds needs no connection.
   * @default true
   */
  readonly allowPrivate?: boolean;
}

/** A {@link Library} that opens files of this machine too, with an engine, whose events are among the library's. */
export interface Aulos extends Library {
  readonly engine: Engine;
  /**
   * Opens an http(s) URL, the path of a file, a Blob or a stream, as bytes.
   * @throws AulosError `input.invalid`, `store.*`.
   */
  source(input: SourceInput, options?: OpenOptions): Promise<FileSource>;
  /**
   * Opens a track; resolves as soon as its head is understood. What turns out to be no media is not kept.
   * @throws AulosError `input.invalid`, `net.*`, `http.*`, `media.*`, `store.*`; `signal.reason`.
   */
  open(input: SourceInput, options?: OpenOptions): Promise<Track>;
}

/** Makes the cache, the client and the engine. Touches neither disk nor network yet. */
export function createAulos({ cacheDir, durability, limits, timeouts, retry, revalidate, allowPrivate = true }: AulosOptions = {}): Aulos {
  const store = createDiskStore({ root: cacheDir, limits, durability });
  const client = createNodeClient({ timeouts, isDenied: allowPrivate ? undefined : isPrivateAddress });
  const native = async () => (await import('./decode/native.node.ts')).findNativeDecoders();
  const library = createLibrary({ client, store, keyOf: nodeAssetKey, retry, native, revalidate });
  const source = async (input: SourceInput, options?: OpenOptions) => {
    if (typeof input !== 'string' && !(input instanceof URL)) return library.source(input, options);
    const place = placeOf(`${input}`);
    return 'path' in place ? openLocalSource(place.path, { events: library.events }) : library.source(place.url, options);
  };
  const open = async (input: SourceInput, options?: OpenOptions) => library.track(await source(input, options), trackOptionsOf(options));
  const engine = new Engine({ apps: [{ name: 'player' }], events: library.events });
  const close = async () => {
    await engine.close();
    await library.close();
  };
  return { ...library, engine, source, open, close, [Symbol.asyncDispose]: close };
}

/** Opens one track with a cache, client and engine of its own, which end when the track is closed. @throws as {@link Aulos.open}. */
export async function open(input: SourceInput, options: AulosOptions & OpenOptions = {}): Promise<Track> {
  const aulos = createAulos(options);
  try {
    return await aulos.track(await aulos.source(input, options), { ...trackOptionsOf(options), onClosed: aulos.close });
  } catch (error) {
    await aulos.close();
    throw error;
  }
}

const trackOptionsOf = ({ signal = new AbortController().signal, decoder }: OpenOptions = {}) => ({ signal, decoder });

/** A web address, or a file on this machine. */
function placeOf(input: string): { readonly url: string } | { readonly path: string } {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(input)?.[1].toLowerCase();
  if (scheme === undefined) return { path: input };
  if (scheme === 'file') return { path: fileURLToPath(input) };
  if ((scheme === 'http' || scheme === 'https') && URL.canParse(input)) return { url: new URL(input).href };
  throw new AulosError('input.invalid', { input }, `"${input}" is neither an http(s) URL nor a file`);
}
