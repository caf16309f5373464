import { AulosError } from '../errors.ts';
import type { Picture, Tags } from '../media.ts';
import type { ByteReader } from './byte-reader.ts';
import { type CueTrack, parseCueSheet } from './flac-cue-sheet.ts';
import { MAX_FLAC_PICTURE_HEAD_BYTES, parseFlacPictureHead } from './flac-picture.ts';
import { FlacSeekTable } from './flac-seek-table.ts';
import { STREAM_INFO_BYTES } from './flac-stream-info.ts';
import { MAX_PICTURES } from './metadata.ts';
import { parseVorbisComment } from './vorbis-comment.ts';

const STREAM_INFO = 0;
const SEEK_TABLE = 3;
const VORBIS_COMMENT = 4;
const CUE_SHEET = 5;
const PICTURE = 6;
const FORBIDDEN = 127;

/** Real files have a dozen. */
const MAX_BLOCKS = 1_024;

/** A larger comment or seek table is skipped, not read: a minute of 700 kbit/s would be spent before the first sound. */
const MAX_READ_BYTES = 4 * 2 ** 20;

/** What the metadata blocks of a FLAC file say; all of it may be missing. */
export interface FlacMetadata {
  /** Body of STREAMINFO. */
  streamInfo: Uint8Array | undefined;
  seekTable: FlacSeekTable | undefined;
  tags: Tags;
  readonly pictures: Picture[];
  cueTracks: readonly CueTrack[];
}

/** What a stream without metadata blocks has. */
export const noFlacMetadata = (): FlacMetadata => ({ streamInfo: undefined, seekTable: undefined, tags: {}, pictures: [], cueTracks: [] });

/**
 * Reads the metadata blocks (RFC 9639 §8) behind the cursor, which stands on the marker `fLaC`, and leaves it behind the last one.
 * Of pictures only what is said of them is read; they and the like are skipped over.
 *
 *     last 1 │ type 7 │ length 24 │ body
 */
export async function readFlacMetadata(reader: ByteReader): Promise<FlacMetadata> {
  const metadata = noFlacMetadata();
  reader.skip(4);
  for (let blocks = 0; blocks < MAX_BLOCKS; blocks++) {
    await reader.require(4, 'FLAC metadata block');
    const isLast = reader.u8() >= 0x80;
    const type = reader.u8() & 0x7f;
    const length = reader.u24be(1);
    checkBlock(reader, type, length);
    reader.skip(4);
    await readBlock(reader, type, length, metadata);
    reader.skip(length);
    if (isLast) return metadata;
  }
  throw new AulosError('media.limit', { offset: reader.position, what: 'FLAC metadata blocks' }, 'too many FLAC metadata blocks');
}

function checkBlock(reader: ByteReader, type: number, length: number): void {
  const offset = reader.position;
  const isCutOff = offset + 4 + length > (reader.source.length ?? Infinity);
  if (isCutOff) throw new AulosError('media.truncated', { offset, what: 'FLAC metadata block' }, 'a FLAC metadata block is cut off');
  if (type === FORBIDDEN || (type === STREAM_INFO && length < STREAM_INFO_BYTES))
    throw new AulosError('media.malformed', { offset, what: 'FLAC metadata block' }, 'a FLAC metadata block is malformed');
}

async function readBlock(reader: ByteReader, type: number, length: number, metadata: FlacMetadata): Promise<void> {
  if (type === PICTURE) return readPicture(reader, length, metadata.pictures);
  const isWanted = type === STREAM_INFO || type === SEEK_TABLE || type === VORBIS_COMMENT || type === CUE_SHEET;
  if (!isWanted || length > MAX_READ_BYTES) return;
  await reader.require(length, 'FLAC metadata block');
  const body = reader.bytes(length);
  if (type === STREAM_INFO) metadata.streamInfo = body.slice(0, STREAM_INFO_BYTES);
  else if (type === SEEK_TABLE) metadata.seekTable = new FlacSeekTable(body.slice());
  else if (type === CUE_SHEET) metadata.cueTracks = parseCueSheet(body);
  else metadata.tags = parseVorbisComment(body).tags;
}

async function readPicture(reader: ByteReader, length: number, pictures: Picture[]): Promise<void> {
  if (pictures.length >= MAX_PICTURES) return;
  const headLimit = Math.min(length, MAX_FLAC_PICTURE_HEAD_BYTES);
  await reader.need(headLimit);
  const head = parseFlacPictureHead(reader.bytes(Math.min(headLimit, reader.available)));
  if (!head) return;
  const { headBytes, pictureBytes, ...said } = head;
  if (headBytes + pictureBytes > length) return;
  const start = reader.position + headBytes;
  pictures.push({ ...said, place: { start, end: start + pictureBytes, coding: 'plain', skip: 0, size: undefined } });
}
