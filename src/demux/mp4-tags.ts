import { isAulosError } from '../errors.ts';
import type { Tags } from '../media.ts';
import { boxesWithin, findBox, type HeldBox } from './boxes.ts';
import { ID3_GENRES } from './id3-text.ts';
import { type ITunesGapless, parseITunSmpb } from './itunes-gapless.ts';

/** What the metadata of a movie says that a player cares for. */
export interface Mp4Tags {
  readonly tags: Tags;
  /** Encoder delay and padding as iTunes notes them. */
  readonly gapless: ITunesGapless | undefined;
}

const MAX_ITEMS = 10_000;
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
 * Reads the iTunes items (`udta/meta/ilst` or `meta/ilst`) of a movie; pictures are passed over. Damaged metadata gives what was read
 * before the damage: it is no reason not to play.
 */
export function readMp4Tags(moov: HeldBox): Mp4Tags {
  const tags: Record<string, string> = {};
  let gapless: ITunesGapless | undefined;
  try {
    for (const item of itemsOf(moov)) {
      const [name, text] = item.type === '----' ? readFreeform(item) : [NAMES[item.type], readText(item)];
      if (!name || !text) continue;
      if (name === 'itunsmpb') gapless ??= parseITunSmpb(text);
      else tags[name] ??= text;
    }
  } catch (error) {
    if (!isAulosError(error)) throw error;
  }
  return { tags, gapless };
}

function itemsOf(moov: HeldBox): HeldBox[] {
  const udta = findBox(moov.children, 'udta');
  const meta = (udta && findBox(boxesWithin(udta, 0), 'meta')) ?? findBox(moov.children, 'meta');
  if (!meta) return [];
  // A full box by ISO 14496-12 §8.11.1; QuickTime has no version and begins with a box.
  const startsWithBox = meta.payload.length >= 8 && ascii(meta.payload.subarray(4, 8)) === 'hdlr';
  const ilst = findBox(boxesWithin(meta, startsWithBox ? 0 : 4), 'ilst');
  return ilst ? boxesWithin(ilst, 0).slice(0, MAX_ITEMS) : [];
}

/** `mean`, `name` and `data`: an item with a name of its own. */
function readFreeform(item: HeldBox): [name: string, text: string] {
  const name = findBox(boxesWithin(item, 0), 'name');
  return [name ? utf8(name.payload.subarray(4)).toLowerCase() : '', readText(item)];
}

/** `data` is type 32 | locale 32 | value; type 1 is UTF-8, 2 UTF-16BE, 21 an integer, and 0 as the item has it. */
function readText(item: HeldBox): string {
  const data = findBox(boxesWithin(item, 0), 'data');
  if (!data || data.payload.length < 8 || data.payload.length > MAX_TEXT) return '';
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
