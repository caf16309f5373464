import { AulosError } from '../errors.ts';

// A box (ISO 14496-12 §4.2):
//
//   size 32 | type 32 | [size 64 if size = 1] | payload          size 0: to the end of what encloses it
//
// The payload of a "full box" begins with version 8 | flags 24.

/** Bytes that may be held for the boxes of one file. */
export const MAX_HELD_BYTES = 32 << 20;

const MAX_DEPTH = 16;
const MAX_BOXES = 100_000;
/** Bytes of a header without a 64-bit size, and with one. */
export const SMALL_HEADER = 8;
export const LARGE_HEADER = 16;

/** Boxes that hold nothing but boxes; `udta` and `meta` are left to `mp4-tags.ts`, so that broken tags spoil nothing else. */
const CONTAINERS: ReadonlySet<string> = new Set(['moov', 'trak', 'edts', 'mdia', 'minf', 'stbl', 'mvex', 'moof', 'traf']);

/** Where a box lies in the resource. */
export interface BoxHeader {
  /** Four Latin-1 characters. */
  readonly type: string;
  readonly start: number;
  /** 8, or 16 with a 64-bit size. */
  readonly headerSize: number;
  /** First byte after the box; Infinity when it reaches to the end of a resource of unknown length. */
  readonly end: number;
}

/** A box whose bytes are held and whose size fits its parent. */
export interface HeldBox extends BoxHeader {
  /** What follows the header (of a full box: from its version on); a view. */
  readonly payload: Uint8Array;
  /** Boxes inside, for the types that hold nothing else. */
  readonly children: readonly HeldBox[];
}

/** Types that files of this family begin with. */
const FIRST_TYPES: ReadonlySet<string> = new Set([
  'ftyp',
  'styp',
  'moov',
  'moof',
  'mdat',
  'sidx',
  'free',
  'skip',
  'wide',
  'pnot',
  'uuid',
  'emsg',
]);

/** True if `head`, the first 8 bytes of a file, begins a box as MP4 and QuickTime files do. */
export const beginsWithBox = (head: Uint8Array): boolean =>
  head.length >= 8 && FIRST_TYPES.has(String.fromCharCode(...head.subarray(4, 8)));

/** The `media.malformed` error for what is found at byte `offset`. */
export const malformed = (offset: number, what: string, options?: ErrorOptions): AulosError =>
  new AulosError('media.malformed', { offset, what }, `${what} (MP4, at byte ${offset})`, options);

/**
 * The boxes that fill `bytes`, which begin at byte `origin` of the resource, and the boxes inside of {@link CONTAINERS}.
 * Fewer than 8 bytes left over are ignored: QuickTime ends some lists with four zeros.
 * @throws AulosError `media.malformed` for a box that outgrows its parent, `media.limit`.
 */
export function parseBoxes(bytes: Uint8Array, origin: number): HeldBox[] {
  const view = viewOf(bytes);
  const roots: HeldBox[] = [];
  const open: { boxes: HeldBox[]; at: number; end: number }[] = [{ boxes: roots, at: 0, end: bytes.length }];
  for (let count = 0; open.length > 0; ) {
    const list = open[open.length - 1];
    if (list.end - list.at < SMALL_HEADER) {
      open.pop();
      continue;
    }
    if (++count > MAX_BOXES)
      throw new AulosError('media.limit', { offset: origin + list.at, what: 'boxes' }, 'the file has too many boxes');
    const { type, start, headerSize, end } = boxAt(view, list.at, list.end, origin);
    const from = list.at + headerSize;
    const children: HeldBox[] = [];
    list.at = end - origin;
    list.boxes.push({ type, start, headerSize, end, payload: bytes.subarray(from, list.at), children });
    if (!CONTAINERS.has(type)) continue;
    if (open.length >= MAX_DEPTH) throw new AulosError('media.limit', { offset: start, what: 'depth' }, 'boxes are nested too deep');
    open.push({ boxes: children, at: from, end: list.at });
  }
  return roots;
}

