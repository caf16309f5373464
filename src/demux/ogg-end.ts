import type { ByteRange } from '../base/ranges.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { OggHead } from './ogg-head.ts';
import { OggPacketizer } from './ogg-packets.ts';
import { type OggPage, OggPageReader } from './ogg-page.ts';

/** The end of a link, on the decoded timeline. */
export interface OggEnd {
  /** The last frame that is meant to be heard, plus one. */
  readonly end: number;
  /** The last frame that the packets hold, plus one; `end` where the pages at hand do not tell. */
  readonly decodedEnd: number;
  /** Byte offset at which another link begins behind it. */
  readonly nextLink: number | undefined;
}

/** Nearly always enough for two pages, of which the first tells where the packets of the second begin. */
const TAIL_BYTES = 65_536;

/** Pages of a link that are so much larger on the whole than those looked at belong to more than one link. */
const MAX_UNEVENNESS = 1.5;

/**
 * Reads the last pages of the link, usually at the end of the resource; if other links follow, it is found by bisection.
 * Undefined while the length of the resource is not known, and if there is no page to be found.
 */
export async function readOggEnd(source: ByteSource, head: OggHead, signal: AbortSignal): Promise<OggEnd | undefined> {
  if (source.length === undefined) return undefined;
  const tail = Math.max(head.offset, source.length - TAIL_BYTES);
  let last = await readEnd({ start: tail, end: source.length }, source, head, signal);
  if (!last && tail > head.offset) {
    const isOfLink = ({ serial }: OggPage) => head.serials.has(serial);
    last = await readEnd(await bisect({ start: head.offset, end: tail }, source, signal, isOfLink), source, head, signal);
  }
  return last && (await endOfFirst(last, source, head, signal));
}

/**
 * RFC 3533 §4 wants serial numbers that differ, but a file joined to itself has links that look alike. What gives them away is the number
 * of the last page: too low for the bytes before it.
 */
async function endOfFirst(last: LastPages, source: ByteSource, head: OggHead, signal: AbortSignal): Promise<OggEnd> {
  const bytesPerPage = ({ offset, sequence }: OggPage) =>
    sequence > head.sequence ? (offset - head.offset) / (sequence - head.sequence) : Number.POSITIVE_INFINITY;
  const isEven = (pageBytes: number) => bytesPerPage(last.page) <= MAX_UNEVENNESS * pageBytes;
  if (last.page.offset - head.offset < TAIL_BYTES || isEven(last.pageBytes)) return last.end;
  const begin = { start: head.offset, end: Math.min(head.offset + TAIL_BYTES, last.page.offset) };
  const first = await readEnd(begin, source, head, signal);
  const pageBytes = Math.max(last.pageBytes, first?.pageBytes ?? 0);
  if (isEven(pageBytes)) return last.end;
  const isOfLink = (page: OggPage) => head.serials.has(page.serial) && bytesPerPage(page) <= MAX_UNEVENNESS * pageBytes;
  const place = await bisect({ start: head.offset, end: last.page.offset }, source, signal, isOfLink);
  const found = await readEnd(place, source, head, signal);
  return found?.end.nextLink === undefined ? last.end : found.end;
}

/** Narrows a range that begins in the link and ends behind it until few pages are in it. */
async function bisect(range: ByteRange, source: ByteSource, signal: AbortSignal, isOfLink: (page: OggPage) => boolean): Promise<ByteRange> {
  let { start, end } = range;
  while (end - start > TAIL_BYTES) {
    const middle = Math.floor((start + end) / 2);
    const page = await new OggPageReader(new ByteReader(source, signal, middle)).next();
    if (page && !page.isBeginning && isOfLink(page)) start = middle;
    else end = middle;
  }
  return { start, end };
}

interface LastPages {
  readonly end: OggEnd;
  /** The last that tells a time. */
  readonly page: OggPage;
  /** Of a page, on average. */
  readonly pageBytes: number;
}

/** Reads the pages that begin in a range, and the one behind it, up to another link; undefined if none tells where the sound ends. */
async function readEnd(range: ByteRange, source: ByteSource, head: OggHead, signal: AbortSignal): Promise<LastPages | undefined> {
  const pages = new OggPageReader(new ByteReader(source, signal, range.start));
  const packetizer = new OggPacketizer();
  let end = 0;
  let decodedEnd: number | undefined;
  let previous: Uint8Array | undefined;
  let nextLink: number | undefined;
  let last: OggPage | undefined;
  let [count, bytes] = [0, 0];
  for (let page = await pages.next(); page; page = await pages.next()) {
    if (page.isBeginning && page.offset > head.offset) {
      nextLink = page.offset;
      break;
    }
    if (page.offset >= range.end) break;
    if (page.serial !== head.serial) continue;
    const { packets } = packetizer.take(page);
    const beginning = decodedEnd ?? 0;
    for (const { data } of packets) {
      if (decodedEnd !== undefined) decodedEnd += head.mapping.framesOf(data, previous);
      previous = data;
    }
    if (page.offset === head.offset) decodedEnd = 0;
    else if (page.granule !== undefined) {
      end = Math.max(page.granule - head.origin, beginning); // never back to what was heard before the page
      if (!page.isEnd) decodedEnd = end;
      last = page;
      count++;
      bytes += page.end - page.offset;
    }
  }
  return last && { end: { end, decodedEnd: Math.max(end, decodedEnd ?? end), nextLink }, page: last, pageBytes: bytes / count };
}
