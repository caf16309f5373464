import { isAulosError } from '../errors.ts';
import type { Chapter, Metadata, Picture } from '../media.ts';
import { boxesWithin, findBox, type HeldBox, payloadStart } from './boxes.ts';
import { ID3_GENRES } from './id3-text.ts';
import { type ITunesGapless, parseITunSmpb } from './itunes-gapless.ts';
import { MAX_PICTURE_BYTES, MAX_PICTURES, metadataOf } from './metadata.ts';
import { parseChpl } from './mp4-chapters.ts';

/** What the metadata of a movie says that a player cares for. */
export interface Mp4Tags {
  readonly metadata: Metadata;
  /** Encoder delay and padding as iTunes notes them. */
  readonly gapless: ITunesGapless | undefined;
}

const MAX_ITEMS = 10_000;
const MAX_VALUES = 64;
const MAX_TEXT = 1 << 20;

const NAMES: Readonly<Record<string, string>> = {
  '©nam': 'title',
  '©ART': 'artist',
  '©alb': 'album',
  aART: 'albumartist',
  '©wrt': 'composer',
  trkn: 'track',
  disk: 'disc',
  '©day': 'date',
  '©gen': 'genre',
  gnre: 'genre',
  '©cmt': 'comment',
  '©lyr': 'lyrics',
  cprt: 'copyright',
  '©too': 'encoder',
  '©grp': 'grouping',
  tmpo: 'bpm',
};

/**
 * Reads the iTunes items (`udta/meta/ilst` or `meta/ilst`) of a movie, and the chapters beside them. Damaged metadata gives what was read
 * before the damage: it is no reason not to play.
 */
export function readMp4Tags(moov: HeldBox): Mp4Tags {
  const tags = new Map<string, string>();
  const pictures: Picture[] = [];
  let chapters: readonly Chapter[] = [];
  let gapless: ITunesGapless | undefined;
  try {
    const udta = findBox(moov.children, 'udta');
    const user = udta ? boxesWithin(udta, 0) : [];
    const chpl = findBox(user, 'chpl');
    if (chpl) chapters = parseChpl(chpl);
    for (const item of itemsOf(findBox(user, 'meta') ?? findBox(moov.children, 'meta'))) {
      if (item.type === 'covr') pictures.push(...picturesOf(item));
      const [name, text] = item.type === '----' ? readFreeform(item) : [NAMES[item.type], readText(item)];
      if (!name || !text) continue;
      if (name === 'itunsmpb') gapless ??= parseITunSmpb(text);
      else if (name !== 'itunnorm' && !tags.has(name)) tags.set(name, text);
    }
  } catch (error) {
    if (!isAulosError(error)) throw error;
  }
  return { metadata: metadataOf(Object.fromEntries(tags), pictures, chapters), gapless };
}

function itemsOf(meta: HeldBox | undefined): HeldBox[] {
  if (!meta) return [];
  // A full box by ISO 14496-12 §8.11.1; QuickTime has no version and begins with a box.
  const startsWithBox = meta.payload.length >= 8 && ascii(meta.payload.subarray(4, 8)) === 'hdlr';
  const ilst = findBox(boxesWithin(meta, startsWithBox ? 0 : 4), 'ilst');
  return ilst ? boxesWithin(ilst, 0).slice(0, MAX_ITEMS) : [];
}

/** Media types of `data` by its type (QuickTime File Format, "Well-known types"). */
const PICTURE_DATA: Readonly<Record<number, string>> = { 13: 'image/jpeg', 14: 'image/png', 27: 'image/bmp' };

/** A `data` for each picture: type 32 │ locale 32 │ the picture. */
function picturesOf(covr: HeldBox): Picture[] {
  const data = boxesWithin(covr, 0).filter(({ type, payload }) => type === 'data' && payload.length > 8);
  return data
    .filter(({ payload }) => payload.length - 8 <= MAX_PICTURE_BYTES)
    .slice(0, MAX_PICTURES)
    .map((box) => {
      const place = { start: payloadStart(box) + 8, end: box.end, coding: 'plain', skip: 0, size: undefined } as const;
      return { type: 'front cover', mediaType: PICTURE_DATA[box.payload[3]] ?? '', description: '', place };
    });
}

/** `mean`, `name` and `data`: an item with a name of its own. */
function readFreeform(item: HeldBox): [name: string, text: string] {
  const name = findBox(boxesWithin(item, 0), 'name');
  return [name ? utf8(name.payload.subarray(4)).toLowerCase() : '', readText(item)];
}

/** The texts of an item, of which some have several. */
function readText(item: HeldBox): string {
  const data = boxesWithin(item, 0).filter(({ type, payload }) => type === 'data' && payload.length >= 8 && payload.length <= MAX_TEXT);
  const texts = data.slice(0, MAX_VALUES).map((box) => readValue(item, box));
  return texts.filter((text) => text !== '').join('; ');
}

/** `data` is type 32 | locale 32 | value; type 1 is UTF-8, 2 UTF-16BE, 21 an integer, and 0 as the item has it. */
function readValue(item: HeldBox, data: HeldBox): string {
  const value = data.payload.subarray(8);
  const view = new DataView(value.buffer, value.byteOffset, value.length);
  const type = data.payload[3];
  if (item.type === 'trkn' || item.type === 'disk') return value.length >= 4 ? ofTotal(view) : '';
  if (item.type === 'gnre') return value.length >= 2 ? (ID3_GENRES[view.getUint16(0) - 1] ?? '') : '';
  if (type === 21 || item.type === 'tmpo') return integer(value);
  return type === 2 ? new TextDecoder('utf-16be').decode(value) : type <= 1 ? utf8(value) : '';
}

/** reserved 16 | number 16 | total 16: as "3" or "3/12". */
function ofTotal(view: DataView): string {
  const total = view.byteLength >= 6 ? view.getUint16(4) : 0;
  return total ? `${view.getUint16(2)}/${total}` : `${view.getUint16(2) || ''}`;
}

const integer = (bytes: Uint8Array): string => `${bytes.reduce((value, byte) => value * 256 + byte, 0)}`;
const utf8 = (bytes: Uint8Array): string => new TextDecoder().decode(bytes).replace(/\0+$/, '').trim();
const ascii = (bytes: Uint8Array): string => String.fromCharCode(...bytes);
