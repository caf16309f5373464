import { loadPart } from '../base/part.ts';
import type { DecoderChoice, NativeDecoders } from '../decode/native.ts';
import { AulosError, isAulosError } from '../errors.ts';
import { EventScope } from '../events/bus.ts';
import type { CrossOrigin, RangeClient } from '../net/client.ts';
import type { RetryPolicy } from '../net/retry.ts';
import { Sources } from '../source/file-source.ts';
import type { Revalidate } from '../source/freshness.ts';
import type { Indexer } from '../source/index-keeper.ts';
import type { RequestHeaders } from '../source/origin.ts';
import type { FileSource } from '../source/source.ts';
import type { AssetKeyOptions } from '../store/key-text.ts';
import type { AssetStore } from '../store/store.ts';
import type { Track } from './track.ts';

/** What can be opened on every platform: an http(s) URL, bytes at hand, or bytes that come once. */
export type SourceInput = string | URL | Blob | ReadableStream<Uint8Array>;

/** How one input is opened. */
export interface OpenOptions extends AssetKeyOptions {
  readonly signal?: AbortSignal;
  /** Sent with every request for it, for which a function is asked each time; dropped on a redirect to another origin. */
  readonly headers?: RequestHeaders;
  /**
   * Whether a page sends cookies and the like to other origins, which then have to agree by `Access-Control-Allow-Credentials`; Node has none.
   * Where they decide what comes, keep it apart by `discriminator`. @default 'anonymous'
   */
  readonly crossOrigin?: CrossOrigin;
  /**
   * Asks a station to say what it plays, which is told as links of `info` (`source.mediaInfo`), each with its title, from the second on in which it
   * sounds. In pages its origin has to allow `Icy-MetaData` and expose `icy-metaint`; one that does not is asked twice. @default false
   */
  readonly titles?: boolean;
  /**
   * Gives a new URL for the same resource when the old one is refused (401, 403 or 410) after part of it was had, as signed URLs are when they
   * expire. Asked once for all who wait; if the new URL is refused too, or none is given, `access.expired`. Keep signatures out of the
   * key by `cacheKey`.
   */
  readonly refreshUrl?: (error: AulosError) => Promise<string>;
  /** Fetch every byte, or only what is read. @default true */
  readonly whole?: boolean;
  /** What becomes of the download when the last one who has it open closes it. @default 'pause' */
  readonly onIdle?: 'continue' | 'pause';
  /**
   * Whether the server is asked if what is held is still its version: never, at each opening, or when it said so longer ago than so many
   * seconds. If it cannot be asked, what is held is played; `source.revalidated` tells. @default that of the library
   */
  readonly revalidate?: Revalidate;
  /**
   * Who decodes: our own decoders, which give the same sound everywhere; those of the platform (WebCodecs; in Node `node-av` or
   * `@napi-rs/webcodecs` where the application has installed one); or ours, and the platform's for what ours refuse. @default 'auto'
   */
  readonly decoder?: DecoderChoice;
}

/** How the track in a source is opened. */
export interface TrackOptions extends Pick<OpenOptions, 'decoder'> {
  readonly signal: AbortSignal;
  /** Ends what was made for this track alone. */
  readonly onClosed?: () => Promise<void>;
}

/** What a platform brings; the library closes them. */
export interface LibraryParts {
  readonly client: RangeClient;
  readonly store: AssetStore;
  /** Names assets, as `assetKey` does. */
  readonly keyOf: (url: string, options: AssetKeyOptions) => string | Promise<string>;
  readonly retry?: Partial<RetryPolicy>;
  /** Finds the decoders of the platform. @default WebCodecs, where there are any */
  readonly native?: () => Promise<NativeDecoders | undefined>;
  /** What an opening does that says nothing else. @default 'never' */
  readonly revalidate?: Revalidate;
}

/** A cache and a network client that belong together. */
export interface Library extends AsyncDisposable {
  readonly store: AssetStore;
  /** Everything that happens in it, `source.*` and `store.*`. */
  readonly events: EventScope;
  /**
   * Opens an input as bytes. A stream is owned by the source, which holds it as long as it is open; the options are about URLs.
   * @throws AulosError `input.invalid`, `store.*`.
   */
  source(input: SourceInput, options?: OpenOptions): Promise<FileSource>;
  /**
   * Opens the track in a source, which it owns. What turns out to be no media is not kept.
   * @throws AulosError `net.*`, `http.*`, `media.*`; `signal.reason`.
   */
  track(source: FileSource, options: TrackOptions): Promise<Track>;
  /** Closes everything opened through it; what has arrived is kept. Idempotent. */
  close(): Promise<void>;
}

// Parts of their own: a page waits for what asks for the first bytes, and all this is only needed when they have come.
const loadBlobs = () => loadPart('blobs', () => import('../source/local.ts'));
const loadTracks = () => loadPart('tracks', () => import('./tracks.ts'));
const indexer: Indexer = async (source, signal) => (await loadTracks()).segmentIndexer(source, signal);

/** Puts the stages together, and tells them what they may not import. Touches neither the store nor the network yet. */
export function createLibrary({ client, store, keyOf, retry, native, revalidate }: LibraryParts): Library {
  const events = new EventScope();
  const sources = new Sources({ client, store, events, retry, indexer });
  const close = async () => {
    await sources.close();
    await client.close();
    await store.close();
  };
  return {
    store,
    events,
    async source(input, { cacheKey, discriminator, decoder: _, ...options } = {}) {
      if (typeof input === 'object') {
        // Not asked of a text: Node loads what makes streams when it is named.
        if (input instanceof Blob) return (await loadBlobs()).openBlobSource(input, { events, indexer });
        if (input instanceof ReadableStream) return sources.openStream(input);
      }
      if (!URL.canParse(input)) throw new AulosError('input.invalid', { input: `${input}` }, `"${input}" is no URL`);
      const url = `${input}`;
      return sources.open({
        ...options,
        revalidate: options.revalidate ?? revalidate,
        url,
        key: await keyOf(url, { cacheKey, discriminator }),
      });
    },
    async track(source, { signal, decoder, onClosed }) {
      const { openTrack } = await loadTracks().catch(async (error: unknown) => {
        await source.close();
        throw error;
      });
      try {
        return await openTrack(source, { decoder, native }, signal, onClosed);
      } catch (error) {
        if (isNoMedia(error) && source.key !== undefined) await store.delete(source.key);
        throw error;
      }
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const isNoMedia = (error: unknown) => isAulosError(error, 'media.unsupported') || isAulosError(error, 'media.malformed');
