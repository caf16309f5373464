import { type Metadata, PICTURE_TYPES, type Picture } from '../media.ts';
import type { ByteReader } from './byte-reader.ts';
import { MAX_PICTURE_BYTES, MAX_PICTURES, metadataOf } from './metadata.ts';

/** Header and footer, which look alike. */
export const APE_FRAME_BYTES = 32;

const MAX_ITEMS = 10_000;
const MAX_TEXT_BYTES = 65_536;
const MAX_TAG_BYTES = 32 << 20;

const IS_HEADER = 0x20000000;

// Flags of an item: bits 1 and 2 say what it is.
const KIND = 6;
const TEXT = 0;
const BINARY = 2;

/** Names that other tag formats spell differently. */
const COMMON_NAMES: Readonly<Record<string, string>> = {
  year: 'date',
  'album artist': 'albumartist',
  tracknumber: 'track',
  discnumber: 'disc',
};

/** Names of items that are pictures. */
const COVER = /^cover art \((.+)\)$/;

/** Where the items of an APE tag lie. */
export interface ApeTag {
  readonly items: number;
  readonly itemsStart: number;
  readonly itemsEnd: number;
}

/**
 * Reads the frame of a tag (wiki.hydrogenaud.io, "APEv2 specification"); `at` is its byte offset in the resource. Undefined if it is none.
 *
 *     APETAGEX │ version 32le │ bytes of the items and the footer 32le │ items 32le │ flags 32le │ 8 bytes
 */
export function parseApeFrame(frame: Uint8Array, at: number): ApeTag | undefined {
  if (frame.length < APE_FRAME_BYTES || String.fromCharCode(...frame.subarray(0, 8)) !== 'APETAGEX') return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset);
  const [size, items, flags] = [view.getUint32(12, true), view.getUint32(16, true), view.getUint32(20, true)];
  if (size < APE_FRAME_BYTES || size > MAX_TAG_BYTES) return undefined;
  const end = flags & IS_HEADER ? at + APE_FRAME_BYTES + size : at + APE_FRAME_BYTES;
  const itemsStart = end - size;
  return itemsStart < 0 ? undefined : { items, itemsStart, itemsEnd: end - APE_FRAME_BYTES };
}

/**
 * Reads the items of a tag. Pictures are noted and jumped over; what is damaged ends the reading.
 *
 *     bytes of the value 32le │ flags 32le │ name │ 0 │ value        several texts are separated by 0
 */
export async function readApeItems(reader: ByteReader, { items, itemsStart, itemsEnd }: ApeTag): Promise<Metadata> {
  const tags = new Map<string, string>();
  const pictures: Picture[] = [];
  reader.seek(itemsStart);
  for (let i = 0; i < Math.min(items, MAX_ITEMS) && reader.position + 9 < itemsEnd; i++) {
    await reader.need(Math.min(8 + MAX_NAME_BYTES, itemsEnd - reader.position));
    if (reader.available < 9) break;
    const [size, flags] = [reader.u32le(), reader.u32le(4)];
    const head = reader.bytes(Math.min(8 + MAX_NAME_BYTES, reader.available));
    const nameEnd = head.indexOf(0, 8);
    if (nameEnd < 0) break;
    const name = new TextDecoder('latin1').decode(head.subarray(8, nameEnd)).toLowerCase();
    reader.skip(nameEnd + 1);
    const end = reader.position + size;
    if (end > itemsEnd) break;
    if ((flags & KIND) === BINARY) await notePicture(reader, name, end, pictures);
    else if ((flags & KIND) === TEXT && size <= MAX_TEXT_BYTES) await readText(reader, name, size, tags);
    reader.seek(end);
  }
  return metadataOf(Object.fromEntries(tags), pictures);
}

const MAX_NAME_BYTES = 256;

async function readText(reader: ByteReader, name: string, size: number, tags: Map<string, string>): Promise<void> {
  await reader.need(size);
  const texts = new TextDecoder().decode(reader.bytes(Math.min(size, reader.available))).split('\0');
  const text = texts.filter((part) => part !== '').join('; ');
  const common = COMMON_NAMES[name] ?? name;
  if (text !== '' && !tags.has(common)) tags.set(common, text);
}

/** A file name, and a zero, stand before the bytes of a picture. */
async function notePicture(reader: ByteReader, name: string, end: number, pictures: Picture[]): Promise<void> {
  const [, what] = COVER.exec(name) ?? [];
  const { position } = reader;
  if (what === undefined || end - position > MAX_PICTURE_BYTES || pictures.length >= MAX_PICTURES) return;
  await reader.need(Math.min(MAX_NAME_BYTES, end - position));
  const head = reader.bytes(Math.min(MAX_NAME_BYTES, reader.available, end - position));
  const description = head.subarray(0, Math.max(0, head.indexOf(0)));
  const place = { start: position + head.indexOf(0) + 1, end, coding: 'plain', skip: 0, size: undefined } as const;
  pictures.push({ type: pictureTypeOf(what), mediaType: '', description: new TextDecoder().decode(description), place });
}

const pictureTypeOf = (what: string): Picture['type'] => PICTURE_TYPES.find((type) => type === what || type === `${what} cover`) ?? 'other';
