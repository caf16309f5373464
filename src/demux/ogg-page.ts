import { AulosError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';

/** Bytes of a page header without its lacing values. */
const HEADER_BYTES = 27;

/** `OggS` */
const CAPTURE = [0x4f, 0x67, 0x67, 0x53] as const;

/** Bytes that may be searched in vain for a page; the largest page is 65,307. */
const MAX_GAP_BYTES = 131_072;

const CONTINUED = 1;
const BEGINNING = 2;
const END = 4;

/** A page whose CRC is right (RFC 3533 §6). */
export interface OggPage {
  /** Byte offset of the page in the resource. */
  readonly offset: number;
  /** Byte offset of what follows it. */
  readonly end: number;
  /** True if bytes that were no page lay before it. */
  readonly isBehindDamage: boolean;
  /** True if its first packet began on an earlier page. */
  readonly isContinued: boolean;
  /** True if a logical stream begins with it. */
  readonly isBeginning: boolean;
  /** True if a logical stream ends with it; its granule position may then be short of what the packets hold. */
  readonly isEnd: boolean;
  /** Where, on the timeline of the stream, the last packet that ends on the page ends; undefined when none does. */
  readonly granule: number | undefined;
  /** Which logical stream it belongs to. */
  readonly serial: number;
  readonly sequence: number;
  /** Sizes of the segments of `body`; one of less than 255 ends a packet. */
  readonly lacing: Uint8Array;
  readonly body: Uint8Array;
}

/**
 * Reads pages one after the other and skips what is none.
 *
 *     OggS │ version 8 │ flags 8 │ granule 64le │ serial 32le │ sequence 32le │ CRC 32le │ segments 8 │ lacing │ body
 */
export class OggPageReader {
  readonly #reader: ByteReader;

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** The next page, or undefined at the end of the resource. @throws AulosError `media.malformed` when there is none for long. */
  async next(): Promise<OggPage | undefined> {
    const reader = this.#reader;
    const start = reader.position;
    for (;;) {
      await reader.need(HEADER_BYTES);
      if (reader.available < HEADER_BYTES) return undefined;
      const at = indexOfCapture(reader.bytes(reader.available));
      reader.skip(at);
      const page = at === 0 ? await this.#readPage(start) : undefined;
      if (page) return page;
      if (at === 0) reader.skip(1);
      const offset = reader.position;
      if (offset - start > MAX_GAP_BYTES)
        throw new AulosError('media.malformed', { offset, what: 'Ogg page' }, `no whole Ogg page for long before byte ${offset}`);
    }
  }

  /** The page at the cursor, which is left behind it; undefined, with the cursor where it was, if it is damaged or cut off. */
  async #readPage(searchedFrom: number): Promise<OggPage | undefined> {
    const reader = this.#reader;
    const segments = reader.u8(26);
    await reader.need(HEADER_BYTES + segments);
    if (reader.available < HEADER_BYTES + segments) return undefined;
    const lacing = reader.bytes(segments, HEADER_BYTES);
    const bodyBytes = lacing.reduce((sum, size) => sum + size, 0);
    const length = HEADER_BYTES + segments + bodyBytes;
    await reader.need(length);
    if (reader.available < length || reader.u8(4) !== 0 || crcOfPage(reader.bytes(length)) !== reader.u32le(22)) return undefined;
    const offset = reader.position;
    const flags = reader.u8(5);
    const page: OggPage = {
      offset,
      end: offset + length,
      isBehindDamage: offset > searchedFrom,
      isContinued: (flags & CONTINUED) !== 0,
      isBeginning: (flags & BEGINNING) !== 0,
      isEnd: (flags & END) !== 0,
      granule: granuleOf(reader.u32le(10), reader.u32le(6)),
      serial: reader.u32le(14),
      sequence: reader.u32le(18),
      lacing: reader.bytes(segments, HEADER_BYTES),
      body: reader.bytes(bodyBytes, HEADER_BYTES + segments),
    };
    reader.skip(length);
    return page;
  }
}

/** Offset of the first capture pattern, or of where one may begin that `bytes` end within. */
function indexOfCapture(bytes: Uint8Array): number {
  const [first, second, third, fourth] = CAPTURE;
  let at = bytes.indexOf(first);
  for (; at >= 0 && at + 4 <= bytes.length; at = bytes.indexOf(first, at + 1)) {
    if (bytes[at + 1] === second && bytes[at + 2] === third && bytes[at + 3] === fourth) return at;
  }
  return at < 0 ? bytes.length : at;
}

/** −1 means that no packet ends on the page; positions beyond 2^53 are nonsense and tell as little. */
function granuleOf(high: number, low: number): number | undefined {
  const granule = high * 2 ** 32 + low;
  return Number.isSafeInteger(granule) ? granule : undefined;
}

/** Remainders of all bytes for CRC-32 with the polynomial 0x04c11db7, neither reflected nor inverted. */
const CRC = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte << 24;
  for (let bit = 0; bit < 8; bit++) remainder = (remainder << 1) ^ (remainder < 0 ? 0x04c11db7 : 0);
  return remainder;
});

/** The CRC field itself counts as zeros. */
function crcOfPage(page: Uint8Array): number {
  let crc = 0;
  for (let i = 0; i < page.length; i++) {
    const byte = i >= 22 && i < 26 ? 0 : page[i];
    crc = (crc << 8) ^ CRC[(crc >>> 24) ^ byte];
  }
  return crc >>> 0;
}
