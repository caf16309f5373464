import type { Chapter, Tags } from '../media.ts';

/** Chapters that text tags tell: `CHAPTER001=00:01:02.500` and `CHAPTER001NAME=…` (wiki.xiph.org/Chapter_Extension). */
export function chaptersOfTags(tags: Tags): Chapter[] {
  const chapters: Chapter[] = [];
  for (const [name, text] of Object.entries(tags)) {
    const start = /^chapter\d{1,5}$/.test(name) ? secondsIn(text) : undefined;
    if (start !== undefined) chapters.push({ title: tags[`${name}name`] ?? '', start, end: undefined });
  }
  return chapters;
}

function secondsIn(text: string): number | undefined {
  const [, hours, minutes, seconds] = /^(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)$/.exec(text.trim()) ?? [];
  return hours === undefined ? undefined : Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
