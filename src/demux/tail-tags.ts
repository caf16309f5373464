import type { Metadata } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { APE_FRAME_BYTES, parseApeFrame, readApeItems } from './ape.ts';
import { ByteReader } from './byte-reader.ts';
import { ID3V1_BYTES, parseId3v1 } from './id3v1.ts';
import { joinMetadata, metadataOf } from './metadata.ts';

/** Nearly always enough for all that stands behind the sound, so that it costs one request. */
const TAIL_BYTES = 16_384;

/** `LYRICS200` behind six digits. */
const LYRICS_END_BYTES = 15;

/**
 * Reads the tags at the end of a file: APEv2, which may stand in front of Lyrics3, which may stand in front of ID3v1. None while the length
 * is not known. @throws what the source throws.
 */
export async function readTailTags(source: ByteSource, signal: AbortSignal): Promise<Metadata> {
  const none = metadataOf({});
  if (source.length === undefined || source.length === 0) return none;
  const start = Math.max(0, source.length - TAIL_BYTES);
  const tail = await source.read({ start, end: source.length }, signal);
  const id3 = parseId3v1(tail.subarray(-ID3V1_BYTES));
  let end = tail.length - (id3 ? ID3V1_BYTES : 0);
  end -= lyricsBytes(tail.subarray(0, end));
  const footerAt = end - APE_FRAME_BYTES;
  const tag = footerAt >= 0 ? parseApeFrame(tail.subarray(footerAt, end), start + footerAt) : undefined;
  if (!tag) return id3 ?? none;
  const reader = new ByteReader(tag.itemsStart >= start ? held(tail, start) : source, signal, tag.itemsStart);
  return joinMetadata(await readApeItems(reader, tag), id3 ?? none);
}

/** Bytes of a Lyrics3 v2 tag at the end of `bytes`: the digits count all but themselves and what follows. */
function lyricsBytes(bytes: Uint8Array): number {
  const [, digits] = /^(\d{6})LYRICS200$/.exec(String.fromCharCode(...bytes.subarray(-LYRICS_END_BYTES))) ?? [];
  return digits === undefined ? 0 : Number(digits) + LYRICS_END_BYTES;
}

/** Bytes in memory, from byte `origin` of the resource to its end. */
const held = (bytes: Uint8Array, origin: number): ByteSource => ({
  length: origin + bytes.length,
  mediaType: '',
  read: async ({ start, end }) => bytes.subarray(start - origin, end - origin),
});
