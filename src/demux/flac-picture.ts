import { PICTURE_TYPES, type Picture } from '../media.ts';

/** Media type and description of a picture are sought in so many bytes. */
export const MAX_FLAC_PICTURE_HEAD_BYTES = 1_024;

/** What stands before the bytes of a picture, and how many those are. */
export interface FlacPictureHead extends Omit<Picture, 'place'> {
  readonly headBytes: number;
  readonly pictureBytes: number;
}

/** Instead of a media type: the "picture" is an address. Nothing is fetched that a file asks for. */
const LINK = '-->';

/**
 * Reads the beginning of a picture (RFC 9639 §8.8); undefined if it is malformed.
 *
 *     kind 32 │ length 32 │ media type │ length 32 │ description │ width, height, depth, colours 4 × 32 │ length 32 │ picture
 */
export function parseFlacPictureHead(head: Uint8Array): FlacPictureHead | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (head.length < 8) return undefined;
  const typeEnd = 8 + view.getUint32(4);
  if (typeEnd + 4 > head.length) return undefined;
  const descriptionEnd = typeEnd + 4 + view.getUint32(typeEnd);
  const headBytes = descriptionEnd + 20;
  if (headBytes > head.length) return undefined;
  const mediaType = new TextDecoder('latin1').decode(head.subarray(8, typeEnd)).toLowerCase();
  if (mediaType === LINK) return undefined;
  return {
    type: PICTURE_TYPES[view.getUint32(0)] ?? 'other',
    mediaType,
    description: new TextDecoder().decode(head.subarray(typeEnd + 4, descriptionEnd)),
    headBytes,
    pictureBytes: view.getUint32(headBytes - 4),
  };
}
