import type { MediaInfo } from '../media.ts';

/** True if `info` says of a resource what `before`, which was told last, did not: all that opened it tell what they find. */
export function isNews(info: MediaInfo, before: MediaInfo | undefined): boolean {
  if (!before) return true;
  if (info.durationIsExact !== before.durationIsExact) return info.durationIsExact;
  return textsOf(info) > textsOf(before) || lastLinkOf(info) > lastLinkOf(before);
}

const textsOf = ({ tags, chapters, pictures }: MediaInfo): number => Object.keys(tags).length + chapters.length + pictures.length;

const lastLinkOf = ({ links }: MediaInfo): number => links?.at(-1)?.start ?? 0;
