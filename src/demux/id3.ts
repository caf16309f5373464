import type { ByteRange } from '../base/ranges.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import { type Id3, Id3Findings } from './id3-findings.ts';
import { frameSizeV4, resynchronise, syncsafe } from './id3-numbers.ts';
import { MAX_PICTURE_HEAD_BYTES } from './id3-picture.ts';
import { MAX_PICTURE_BYTES } from './metadata.ts';

// ID3v2 tag header (id3.org/id3v2.4.0-structure §3.1):
//
//   "ID3" | major | revision | flags: unsynchronised, extended header, experimental, footer | size: 4 × 7 bits
//
// The size counts neither this header nor the footer.
const HEADER_SIZE = 10;
const UNSYNCHRONISED = 0x80;
const EXTENDED_HEADER = 0x40;
const COMPRESSED_V22 = 0x40;
const FOOTER = 0x10;

const MAX_TAGS = 64;

/** A tag that is unsynchronised as a whole is read up to here; what stands behind is left out. */
const MAX_UNSYNCHRONISED_BYTES = 1 << 20;

/** Size in bytes of the ID3v2 tag that begins at `head` (10 bytes are enough), header and footer included; 0 when there is none. */
export function id3v2Size(head: Uint8Array): number {
  if (head.length < HEADER_SIZE || head[0] !== 0x49 || head[1] !== 0x44 || head[2] !== 0x33) return 0;
  if (head[3] === 0xff || head[4] === 0xff || (head[6] | head[7] | head[8] | head[9]) & 0x80) return 0;
  const hasFooter = head[3] >= 4 && (head[5] & FOOTER) !== 0;
  return HEADER_SIZE + syncsafe(head, 6) + (hasFooter ? HEADER_SIZE : 0);
}

/** Moves the cursor past all ID3v2 tags that begin at it; gives the number of bytes passed. Tag bodies are not read. */
export async function skipId3v2(reader: ByteReader): Promise<number> {
  const start = reader.position;
  for (let i = 0; i < MAX_TAGS; i++) {
    await reader.need(HEADER_SIZE);
    const size = id3v2Size(reader.bytes(HEADER_SIZE));
    if (size === 0) break;
    reader.skip(size);
  }
  return reader.position - start;
}

/**
 * Reads the ID3v2 tags that begin at the cursor and leaves it behind them. The first value of a name wins. Pictures and other large
 * frames are jumped over unread; damaged tags give what was read before the damage.
 * @throws what the source throws.
 */
export async function readId3(reader: ByteReader, signal: AbortSignal): Promise<Id3> {
  const found = new Id3Findings();
  for (let i = 0; i < MAX_TAGS; i++) {
    await reader.need(HEADER_SIZE);
    const header = reader.bytes(HEADER_SIZE);
    const size = id3v2Size(header);
    if (size === 0) break;
    const end = reader.position + size;
    reader.skip(HEADER_SIZE);
    await readTag(reader, header, found, signal);
    reader.seek(end);
  }
  return found.conclude();
}

/** The body of a tag, as its frames are read. */
interface TagBody {
  readonly reader: ByteReader;
  readonly major: number;
  /** Position of `reader` behind the last frame. */
  readonly end: number;
  /** Where the tag lies in the resource, if `reader` is of what it holds when it is synchronised again. */
  readonly unsynchronised: ByteRange | undefined;
  /** Format flags that all frames have, whether or not they say so. */
  readonly frameFlags: number;
}

async function readTag(reader: ByteReader, header: Uint8Array, found: Id3Findings, signal: AbortSignal): Promise<void> {
  const major = header[3];
  if (major < 2 || major > 4 || (major === 2 && header[5] & COMPRESSED_V22)) return;
  const range = { start: reader.position, end: reader.position + syncsafe(header, 6) };
  // Up to v2.3 the tag is unsynchronised as a whole, so that sizes inside count the bytes after undoing it; v2.4 does it by frame, and
  // the flag of the tag then stands for all of them (id3v2.4.0-structure §3.1).
  const isUnsynchronised = (header[5] & UNSYNCHRONISED) !== 0;
  const isAsAWhole = isUnsynchronised && major < 4;
  const frameFlags = isUnsynchronised && major === 4 ? FRAME_UNSYNCHRONISED : 0;
  const body: TagBody = isAsAWhole
    ? await synchronised(reader, range, major, signal)
    : { reader, major, end: range.end, unsynchronised: undefined, frameFlags };
  if (header[5] & EXTENDED_HEADER) {
    await body.reader.need(4);
    if (body.reader.available < 4) return;
    body.reader.skip(major === 3 ? 4 + body.reader.u32be() : syncsafe(body.reader.bytes(4), 0));
  }
  while (found.framesLeft-- > 0 && (await readFrame(body, found)));
}

