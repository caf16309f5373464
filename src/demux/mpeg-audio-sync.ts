import type { ByteReader } from './byte-reader.ts';
import { areOfOneStream, HEADER_BYTES, MAX_FRAME_BYTES, type MpegAudioHeader, parseMpegAudioHeader } from './mpeg-audio-header.ts';

/** Bytes of junk, before the first frame or in a damaged stretch, that are searched for the next one. */
export const MAX_JUNK = 131_072;

/** No frame is shorter: a header, side information and next to nothing. */
const MIN_FRAME_BYTES = 21;

/** Searches for the size of free format frames are dear, and honest junk hardly starts one. */
const MAX_FREE_FORMAT_SEARCHES = 64;

/** A frame that {@link findFrame} found. */
export interface FoundFrame {
  /** Its header as a big-endian word; frames of the same stream agree with it (`areOfOneStream`). */
  readonly word: number;
  readonly header: MpegAudioHeader;
  /** In free format, the size of frames without padding; 0 otherwise. */
  readonly freeFormatSize: number;
}

/**
 * Moves the cursor to the next frame and tells what it is; a header counts when another one that agrees stands where the frame ends.
 * Undefined when there is none in {@link MAX_JUNK} bytes; the cursor is where the search ended. With `like`, frames of that stream are
 * looked for; others of its layer, as in joined files, must be followed by three.
 */
export async function findFrame(reader: ByteReader, like?: FoundFrame): Promise<FoundFrame | undefined> {
  const end = reader.position + MAX_JUNK;
  let searches = 0;
  for (; reader.position < end; reader.skip(1)) {
    if (reader.available < HEADER_BYTES) await reader.need(HEADER_BYTES);
    if (reader.available < HEADER_BYTES) return undefined;
    if (reader.u8() !== 0xff) continue;
    const word = reader.u32be();
    const header = parseMpegAudioHeader(word);
    if (!header || (like && header.layer !== like.header.layer)) continue;
    const isLike = like !== undefined && areOfOneStream(word, like.word);
    let freeFormatSize = isLike ? like.freeFormatSize : 0;
    if (header.size === 0 && !like && searches++ < MAX_FREE_FORMAT_SEARCHES) freeFormatSize = await measureFreeFormat(reader, word, header);
    const found = { word, header, freeFormatSize };
    if (await isFollowed(reader, found, like && !isLike ? 3 : 1)) return found;
  }
  return undefined;
}

/** Bytes of a frame with `header`, in a stream where free format frames have `freeFormatSize`; 0 if that cannot be. */
export const frameBytes = (header: MpegAudioHeader, freeFormatSize: number): number =>
  header.size > 0 ? header.size : freeFormatSize > 0 ? freeFormatSize + header.padding : 0;

/** True if the frame at the cursor is followed by `count` others of its stream. */
async function isFollowed(reader: ByteReader, { word, header, freeFormatSize }: FoundFrame, count: number): Promise<boolean> {
  let next: MpegAudioHeader | undefined = header;
  for (let end = 0; count-- > 0; ) {
    const size: number = frameBytes(next, freeFormatSize);
    if (size === 0) return false;
    end += size;
    await reader.need(end + HEADER_BYTES);
    if (reader.available < end + HEADER_BYTES) return false;
    const nextWord = reader.u32be(end);
    next = areOfOneStream(word, nextWord) ? parseMpegAudioHeader(nextWord) : undefined;
    if (!next) return false;
  }
  return true;
}

/** In free format the size is the distance to the next header; a third one has to confirm it. */
async function measureFreeFormat(reader: ByteReader, word: number, header: MpegAudioHeader): Promise<number> {
  await reader.need(2 * MAX_FRAME_BYTES + HEADER_BYTES);
  const last = Math.min(MAX_FRAME_BYTES, reader.available - HEADER_BYTES);
  for (let distance = MIN_FRAME_BYTES; distance <= last; distance++) {
    const second = freeFormatHeader(reader, distance, word);
    if (!second) continue;
    const size = distance - header.padding;
    const third = distance + size + second.padding;
    if (third + HEADER_BYTES > reader.available || freeFormatHeader(reader, third, word)) return size;
  }
  return 0;
}

function freeFormatHeader(reader: ByteReader, offset: number, like: number): MpegAudioHeader | undefined {
  const word = reader.u32be(offset);
  if (!areOfOneStream(word, like)) return undefined;
  const header = parseMpegAudioHeader(word);
  return header?.bitRate === 0 ? header : undefined;
}
