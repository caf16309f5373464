import type { Metadata } from '../media.ts';
import { ID3_GENRES } from './id3-text.ts';
import { metadataOf } from './metadata.ts';

export const ID3V1_BYTES = 128;

/**
 * Reads the last 128 bytes of a file as ID3v1, or v1.1, which ends its comment with a track number; undefined if they are none.
 *
 *     TAG │ title 30 │ artist 30 │ album 30 │ year 4 │ comment 30 — or 28 │ 0 │ track — │ genre
 */
export function parseId3v1(tail: Uint8Array): Metadata | undefined {
  if (tail.length !== ID3V1_BYTES || String.fromCharCode(...tail.subarray(0, 3)) !== 'TAG') return undefined;
  const text = (start: number, length: number) => textOf(tail.subarray(start, start + length));
  const hasTrack = tail[125] === 0 && tail[126] !== 0;
  const fields = {
    title: text(3, 30),
    artist: text(33, 30),
    album: text(63, 30),
    date: text(93, 4),
    comment: text(97, hasTrack ? 28 : 30),
    track: hasTrack ? String(tail[126]) : '',
    genre: ID3_GENRES[tail[127]] ?? '',
  };
  return metadataOf(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')));
}

/** Latin-1 by custom; but programs of today write UTF-8, which other text hardly ever is by chance. */
function textOf(field: Uint8Array): string {
  const end = field.indexOf(0);
  const bytes = end < 0 ? field : field.subarray(0, end);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).trim();
  } catch {
    return new TextDecoder('latin1').decode(bytes).trim(); // no UTF-8, maybe because its last letter is cut in two
  }
}