async function synchronised(reader: ByteReader, range: ByteRange, major: number, signal: AbortSignal): Promise<TagBody> {
  const size = Math.min(range.end - range.start, MAX_UNSYNCHRONISED_BYTES);
  await reader.need(size);
  const bytes = resynchronise(reader.bytes(size));
  return { reader: new ByteReader(memory(bytes), signal), major, end: bytes.length, unsynchronised: range, frameFlags: 0 };
}

/** Reads one frame; false at the padding or at the end of the tag. */
async function readFrame(body: TagBody, found: Id3Findings): Promise<boolean> {
  const { reader, major, end, frameFlags } = body;
  const headerSize = major === 2 ? 6 : 10;
  if (reader.position + headerSize > end) return false;
  await reader.need(headerSize);
  if (reader.available < headerSize || reader.u8() === 0) return false;
  const id = reader.ascii(major === 2 ? 3 : 4);
  const size = major === 2 ? reader.u24be(3) : major === 3 ? reader.u32be(4) : frameSizeV4(reader.bytes(4, 4));
  const flags = major === 2 ? 0 : reader.u8(9) | frameFlags;
  reader.skip(headerSize);
  const next = reader.position + size;
  if (id === 'APIC' || id === 'PIC') await readPicture(body, size, flags, found);
  if (next > end) return false;
  if (found.isWanted(id, size)) {
    await reader.need(size);
    const content = frameContent(reader.bytes(size), major, flags);
    if (content) found.take(id, content, major);
  }
  reader.seek(next);
  return true;
}

/** Reads what precedes the bytes of a picture and notes where they are. */
async function readPicture(
  { reader, major, end, unsynchronised }: TagBody,
  size: number,
  flags: number,
  found: Id3Findings,
): Promise<void> {
  const limit = unsynchronised ? unsynchronised.end - unsynchronised.start : end - reader.position;
  if (size > Math.min(limit, MAX_PICTURE_BYTES)) return;
  await reader.need(Math.min(size, MAX_PICTURE_HEAD_BYTES));
  const raw = reader.bytes(Math.min(size, MAX_PICTURE_HEAD_BYTES, reader.available));
  const head = frameContent(raw, major, flags);
  if (!head) return;
  const prefix = prefixBytes(major, flags);
  const start = reader.position + prefix;
  if (unsynchronised) found.takePicture(head, major, { ...unsynchronised, coding: 'unsynchronised', skip: start, size: size - prefix });
  else {
    const coding = major === 4 && flags & FRAME_UNSYNCHRONISED ? 'unsynchronised' : 'plain';
    found.takePicture(head, major, { start, end: reader.position + size, coding, skip: 0, size: undefined });
  }
}

// Format flags of a frame: v2.3: compressed, encrypted, grouped | v2.4: grouped, compressed, encrypted, unsynchronised, with its length.
const FRAME_UNSYNCHRONISED = 0x02;

/** The frame without what its format flags put before or into it; undefined when it is compressed or encrypted. */
function frameContent(body: Uint8Array, major: number, flags: number): Uint8Array | undefined {
  if (flags & (major === 3 ? 0xc0 : 0x0c)) return undefined;
  const content = body.subarray(prefixBytes(major, flags));
  return major === 4 && flags & FRAME_UNSYNCHRONISED ? resynchronise(content) : content;
}

/** Bytes that format flags put before the content. */
const prefixBytes = (major: number, flags: number): number =>
  major === 3 ? (flags & 0x20 ? 1 : 0) : (flags & 0x40 ? 1 : 0) + (flags & 0x01 ? 4 : 0);

const memory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  mediaType: '',
  read: async ({ start, end }) => bytes.subarray(start, end),
});
