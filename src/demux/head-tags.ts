import type { Metadata } from '../media.ts';
import { APE_FRAME_BYTES, parseApeFrame, readApeItems } from './ape.ts';
import type { ByteReader } from './byte-reader.ts';
import { readId3 } from './id3.ts';
import { joinMetadata } from './metadata.ts';

/** Reads the tags at the cursor, ID3v2 and then, where some program put it, APEv2, and leaves the cursor behind them. @throws what the source throws. */
export async function readHeadTags(reader: ByteReader, signal: AbortSignal): Promise<Metadata> {
  const { metadata } = await readId3(reader, signal);
  await reader.need(APE_FRAME_BYTES);
  const frame = reader.bytes(Math.min(APE_FRAME_BYTES, reader.available));
  const tag = parseApeFrame(frame, reader.position);
  if (!tag || tag.itemsEnd <= reader.position) return metadata;
  const joined = joinMetadata(metadata, await readApeItems(reader, tag));
  reader.seek(tag.itemsEnd + APE_FRAME_BYTES);
  return joined;
}
