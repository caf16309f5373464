import { crc8, crc16 } from '../../src/demux/flac-crc.ts';
import { type Field, plain, type Unit } from './units.ts';

/** Cuts a sound seed file into units; what is not understood stays one plain unit. */
export type Split = (bytes: Uint8Array) => Unit[];

/** What a file is by its first bytes, and how it is cut. */
export function splitterOf(bytes: Uint8Array): { readonly format: string; readonly split: Split } {
  const start = splitId3(bytes).reduce((sum, unit) => sum + wholeLength(unit), 0);
  const magic = ascii(bytes, start);
  if (magic === 'fLaC') return { format: 'flac', split: splitFlac };
  if (magic === 'OggS') return { format: 'ogg', split: splitOgg };
  if (/^(RIFF|RIFX|RF64|BW64)$/.test(magic)) return { format: 'wav', split: splitRiff };
  if (/^(ftyp|styp|moov|moof|mdat|sidx|free|skip|wide)$/.test(ascii(bytes, 4))) return { format: 'mp4', split: splitBoxes };
  if (bytes[start] === 0x47) return { format: 'ts', split: splitTransport };
  const isAdts = bytes[start] === 0xff && (bytes[start + 1] & 0xf6) === 0xf0;
  return isAdts ? { format: 'adts', split: splitAdts } : { format: 'mp3', split: splitMpegAudio };
}

const ascii = (bytes: Uint8Array, at: number, count = 4): string => String.fromCharCode(...bytes.subarray(at, at + count));
const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
/** Fields of `width` bytes one behind the other. */
const fields = (from: number, to: number, width: number, most = 64): Field[] =>
  Array.from({ length: Math.max(0, Math.min(most, Math.floor((to - from) / width))) }, (_, i) => ({ at: from + i * width, width }));

/** Bytes of their own before the boxes inside; −1 for boxes that hold none. */
const BOXES_AT: Readonly<Record<string, number>> = {
  ...Object.fromEntries(
    ['moov', 'trak', 'edts', 'mdia', 'minf', 'dinf', 'stbl', 'mvex', 'moof', 'traf', 'udta', 'ilst'].map((t) => [t, 0]),
  ),
  meta: 4,
  stsd: 8,
  mp4a: 28,
  alac: 28,
  fLaC: 28,
  Opus: 28,
};

/** `size 32 │ type 32 │ …` */
export const splitBoxes: Split = (bytes) => {
  const units: Unit[] = [];
  for (let at = 0; at < bytes.length; ) {
    const size = bytes.length - at >= 8 ? viewOf(bytes).getUint32(at) : 0;
    if (size < 8 || at + size > bytes.length) return [...units, plain(bytes.subarray(at))];
    units.push(boxOf(bytes.subarray(at, at + size)));
    at += size;
  }
  return units;
};

function boxOf(bytes: Uint8Array): Unit {
  const own = BOXES_AT[ascii(bytes, 4)] ?? -1;
  const headEnd = own < 0 ? bytes.length : Math.min(bytes.length, 8 + own);
  const inside = own < 0 ? [] : splitBoxes(bytes.subarray(headEnd));
  const seal = (whole: Uint8Array) => whole.length >= 8 && viewOf(whole).setUint32(0, whole.length);
  return { head: bytes.subarray(0, headEnd), inside, fields: () => fields(0, headEnd, 4), seal };
}

/** `RIFF size WAVE`, then `type 32 │ size 32le │ …, padded to an even number` */
export const splitRiff: Split = (bytes) => {
  const seal = (whole: Uint8Array) => whole.length >= 8 && viewOf(whole).setUint32(4, whole.length - 8, true);
  const inside: Unit[] = [];
  for (let at = 12; at < bytes.length; ) {
    const size = bytes.length - at >= 8 ? viewOf(bytes).getUint32(at + 4, true) : Infinity;
    const end = Math.min(bytes.length, at + 8 + size + (size & 1));
    const head = bytes.subarray(at, end);
    inside.push({ head, inside: [], fields: () => fields(0, head.length, 2), seal });
    at = end;
  }
  return [{ head: bytes.subarray(0, 12), inside, fields: () => fields(0, 12, 4), seal }];
};

