import type { ByteSource } from '../source/source.ts';
import { fromBase64 } from './base64.ts';
import { ByteReader } from './byte-reader.ts';
import { parseFlacPictureHead } from './flac-picture.ts';
import { mappingOf } from './ogg-mapping.ts';
import { OggPacketizer } from './ogg-packets.ts';
import { OggPageReader } from './ogg-page.ts';

/** The packets, joined, of the first stream with a known codec in `pages`, the header pages of a link. */
export async function oggHeaders(pages: Uint8Array): Promise<Uint8Array> {
  const source: ByteSource = { length: pages.length, mediaType: '', read: async ({ start, end }) => pages.subarray(start, end) };
  const reader = new OggPageReader(new ByteReader(source, new AbortController().signal));
  const packetizer = new OggPacketizer();
  const joined = new Uint8Array(pages.length);
  let length = 0;
  let serial: number | undefined;
  for (let page = await reader.next(); page; page = await reader.next()) {
    if (serial === undefined && page.isBeginning && mappingOf(page.body)) serial = page.serial;
    if (page.serial !== serial) continue;
    for (const { data } of packetizer.take(page).packets) {
      joined.set(data, length);
      length += data.length;
    }
  }
  return joined.subarray(0, length);
}

/** The picture in the text of a METADATA_BLOCK_PICTURE comment; undefined if it is damaged. */
export function pictureOfComment(text: Uint8Array): Uint8Array | undefined {
  const block = fromBase64(text);
  const head = block && parseFlacPictureHead(block);
  return head && block.subarray(head.headBytes, head.headBytes + head.pictureBytes);
}
