import type { Chapter, Tags } from '../media.ts';
import type { QueueItem } from './queue-json.ts';

/** What the system's media controls show of a track. */
export interface SessionText {
  readonly title: string;
  readonly artist: string;
  readonly album: string;
  /** Present if it has any; browsers that do not know chapters pass them over. */
  readonly chapterInfo?: readonly { readonly title: string; readonly startTime: number }[];
}

/** What is known of the track. */
export interface SessionFacts {
  readonly item: QueueItem | undefined;
  readonly tags: Tags;
  readonly chapters: readonly Chapter[];
  readonly isLive: boolean;
}

/**
 * What to show: what the queue says, else what the file says, else the name of the file. A station names each song itself, and is what the
 * queue tells of.
 */
export function sessionText({ item, tags, chapters, isLive }: SessionFacts): SessionText {
  const isSong = isLive && Boolean(tags.title);
  const { title, artist, album } = isSong ? { ...tags, album: item?.title ?? tags.album } : { ...tags, ...given(item) };
  return {
    title: title || fileName(item?.url ?? ''),
    artist: artist ?? '',
    album: album ?? '',
    ...(chapters.length > 0 && { chapterInfo: chapters.map(({ title, start }) => ({ title, startTime: start })) }),
  };
}

/** Where the listener is, as `MediaSession.setPositionState` takes it without throwing; undefined where there is nothing to show, as in a live stream. */
export function sessionPosition(duration: number, currentTime: number, playbackRate: number): Required<MediaPositionState> | undefined {
  if (!Number.isFinite(duration) || duration < 0 || !Number.isFinite(currentTime)) return undefined;
  const rate = Number.isFinite(playbackRate) && playbackRate !== 0 ? playbackRate : 1;
  return { duration, position: Math.max(0, Math.min(currentTime, duration)), playbackRate: rate };
}

/** What of these texts an item has. */
function given(item: QueueItem | undefined): Partial<Pick<QueueItem, 'title' | 'artist' | 'album'>> {
  const { title, artist, album } = item ?? {};
  return { ...(title && { title }), ...(artist && { artist }), ...(album && { album }) };
}

/** The last part of the path, readable. */
function fileName(url: string): string {
  const name = /([^/]*)\/?$/.exec(url.replace(/[?#].*$/s, ''))![1];
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // of a file whose name has a per cent sign
  }
}
