import type { Tags } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import { decodeId3Text, ID3_GENRES, splitId3Strings, tagNameOf } from './id3-text.ts';
import { type ITunesGapless, parseITunSmpb } from './itunes-gapless.ts';

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
const MAX_FRAMES = 10_000;
const MAX_TEXT = 1 << 20;

/** What an ID3v2 tag says that a player cares for. */
export interface Id3 {
  readonly tags: Tags;
  /** Encoder delay and padding as iTunes writes them into a comment. */
  readonly gapless: ITunesGapless | undefined;
}

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
  const found = new Findings();
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
  return { tags: Object.fromEntries(found.tags), gapless: found.gapless };
}

/** Collects values within the bounds that all tags of a file share. */
class Findings {
  readonly tags = new Map<string, string>();
  gapless: ITunesGapless | undefined;
  framesLeft = MAX_FRAMES;
  textLeft = MAX_TEXT;

  add(name: string, value: string): void {
    if (value !== '' && !this.tags.has(name)) this.tags.set(name, value);
  }
}

async function readTag(reader: ByteReader, header: Uint8Array, found: Findings, signal: AbortSignal): Promise<void> {
  const major = header[3];
  if (major < 2 || major > 4 || (major === 2 && header[5] & COMPRESSED_V22)) return;
  let end = reader.position + syncsafe(header, 6);
  // Up to v2.3 the tag is unsynchronised as a whole, so that sizes inside count the bytes after undoing it; v2.4 does it by frame.
  if (header[5] & UNSYNCHRONISED && major < 4) {
    const size = Math.min(end - reader.position, MAX_TEXT);
    await reader.need(size);
    const body = resynchronise(reader.bytes(size));
    reader = new ByteReader(memory(body), signal);
    end = body.length;
  }
  if (header[5] & EXTENDED_HEADER) {
    await reader.need(4);
    if (reader.available < 4) return;
    reader.skip(major === 3 ? 4 + reader.u32be() : syncsafe(reader.bytes(4), 0));
  }
  while (found.framesLeft-- > 0 && (await readFrame(reader, major, end, found)));
}

/** Reads one frame; false at the padding or at the end of the tag. */
async function readFrame(reader: ByteReader, major: number, end: number, found: Findings): Promise<boolean> {
  const headerSize = major === 2 ? 6 : 10;
  if (reader.position + headerSize > end) return false;
  await reader.need(headerSize);
  if (reader.available < headerSize || reader.u8() === 0) return false;
  const id = reader.ascii(major === 2 ? 3 : 4);
  const size = major === 2 ? reader.u24be(3) : major === 3 ? reader.u32be(4) : frameSizeV4(reader.bytes(4, 4));
  const flags = major === 2 ? 0 : reader.u8(9);
  reader.skip(headerSize);
  const next = reader.position + size;
  if (next > end) return false;
  const name = tagNameOf(id);
  if (name && size <= found.textLeft) {
    await reader.need(size);
    const content = frameContent(reader.bytes(size), major, flags);
    if (content) interpret(name, content, found);
    found.textLeft -= size;
  }
  reader.seek(next);
  return true;
}

/** A v2.4 frame size is syncsafe, but early iTunes wrote plain numbers; a high bit gives those away. */
function frameSizeV4(bytes: Uint8Array): number {
  const plain = (bytes[0] | bytes[1] | bytes[2] | bytes[3]) & 0x80;
  return plain ? ((bytes[0] << 24) | (bytes[1] << 16) | (bytes[2] << 8) | bytes[3]) >>> 0 : syncsafe(bytes, 0);
}

/** The frame without what its format flags put before or into it; undefined when it is compressed or encrypted. */
function frameContent(body: Uint8Array, major: number, flags: number): Uint8Array | undefined {
  if (major === 3) {
    if (flags & 0xc0) return undefined;
    return flags & 0x20 ? body.subarray(1) : body;
  }
  if (flags & 0x0c) return undefined;
  const prefix = (flags & 0x40 ? 1 : 0) + (flags & 0x01 ? 4 : 0);
  return flags & 0x02 ? resynchronise(body.subarray(prefix)) : body.subarray(prefix);
}

function interpret(name: string, content: Uint8Array, found: Findings): void {
  if (content.length < 2) return;
  const encoding = content[0];
  if (name === 'comment' || name === 'lyrics') {
    // encoding | language: 3 | description | text
    const [description, text] = splitId3Strings(content.subarray(4), encoding, 2).map((bytes) => decodeId3Text(bytes, encoding));
    if (description === 'iTunSMPB') found.gapless ??= parseITunSmpb(text ?? '');
    else if (!description?.startsWith('iTun')) found.add(name, text ?? description);
    return;
  }
  const strings = splitId3Strings(content.subarray(1), encoding, MAX_TEXT).map((bytes) => decodeId3Text(bytes, encoding));
  if (name === 'user') {
    const [key, ...values] = strings;
    if (key) found.add(key.toLowerCase(), joined(values));
  } else if (name === 'genre') found.add(name, joined(strings.map(genreOf)));
  else found.add(name, joined(strings));
}

const joined = (values: readonly string[]): string => values.filter((value) => value !== '').join('; ');

/** `17`, `(17)` and `(17)Rock` are how ID3 refers to its list of genres. */
function genreOf(text: string): string {
  const [, number, refinement] = /^\(?(\d{1,3})\)?(.*)$/.exec(text) ?? [];
  if (number === undefined) return text;
  return refinement || ID3_GENRES[Number(number)] || text;
}

/** Undoes unsynchronisation: each FF 00 was an FF (id3v2.4.0-structure §6.1). */
function resynchronise(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    out[length++] = bytes[i];
    if (bytes[i] === 0xff && bytes[i + 1] === 0) i++;
  }
  return out.subarray(0, length);
}

/** Four bytes of seven bits. */
const syncsafe = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] & 0x7f) << 21) | ((bytes[at + 1] & 0x7f) << 14) | ((bytes[at + 2] & 0x7f) << 7) | (bytes[at + 3] & 0x7f);

const memory = (bytes: Uint8Array): ByteSource => ({
  length: bytes.length,
  mediaType: '',
  read: async ({ start, end }) => bytes.subarray(start, end),
});
