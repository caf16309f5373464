import type { Tags } from '../media.ts';

/** Chunks of a LIST INFO (Multimedia Programming Interface and Data Specifications 1.0, p. 2-14; IPRT and ITRK are customs). */
const NAMES: Readonly<Record<string, string>> = {
  INAM: 'title',
  IART: 'artist',
  IPRD: 'album',
  IPRT: 'track',
  ITRK: 'track',
  ICRD: 'date',
  IGNR: 'genre',
  ICMT: 'comment',
  ICOP: 'copyright',
  ISFT: 'encoder',
};

const MAX_TEXT_BYTES = 65_536;

/** Tags of the body of a LIST chunk; none if it is not of type INFO. Sizes that pass its end end it. */
export function parseRiffInfo(body: Uint8Array, bigEndian: boolean): Tags {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const decoder = new TextDecoder();
  const tags: Record<string, string> = {};
  if (fourCc(body, 0) !== 'INFO') return tags;
  for (let at = 4; at + 8 <= body.length; ) {
    const size = view.getUint32(at + 4, !bigEndian);
    if (size > body.length - at - 8) break;
    const name = NAMES[fourCc(body, at)];
    const text = body.subarray(at + 8, at + 8 + Math.min(size, MAX_TEXT_BYTES));
    if (name) tags[name] ??= decoder.decode(text).replace(/\0.*$/s, '').trim();
    at += 8 + size + (size & 1);
  }
  return tags;
}

const fourCc = (bytes: Uint8Array, at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
