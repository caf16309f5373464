/** aulos for browsers: plays, seeks, caches and decodes remote audio while it downloads. */
import type { PageLibraryOptions } from './library.browser.ts';
import type { CacheOptions, PageCache } from './playback/cache.browser.ts';
import type { OpenOptions, SourceInput } from './playback/library.ts';
import type { Track } from './playback/track.ts';

export type { PageLibraryOptions } from './library.browser.ts';
export type { CacheOptions, PageCache } from './playback/cache.browser.ts';
export type { CacheCalls } from './playback/cache-answers.ts';
export type { Levels } from './playback/levels.ts';
export type { Part } from './playback/load.ts';
export type { OutputChoice, OutputKind } from './playback/output.ts';
export type { PlayerPeaksOptions } from './playback/peaks-request.ts';
export { Player, type PlayerOptions } from './playback/player.browser.ts';
export type { MediaEventName, PlayerEventDetails, PlayerEventMap, PlayerStats, TrackChangeReason } from './playback/player-events.ts';
export type { DownloadOptions } from './playback/questions.ts';
export type { ReadyState } from './playback/readiness.ts';
export type { SecondsRanges } from './playback/seconds-ranges.ts';
export * from './playback/surface.ts';

/**
 * Opens a track on the calling thread, with a cache, client and engine of its own, which end when the track is closed. Resolves as
 * soon as its head is understood. @throws AulosError `input.invalid`, `net.*`, `http.*`, `media.*`, `store.*`; `signal.reason`.
 */
export async function open(input: SourceInput, options: PageLibraryOptions & OpenOptions = {}): Promise<Track> {
  const base = globalThis.location?.href;
  const { createPageLibrary } = await import('./library.browser.ts'); // a page that only plays leaves it to the worker
  const library = createPageLibrary(options);
  try {
    const isRelative = typeof input === 'string' && URL.canParse(input, base);
    const source = await library.source(isRelative ? new URL(input, base) : input, options);
    return await library.track(source, {
      signal: options.signal ?? new AbortController().signal,
      decoder: options.decoder,
      onClosed: library.close,
    });
  } catch (error) {
    await library.close();
    throw error;
  }
}

/** What the players of this origin have stored: to list it, keep it, check it and delete it. @throws what loading its module throws. */
export async function openCache(options: CacheOptions = {}): Promise<PageCache> {
  const { linkCache } = await import('./playback/cache.browser.ts');
  return linkCache(options);
}
