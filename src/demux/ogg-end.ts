import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { OggHead } from './ogg-head.ts';
import { OggPacketizer } from './ogg-packets.ts';
import { OggPageReader } from './ogg-page.ts';

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

/**
 * Reads the last pages of the link, usually at the end of the resource; if other links follow, it is found by bisection.
 * Undefined while the length of the resource is not known, and if there is no page to be found.
 */
export async function readOggEnd(source: ByteSource, head: OggHead, signal: AbortSignal): Promise<OggEnd | undefined> {
  if (source.length === undefined) return undefined;
  let high = source.length;
  let low = Math.max(head.offset, high - TAIL_BYTES);
  const end = await readEndFrom(low, source, head, signal);
  if (end || low === head.offset) return end;
  [low, high] = [head.offset, low];
  while (high - low > TAIL_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const page = await new OggPageReader(new ByteReader(source, signal, middle)).next();
    if (page && !page.isBeginning && head.serials.has(page.serial)) low = middle;
    else high = middle;
  }
  return readEndFrom(low, source, head, signal);
}

async function readEndFrom(offset: number, source: ByteSource, head: OggHead, signal: AbortSignal): Promise<OggEnd | undefined> {
  const pages = new OggPageReader(new ByteReader(source, signal, offset));
  const packetizer = new OggPacketizer();
  let end: number | undefined;
  let decodedEnd: number | undefined;
  let previous: Uint8Array | undefined;
  let nextLink: number | undefined;
  for (let page = await pages.next(); page; page = await pages.next()) {
    if (page.isBeginning && page.offset > head.offset) {
      nextLink = page.offset;
      break;
    }
    if (page.serial !== head.serial) continue;
    const { packets } = packetizer.take(page);
    for (const { data } of packets) {
      if (decodedEnd !== undefined) decodedEnd += head.mapping.framesOf(data, previous);
      previous = data;
    }
    if (page.offset === head.offset) decodedEnd = 0;
    else if (page.granule !== undefined) {
      end = page.granule - head.origin;
      if (!page.isEnd) decodedEnd = end;
    }
  }
  return end === undefined ? undefined : { end, decodedEnd: Math.max(end, decodedEnd ?? end), nextLink };
}
