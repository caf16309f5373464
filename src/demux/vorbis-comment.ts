import type { ByteRange } from '../base/ranges.ts';
import type { Tags } from '../media.ts';

/** Names that other tag formats spell differently. */
const COMMON_NAMES: ReadonlyMap<string, string> = new Map([
  ['tracknumber', 'track'],
  ['discnumber', 'disc'],
  ['description', 'comment'],
]);

const MAX_COMMENTS = 10_000;

const MAX_TEXT_BYTES = 65_536;

/** The field whose text is a picture (wiki.xiph.org/VorbisComment), in base64. */
const PICTURE = 'METADATA_BLOCK_PICTURE=';

/** What a Vorbis comment says. */
export interface VorbisComment {
  readonly tags: Tags;
  /** Where the texts of pictures lie in it. */
  readonly pictures: readonly ByteRange[];
}

/**
 * Reads a Vorbis comment (RFC 9639 §8.6; Ogg Vorbis and Opus use it too), which begins at `bytes[0]` with the vendor string.
 * What is damaged or out of bounds is left out; several comments of one name are joined by `; `.
 *
 *     vendor length 32le │ vendor │ count 32le │ count × ( length 32le │ NAME=text in UTF-8 )
 */
export function parseVorbisComment(bytes: Uint8Array): VorbisComment {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const decoder = new TextDecoder();
  const tags = new Map<string, string>();
  const pictures: ByteRange[] = [];
  let at = 0;
  const readLength = () => {
    at += 4;
    return at <= bytes.length ? view.getUint32(at - 4, true) : 0;
  };
  const vendorLength = readLength();
  at += vendorLength;
  const count = Math.min(readLength(), MAX_COMMENTS);
  for (let i = 0; i < count && at < bytes.length; i++) {
    const length = readLength();
    const end = at + length;
    if (end > bytes.length) break;
    if (isPicture(bytes.subarray(at, end))) pictures.push({ start: at + PICTURE.length, end });
    else if (length <= MAX_TEXT_BYTES) addComment(tags, decoder.decode(bytes.subarray(at, end)));
    at = end;
  }
  return { tags: Object.fromEntries(tags), pictures };
}

const isPicture = (comment: Uint8Array): boolean =>
  comment.length > PICTURE.length && String.fromCharCode(...comment.subarray(0, PICTURE.length)).toUpperCase() === PICTURE;

function addComment(tags: Map<string, string>, comment: string): void {
  const equals = comment.indexOf('=');
  if (equals < 1) return;
  const field = comment.slice(0, equals).toLowerCase();
  const name = COMMON_NAMES.get(field) ?? field;
  const text = comment.slice(equals + 1);
  const earlier = tags.get(name);
  tags.set(name, earlier === undefined ? text : `${earlier}; ${text}`);
}