/**
 * The header at byte `at` of `view`, which begins at byte `origin` of the resource, of a box that ends at byte `end` of it or before.
 * @throws AulosError `media.malformed`.
 */
export function boxAt(view: DataView, at: number, end: number, origin: number): BoxHeader {
  const header = headerAt(view, at, origin, origin + end);
  if (header.end > origin + end) throw malformed(header.start, `box ${header.type} is larger than what encloses it`);
  return header;
}

/** The boxes in the payload of `box` from `offset` on, for the types that begin with fields of their own. */
export function boxesWithin(box: HeldBox, offset: number): HeldBox[] {
  if (offset > box.payload.length) throw malformed(box.start, `box ${box.type} is too short`);
  return parseBoxes(box.payload.subarray(offset), payloadStart(box) + offset);
}

/** The first box in `boxes` that a path of types leads to. */
export function findBox(boxes: readonly HeldBox[], ...path: readonly string[]): HeldBox | undefined {
  let found: HeldBox | undefined;
  for (const type of path) {
    found = boxes.find((box) => box.type === type);
    if (!found) return undefined;
    boxes = found.children;
  }
  return found;
}

/** As {@link findBox} among the children of `parent`. @throws AulosError `media.malformed` when there is none. */
export function requireBox(parent: HeldBox, ...path: readonly string[]): HeldBox {
  const found = findBox(parent.children, ...path);
  if (!found) throw malformed(parent.start, `${parent.type} without ${path.join('/')}`);
  return found;
}

/** Fields of a box, bounded by it. @throws AulosError `media.malformed` if the payload has fewer than `atLeast` bytes. */
export function fieldsOf(box: HeldBox, atLeast: number): DataView {
  if (box.payload.length < atLeast) throw malformed(box.start, `box ${box.type} is too short`);
  return viewOf(box.payload);
}

/**
 * The number of entries of a table, which stands at byte `at` of the payload with the entries behind it.
 * @throws AulosError `media.malformed` if `entryBits` each do not fit in the box.
 */
export function entryCount(box: HeldBox, at: number, entryBits: number): number {
  const count = fieldsOf(box, at + 4).getUint32(at);
  if (Math.ceil((count * entryBits) / 8) > box.payload.length - at - 4)
    throw malformed(payloadStart(box) + at, `entry count of ${box.type}`);
  return count;
}

/** Byte offset of the payload in the resource. */
export const payloadStart = (box: BoxHeader): number => box.start + box.headerSize;

/**
 * The header at byte `at` of `view`, of which it has all bytes; size 0 means up to byte `enclosingEnd` of the resource.
 * @throws AulosError `media.malformed`.
 */
export function headerAt(view: DataView, at: number, origin: number, enclosingEnd: number): BoxHeader {
  const start = origin + at;
  const type = String.fromCharCode(view.getUint8(at + 4), view.getUint8(at + 5), view.getUint8(at + 6), view.getUint8(at + 7));
  if (!hasLargeSize(view, at)) {
    const size = view.getUint32(at);
    if (size !== 0 && size < SMALL_HEADER) throw malformed(start, `size of box ${type}`);
    return { type, start, headerSize: SMALL_HEADER, end: size === 0 ? enclosingEnd : start + size };
  }
  if (view.byteLength - at < LARGE_HEADER) throw malformed(start, `size of box ${type}`);
  const size = view.getUint32(at + 8) * 2 ** 32 + view.getUint32(at + 12);
  if (size < LARGE_HEADER || !Number.isSafeInteger(start + size)) throw malformed(start, `size of box ${type}`);
  return { type, start, headerSize: LARGE_HEADER, end: start + size };
}

/** True if the header at byte `at` is one of {@link LARGE_HEADER} bytes. */
export const hasLargeSize = (view: DataView, at: number): boolean => view.getUint32(at) === 1;

/** The same bytes for reading numbers. */
export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
