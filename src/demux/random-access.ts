import { isAulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';
import { boxAt, headerAt, SMALL_HEADER, viewOf } from './boxes.ts';

// A fragmented file may end with an index (ISO 14496-12 §8.8.9 to §8.8.11):
//
//   mfra { tfra …, mfro }      mfro = size 32 | 'mfro' | version 8 | flags 24 | size of the mfra 32, the last bytes of the file
//
//   tfra = version 8 | flags 24 | track 32 | 0 26 | bytes of traf number − 1 2 | of trun number − 1 2 | of sample number − 1 2 | count 32
//          | count × (time 32 | offset of the moof 32 | traf number | trun number | sample number)      64 bits each in version 1

/** A fragment that is known without having been read. */
export interface FragmentPlace {
  /** Byte offset of its `moof`. */
  readonly offset: number;
  /** In units of the track. */
  readonly decodeTime: number;
}

/** Bytes of an entry beside time and offset are 3 to 12; writers take 3. */
const ENTRY_BYTES = 19;
/** Boxes around the entries of one track. */
const FRAME_BYTES = 64;
const MFRO_BYTES = 16;
/** A larger index costs more than to look for the fragment without it. */
const MAX_BYTES = 192 << 10;

/** Bytes at the end of a file of about so many fragments in which its index is whole, most likely; 0 if it would not be read. */
export function expectedRandomAccessBytes(fragments: number): number {
  const bytes = FRAME_BYTES + Math.ceil(fragments) * ENTRY_BYTES;
  return bytes <= MAX_BYTES ? Math.min(MAX_BYTES, Math.ceil(bytes * 1.25)) : 0;
}

/**
 * The fragments of track `trackId` that the index at the end of the file names, in their order. None where there is no index, it is too
 * large, or does not hold together: then it is of no use, and no fault of the file. `tail` is the end of the file, of 64 KiB or so.
 * @throws AulosError what the source throws.
 */
export async function readRandomAccess(
  source: ByteSource,
  tail: Uint8Array,
  trackId: number,
  signal: AbortSignal,
): Promise<FragmentPlace[]> {
  const { length } = source;
  const size = randomAccessSize(tail);
  if (length === undefined || size === undefined || size > Math.min(MAX_BYTES, length)) return [];
  const start = length - size;
  const bytes = size <= tail.length ? tail.subarray(tail.length - size) : await source.read({ start, end: length }, signal);
  try {
    return placesIn(bytes, start, trackId);
  } catch (error) {
    if (isAulosError(error, 'media.malformed')) return [];
    throw error;
  }
}

/** What the `mfro` at the end of `tail` says of the size of the `mfra`. */
function randomAccessSize(tail: Uint8Array): number | undefined {
  if (tail.length < MFRO_BYTES) return undefined;
  const view = viewOf(tail.subarray(-MFRO_BYTES));
  const isMfro = view.getUint32(0) === MFRO_BYTES && view.getUint32(4) === MFRO;
  return isMfro ? view.getUint32(12) : undefined;
}

const MFRO = 0x6d66726f;

/** Reads the `mfra` that fills `bytes`, which begin at byte `origin`. */
function placesIn(bytes: Uint8Array, origin: number, trackId: number): FragmentPlace[] {
  const view = viewOf(bytes);
  if (bytes.length < SMALL_HEADER) return [];
  const mfra = headerAt(view, 0, origin, origin + bytes.length);
  if (mfra.type !== 'mfra') return [];
  for (let at = mfra.headerSize; bytes.length - at >= SMALL_HEADER; ) {
    const box = boxAt(view, at, bytes.length, origin);
    const from = at + box.headerSize;
    at = box.end - origin;
    if (box.type !== 'tfra' || at - from < 16 || view.getUint32(from + 4) !== trackId) continue;
    const places = entriesOf(new DataView(view.buffer, view.byteOffset + from, at - from));
    if (places.every(({ offset, decodeTime }, i) => i === 0 || (offset > places[i - 1].offset && decodeTime >= places[i - 1].decodeTime)))
      return places;
  }
  return [];
}

/** The entries of a `tfra` with this payload, as far as they are there. */
function entriesOf(view: DataView): FragmentPlace[] {
  const isLong = view.getUint8(0) === 1;
  const numberSizes = view.getUint32(8);
  const numberBytes = 3 + ((numberSizes >> 4) & 3) + ((numberSizes >> 2) & 3) + (numberSizes & 3);
  const stride = (isLong ? 16 : 8) + numberBytes;
  const count = Math.min(view.getUint32(12), Math.floor((view.byteLength - 16) / stride));
  const read = (at: number): number => (isLong ? view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4) : view.getUint32(at));
  return Array.from({ length: count }, (_, i) => {
    const at = 16 + i * stride;
    return { decodeTime: read(at), offset: read(at + (isLong ? 8 : 4)) };
  });
}