/** Pages: `OggS │ version │ flags │ granule 64 │ serial 32 │ sequence 32 │ crc 32 │ segments 8 │ lacing │ body` */
export const splitOgg: Split = (bytes) => {
  const units: Unit[] = [];
  for (let at = 0; at < bytes.length; ) {
    let end = bytes.length;
    for (let i = at + 4; i < bytes.length - 4 && end === bytes.length; i++) if (ascii(bytes, i) === 'OggS') end = i;
    const head = bytes.subarray(at, end);
    units.push({ head, inside: [], fields: () => numbersOfPage(head), seal: sealPage });
    at = end;
  }
  return units;
};

function numbersOfPage(page: Uint8Array): Field[] {
  const body = 27 + page[26];
  const wide = [6, 10, 14, 18].map((at) => ({ at, width: 4 }));
  return [...wide, ...fields(4, 6, 1), ...fields(26, body, 1, 16), ...fields(body, page.length, 2, 40)];
}

function sealPage(bytes: Uint8Array): void {
  if (bytes.length < 27) return;
  bytes.fill(0, 22, 26);
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ OGG_CRC[(crc >>> 24) ^ byte];
  viewOf(bytes).setUint32(22, crc >>> 0, true);
}

const OGG_CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

/** `fLaC`, metadata blocks `last 1 │ type 7 │ length 24 │ …`, and frames. */
export const splitFlac: Split = (bytes) => {
  const units = splitId3(bytes);
  let at = units.reduce((sum, { head }) => sum + head.length, 0);
  if (ascii(bytes, at) !== 'fLaC') return [...units, plain(bytes.subarray(at))];
  units.push(plain(bytes.subarray(at, at + 4)));
  at += 4;
  for (let isLast = false; !isLast && at + 4 <= bytes.length; ) {
    isLast = bytes[at] >= 0x80;
    const end = at + 4 + (viewOf(bytes).getUint32(at) & 0xffffff);
    const head = bytes.subarray(at, end);
    const seal = (whole: Uint8Array) => whole.length >= 4 && viewOf(whole).setUint32(0, (whole[0] << 24) | (whole.length - 4));
    units.push({ head, inside: [], fields: () => [{ at: 0, width: 1 }, ...fields(4, head.length, 2)], seal });
    at = end;
  }
  return [...units, ...splitFlacFrames(bytes.subarray(at))];
};

/** Frames begin with 0xfff8 or 0xfff9, and their CRC-16 is 0. */
export function splitFlacFrames(bytes: Uint8Array): Unit[] {
  const units: Unit[] = [];
  let at = 0;
  for (let i = 2; i <= bytes.length; i++) {
    const isStart = i === bytes.length || (bytes[i] === 0xff && (bytes[i + 1] & 0xfe) === 0xf8);
    if (!isStart || (crc16(bytes, at, i) !== 0 && i < bytes.length)) continue;
    const head = bytes.subarray(at, i);
    units.push({ head, inside: [], fields: () => fields(2, Math.min(20, head.length), 1), seal: sealFlacFrame });
    at = i;
  }
  return units;
}

/** Writes the CRC-8 of the header, whose length follows from its fields (RFC 9639 §9.1), and the CRC-16 of all. */
export function sealFlacFrame(bytes: Uint8Array): void {
  if (bytes.length < 8) return;
  const number = bytes[4] < 0x80 ? 1 : Math.max(1, Math.clz32(~(bytes[4] << 24)));
  const sizeBytes = bytes[2] >> 4 === 6 ? 1 : bytes[2] >> 4 === 7 ? 2 : 0;
  const rate = bytes[2] & 15;
  const rateBytes = rate === 12 ? 1 : rate === 13 || rate === 14 ? 2 : 0;
  const end = 4 + number + sizeBytes + rateBytes;
  if (end + 3 > bytes.length) return;
  bytes[end] = crc8(bytes, 0, end);
  viewOf(bytes).setUint16(bytes.length - 2, crc16(bytes, 0, bytes.length - 2));
}

