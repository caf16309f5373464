import type { ByteRange } from '../base/ranges.ts';
import { AulosError } from '../errors.ts';
import { mappingOf, type OggFormat, type OggMapping } from './ogg-mapping.ts';
import { OggPacketizer } from './ogg-packets.ts';
import type { OggPage, OggPageReader } from './ogg-page.ts';

/** What is known of a link (a group of streams that begin together) before its first sound. */
export interface OggHead {
  /** The stream that is played. */
  readonly serial: number;
  /** All streams of the link. */
  readonly serials: ReadonlySet<number>;
  readonly mapping: OggMapping;
  readonly format: OggFormat;
  /** Byte offset of the page on which the last header ends. */
  readonly offset: number;
  /** The number of that page in its stream. */
  readonly sequence: number;
  /** The pages with the headers of all its streams. */
  readonly headerPages: ByteRange;
  /** Granule position at which the sound begins: above 0 in a stream cut out of a longer one, below 0 if some of it is to be dropped. */
  readonly origin: number;
}

/** Real files have a handful of header pages; pictures in the tags may take hundreds. */
const MAX_PAGES = 2_048;

/**
 * Reads pages up to the first that ends a packet of sound. Of several streams the first with a known codec is taken; a link that ends
 * before it has any sound is passed over.
 * @throws AulosError `media.unsupported`, `media.malformed`, `media.truncated`, `media.limit`.
 */
export async function readOggHead(pages: OggPageReader): Promise<OggHead> {
  let link = new Link();
  for (let count = 0; count < MAX_PAGES; count++) {
    const page = await pages.next();
    if (!page) throw new AulosError('media.truncated', { offset: link.end, what: 'Ogg headers' }, 'the file ends before its first sound');
    if (page.isBeginning && link.hasBegun) link = new Link();
    const head = link.take(page);
    if (head) return head;
  }
  throw new AulosError('media.limit', { offset: link.end, what: 'Ogg headers' }, 'too many pages before the first sound');
}

class Link {
  /** Byte offset of the last page taken. */
  end = 0;
  /** True once a page came that begins no stream. */
  hasBegun = false;
  readonly #serials = new Set<number>();
  readonly #packetizer = new OggPacketizer();
  #stream: { readonly serial: number; readonly mapping: OggMapping } | undefined;
  #start: number | undefined;
  /** Byte offset of the page on which the last header ends, and of what follows it. */
  #lastHeader: ByteRange & { readonly sequence: number } = { start: 0, end: 0, sequence: 0 };

  /** Takes the next page; gives the head when it is whole. */
  take(page: OggPage): OggHead | undefined {
    this.end = page.offset;
    this.#start ??= page.offset;
    if (page.isBeginning) {
      this.#serials.add(page.serial);
      this.#stream ??= openStream(page);
    } else this.hasBegun = true;
    const stream = this.#stream;
    if (!stream && this.hasBegun) {
      const what = 'Ogg without Opus, Vorbis or FLAC';
      throw new AulosError('media.unsupported', { offset: page.offset, what }, 'nothing in this Ogg file can be played');
    }
    return stream && page.serial === stream.serial ? this.#takePackets(page, stream) : undefined;
  }

  #takePackets(page: OggPage, { serial, mapping }: { serial: number; mapping: OggMapping }): OggHead | undefined {
    const { packets } = this.#packetizer.take(page);
    const sound = packets.findIndex(({ data }) => !mapping.readHeader(data));
    if (sound < 0) {
      if (packets.length > 0) this.#lastHeader = { start: page.offset, end: page.end, sequence: page.sequence };
      return undefined;
    }
    const format = mapping.describe();
    if (!format) throw new AulosError('media.malformed', { offset: page.offset, what: 'Ogg headers' }, 'the headers are not whole');
    let frames = 0;
    for (let i = sound; i < packets.length; i++) frames += mapping.framesOf(packets[i].data, packets[i - 1]?.data);
    // On the last page the position may be short of the packets, to cut off their end.
    const origin = page.isEnd || page.granule === undefined ? 0 : page.granule - frames;
    const { start: offset, end, sequence } = this.#lastHeader;
    return {
      serial,
      serials: this.#serials,
      mapping,
      format,
      offset,
      sequence,
      headerPages: { start: this.#start ?? offset, end },
      origin,
    };
  }
}

/** RFC 3533 §4: a page that begins a stream holds the whole first packet and nothing else. */
function openStream(page: OggPage): { serial: number; mapping: OggMapping } | undefined {
  const mapping = mappingOf(page.body);
  return mapping && { serial: page.serial, mapping };
}
