import { AulosError } from '../errors.ts';
import type { Picture } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { resynchronise } from './id3-numbers.ts';
import { MAX_PICTURE_BYTES } from './metadata.ts';
import { pictureTypeOf } from './picture-type.ts';

/** A picture out of a file. */
export interface PictureBytes {
  /** Told from the bytes, not from what the file declares; `application/octet-stream` if they are none of the usual. */
  readonly mediaType: string;
  /** Owned by the caller. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Base64 takes a third more, and pages and unsynchronisation add theirs. */
const MAX_CODED_BYTES = 2 * MAX_PICTURE_BYTES;

/** Reads a picture that the demuxer of `source` told of. @throws AulosError `media.truncated`, `media.malformed`, `media.limit`; what the source throws. */
export async function readPicture(source: ByteSource, { place }: Picture, signal: AbortSignal): Promise<PictureBytes> {
  const { start, end, coding, skip, size } = place;
  const details = { offset: start, what: 'picture' };
  if (end - start > MAX_CODED_BYTES) throw new AulosError('media.limit', details, 'the picture is too large');
  const coded = await source.read({ start, end }, signal);
  if (coded.length < end - start) throw new AulosError('media.truncated', details, 'the file ends inside a picture');
  const bytes = await decoded(coded, coding, skip, size);
  if (!bytes) throw new AulosError('media.malformed', details, 'the picture is damaged');
  return { mediaType: pictureTypeOf(bytes), bytes: bytes.slice() };
}

async function decoded(
  coded: Uint8Array,
  coding: Picture['place']['coding'],
  skip: number,
  size: number | undefined,
): Promise<Uint8Array | undefined> {
  const cut = (bytes: Uint8Array) => bytes.subarray(skip, size === undefined ? undefined : skip + size);
  if (coding === 'plain') return cut(coded);
  if (coding === 'unsynchronised') return cut(resynchronise(coded));
  const { oggHeaders, pictureOfComment } = await import('./ogg-pictures.ts');
  const bytes = cut(await oggHeaders(coded));
  return coding === 'ogg' ? bytes : pictureOfComment(bytes);
}
