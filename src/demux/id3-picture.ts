import { PICTURE_TYPES, type Picture } from '../media.ts';
import { decodeId3Text, splitId3Strings } from './id3-text.ts';

/** Media type and description of a picture are sought in so many bytes. */
export const MAX_PICTURE_HEAD_BYTES = 1_024;

/** Instead of a media type: the "picture" is an address. Nothing is fetched that a file asks for. */
const LINK = '-->';

/**
 * What precedes the bytes of a picture (id3v2.4.0-frames §4.14, id3v2-00 §4.15); `headBytes` is how long it is.
 *
 *     encoding 8 │ media type │ 0 │ kind 8 │ description │ 0        in v2.2 the media type is three letters: JPG, PNG
 */
export function parseId3PictureHead(
  head: Uint8Array,
  major: number,
): (Omit<Picture, 'place'> & { readonly headBytes: number }) | undefined {
  const encoding = head[0];
  const typeEnd = major === 2 ? 4 : head.indexOf(0, 1);
  if (typeEnd < 1 || typeEnd + 2 > head.length) return undefined;
  const declared = decodeId3Text(head.subarray(1, typeEnd), 0).toLowerCase();
  if (declared === LINK) return undefined;
  const kindAt = major === 2 ? typeEnd : typeEnd + 1;
  const rest = head.subarray(kindAt + 1);
  const [description] = splitId3Strings(rest, encoding, 2);
  const terminatorBytes = encoding === 1 || encoding === 2 ? 2 : 1;
  if (description.length + terminatorBytes > rest.length) return undefined;
  return {
    type: PICTURE_TYPES[head[kindAt]] ?? 'other',
    mediaType: mediaTypeOf(declared),
    description: decodeId3Text(description, encoding),
    headBytes: kindAt + 1 + description.length + terminatorBytes,
  };
}

/** v2.2 and careless writers leave out the `image/`. */
function mediaTypeOf(declared: string): string {
  if (declared === 'jpg' || declared === 'image/jpg') return 'image/jpeg';
  return declared === '' || declared.includes('/') ? declared : `image/${declared}`;
}
