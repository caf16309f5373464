import type { Chapter, Metadata, Picture, Tags } from '../media.ts';
import { replayGainOf } from './replay-gain.ts';
import { chaptersOfTags } from './vorbis-chapters.ts';

/** Bounds for one file, whatever its tags say. */
export const MAX_PICTURES = 64;
export const MAX_CHAPTERS = 10_000;
/** A larger picture is left out. */
export const MAX_PICTURE_BYTES = 16 << 20;

/** What was found in the tags of a file. Loudness is taken from the text, and so are chapters if there are no others. */
export function metadataOf(tags: Tags, pictures: readonly Picture[] = [], chapters: readonly Chapter[] = []): Metadata {
  const replayGain = replayGainOf(tags);
  const told = chapters.length > 0 ? chapters : chaptersOfTags(tags);
  return { tags, ...(replayGain && { replayGain }), chapters: inOrder(told), pictures: pictures.slice(0, MAX_PICTURES) };
}

/** What two places of a file say; where they differ the first is right. */
export function joinMetadata(first: Metadata, second: Metadata): Metadata {
  const tags = { ...second.tags, ...first.tags };
  const pictures = first.pictures.length > 0 ? first.pictures : second.pictures;
  return metadataOf(tags, pictures, first.chapters.length > 0 ? first.chapters : second.chapters);
}

/** True if it says nothing. */
export const saysNothing = ({ tags, pictures, chapters }: Metadata): boolean =>
  Object.keys(tags).length + pictures.length + chapters.length === 0;

const inOrder = (chapters: readonly Chapter[]): Chapter[] => [...chapters].sort((a, b) => a.start - b.start).slice(0, MAX_CHAPTERS);
