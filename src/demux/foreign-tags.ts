import type { ByteReader } from './byte-reader.ts';
import { skipId3v2 } from './id3.ts';

const ID3V1_BYTES = 128;
const APE_HEADER_BYTES = 32;
const APE_SAYS_HEADER = 0x80000000;

/**
 * If the cursor is at a tag where a frame was due, moves it behind: an ID3v2 tag in the middle of joined files, and at the end APEv2
 * (`"APETAGEX" | version: 4 | size: 4 | items: 4 | flags: 4 | 8`, little endian; the size does not count this header) and ID3v1
 * (`"TAG"`, the last 128 bytes). False if there is none. Lyrics3 needs no care: it is text, and text is no frame.
 */
export async function skipForeignTag(reader: ByteReader): Promise<boolean> {
  if ((await skipId3v2(reader)) > 0) return true;
  await reader.need(ID3V1_BYTES + 1);
  if (reader.available === ID3V1_BYTES && reader.ascii(3) === 'TAG') {
    reader.skip(ID3V1_BYTES);
    return true;
  }
  if (reader.available < APE_HEADER_BYTES || reader.ascii(8) !== 'APETAGEX') return false;
  const body = reader.u32le(20) & APE_SAYS_HEADER ? reader.u32le(12) : 0;
  reader.skip(APE_HEADER_BYTES + body);
  return true;
}