/** ID3v2 tags at the front, with their frames inside. */
function splitId3(bytes: Uint8Array): Unit[] {
  if (ascii(bytes, 0, 3) !== 'ID3') return [];
  const size = (bytes[6] << 21) | (bytes[7] << 14) | (bytes[8] << 7) | bytes[9];
  const headerBytes = bytes[3] === 2 ? 6 : 10;
  const seal = (whole: Uint8Array) => {
    for (let i = 0; i < 4 && whole.length >= 10; i++) whole[9 - i] = ((whole.length - 10) >> (7 * i)) & 127;
  };
  const sealFrame = (whole: Uint8Array) => {
    if (headerBytes === 10 && whole.length >= 10) viewOf(whole).setUint32(4, whole.length - 10);
  };
  const inside: Unit[] = [];
  const end = Math.min(bytes.length, 10 + size);
  for (let at = 10; at < end; ) {
    const length = headerBytes === 6 ? (bytes[at + 3] << 16) | viewOf(bytes).getUint16(at + 4) : viewOf(bytes).getUint32(at + 4);
    const next = bytes[at] === 0 ? end : Math.min(end, at + headerBytes + length);
    const head = bytes.subarray(at, next);
    inside.push({ head, inside: [], fields: () => fields(3, Math.min(head.length, 20), 1), ...(bytes[at] && { seal: sealFrame }) });
    at = next;
  }
  return [{ head: bytes.subarray(0, 10), inside, fields: () => fields(3, 10, 1), seal }];
}

const wholeLength = ({ head, inside }: Unit): number => inside.reduce((sum, unit) => sum + wholeLength(unit), head.length);

/** Pieces that begin where `isStart` says, behind ID3v2 tags. */
const splitFrames =
  (isStart: (bytes: Uint8Array, at: number) => boolean, seal?: (bytes: Uint8Array) => void): Split =>
  (bytes) => {
    const units = splitId3(bytes);
    let at = units.reduce((sum, unit) => sum + wholeLength(unit), 0);
    for (let i = at + 1; i <= bytes.length; i++) {
      if (i < bytes.length && !isStart(bytes, i)) continue;
      const head = bytes.subarray(at, i);
      units.push({ head, inside: [], fields: () => fields(0, Math.min(head.length, 64), 1), ...(seal && { seal }) });
      at = i;
    }
    return units;
  };

/** Frames have the version, layer and protection of the first one. */
export const splitMpegAudio: Split = (bytes) => {
  const first = bytes.findIndex((byte, at) => byte === 0xff && bytes[at + 1] >= 0xe0 && bytes[at + 1] < 0xff);
  return splitFrames((_, at) => bytes[at] === 0xff && bytes[at + 1] === bytes[first + 1])(bytes);
};

/** `sync 12 │ … │ frame length 13, from bit 30 │ …` */
export const splitAdts: Split = splitFrames(
  (bytes, at) => bytes[at] === 0xff && (bytes[at + 1] & 0xf6) === 0xf0,
  (bytes) => {
    if (bytes.length < 7) return;
    bytes[3] = (bytes[3] & 0xfc) | ((bytes.length >> 11) & 3);
    bytes[4] = (bytes.length >> 3) & 0xff;
    bytes[5] = (bytes[5] & 0x1f) | ((bytes.length & 7) << 5);
  },
);

/** Packets of 188 bytes. */
export const splitTransport: Split = (bytes) =>
  Array.from({ length: Math.ceil(bytes.length / 188) }, (_, i) => {
    const head = bytes.subarray(i * 188, (i + 1) * 188);
    return { head, inside: [], fields: () => fields(1, head.length, 1, 40) };
  });
