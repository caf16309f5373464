import { AulosError } from '../errors.ts';
import { ADTS_HEADER_BYTES, type AdtsHeader, areOfOneAdtsStream, parseAdtsHeader } from './adts-header.ts';
import type { ByteReader } from './byte-reader.ts';
import { id3v2Size, skipId3v2 } from './id3.ts';

/** Bytes of junk, before the first frame or in a damaged stretch, that are searched for the next one. */
const MAX_JUNK = 131_072;

const ID3_HEADER_BYTES = 10;

/** A frame without its header. */
export interface AdtsFrame {
  /** A view that stays valid. */
  readonly data: Uint8Array;
  /** Byte offset of the header. */
  readonly start: number;
  /** Byte offset of `data`. */
  readonly offset: number;
}

/**
 * Moves the cursor to the next frame and gives its header; undefined when the resource ends before. A header counts when one that agrees
 * stands where its frame ends, or when the resource ends just there. With `like`, only frames of that stream are looked for.
 * @throws AulosError `media.malformed` when there is none in 128 KiB.
 */
export async function findAdtsFrame(reader: ByteReader, like?: AdtsHeader): Promise<AdtsHeader | undefined> {
  const start = reader.position;
  for (; reader.position < start + MAX_JUNK; reader.skip(1)) {
    const header = await headerAtCursor(reader, like);
    if (header && (await isFollowed(reader, header))) return header;
    if (reader.available < ADTS_HEADER_BYTES) return undefined;
  }
  throw new AulosError('media.malformed', { offset: start, what: 'ADTS frame' }, `no AAC frame in the ${MAX_JUNK} bytes from ${start} on`);
}

/**
 * Reads the frame at the cursor as soon as its last byte is there, and moves behind it. ID3v2 tags, which joined HLS segments have between
 * frames, are skipped, damage too. Undefined at the end; a last frame that is cut off is not given.
 */
export async function readAdtsFrame(reader: ByteReader, like: AdtsHeader): Promise<AdtsFrame | undefined> {
  let header = await headerAtCursor(reader, like);
  if (!header) {
    await skipId3v2(reader);
    header = (await headerAtCursor(reader, like)) ?? (await findAdtsFrame(reader, like));
  }
  if (!header) return undefined;
  const { frameBytes, headerBytes, blocks } = header;
  if (blocks > 1) {
    const details = { offset: reader.position, what: `ADTS frame of ${blocks} raw data blocks` };
    throw new AulosError('media.unsupported', details, 'ADTS frames of more than one block are not played');
  }
  await reader.need(frameBytes);
  if (reader.available < frameBytes) return undefined;
  const start = reader.position;
  const data = reader.bytes(frameBytes - headerBytes, headerBytes);
  reader.skip(frameBytes);
  return { data, start, offset: start + headerBytes };
}

async function headerAtCursor(reader: ByteReader, like?: AdtsHeader): Promise<AdtsHeader | undefined> {
  if (reader.available < ADTS_HEADER_BYTES) await reader.need(ADTS_HEADER_BYTES);
  const header = parseAdtsHeader(reader.bytes(ADTS_HEADER_BYTES));
  return header && (!like || areOfOneAdtsStream(header, like)) ? header : undefined;
}

/** Encoders put tags into live streams too, so one may stand in place of the next header. */
async function isFollowed(reader: ByteReader, header: AdtsHeader): Promise<boolean> {
  const { frameBytes } = header;
  await reader.need(frameBytes + ID3_HEADER_BYTES);
  if (reader.available === frameBytes) return true;
  const behind = reader.bytes(ID3_HEADER_BYTES, frameBytes);
  const next = parseAdtsHeader(behind);
  return next ? areOfOneAdtsStream(header, next) : id3v2Size(behind) > 0;
}
