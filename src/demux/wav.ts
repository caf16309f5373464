import { AulosError } from '../errors.ts';
import type { MediaInfo, Metadata } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import type { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { readId3 } from './id3.ts';
import { joinMetadata, metadataOf } from './metadata.ts';
import { PcmFileDemuxer, type PcmHead } from './pcm-file.ts';
import { parseRiffInfo } from './riff-info.ts';
import { parseWavFormat, WAV_FORMAT_BYTES, type WavFormat } from './wav-format.ts';

const MAX_CHUNKS = 1_024;

/** A larger list of tags is skipped. */
const MAX_INFO_BYTES = 2 ** 20;

/** A 32-bit size that stands for "see ds64", or that its writer never came back to fill in. */
const NO_SIZE = 0xffffffff;

/** Demuxes WAV: RIFF, its big-endian sister RIFX, and RF64 or BW64 with 64-bit sizes (EBU Tech 3306, ITU-R BS.2088). Seeks compute. */
export function wavDemuxer(source: ByteSource): Demuxer {
  return new PcmFileDemuxer('wav', readHead, source);
}

/** Chunks seen so far. */
interface Chunks {
  readonly bigEndian: boolean;
  format: WavFormat | undefined;
  metadata: Metadata;
  /** Size of `data` according to `ds64`. */
  longDataSize: number | undefined;
}

/**
 * Walks the chunks up to `data`; those behind it are for later.
 *
 *     'RIFF' │ size 32 │ 'WAVE' │ chunks: id 32 │ size 32 │ body │ 0 if the size is odd
 */
async function readHead(reader: ByteReader, signal: AbortSignal): Promise<PcmHead> {
  await reader.require(12, 'WAV header');
  const form = reader.ascii(4);
  if (!['RIFF', 'RIFX', 'RF64', 'BW64'].includes(form) || reader.ascii(4, 8) !== 'WAVE')
    throw new AulosError('media.malformed', { offset: 0, what: 'WAV header' }, 'not a WAV file');
  const chunks: Chunks = { bigEndian: form === 'RIFX', format: undefined, metadata: metadataOf({}), longDataSize: undefined };
  reader.skip(12);
  for (let i = 0; i < MAX_CHUNKS; i++) {
    await reader.require(8, 'WAV chunk');
    const { id, size } = nextChunk(reader, chunks);
    if (id === 'data') return headOf(reader, chunks, size);
    const end = reader.position + size + (size & 1);
    await readChunk(reader, id, size, chunks, signal);
    reader.seek(end);
  }
  throw new AulosError('media.limit', { offset: reader.position, what: 'WAV chunks' }, 'too many WAV chunks before the data');
}

/** Reads the chunks behind the sound, as far as they are whole. */
async function readRest(reader: ByteReader, chunks: Chunks, signal: AbortSignal): Promise<Metadata> {
  for (let i = 0; i < MAX_CHUNKS; i++) {
    await reader.need(8);
    if (reader.available < 8) break;
    const { id, size } = nextChunk(reader, chunks);
    const end = reader.position + size + (size & 1);
    if (end > (reader.source.length ?? 0) + 1) break;
    if (METADATA_CHUNKS.has(id)) await readChunk(reader, id, size, chunks, signal);
    reader.seek(end);
  }
  return chunks.metadata;
}

/** Chunks with tags; programs of all kinds write either. */
const METADATA_CHUNKS: ReadonlySet<string> = new Set(['LIST', 'id3 ', 'ID3 ']);

/** Takes the header of the chunk at the cursor. */
function nextChunk(reader: ByteReader, { bigEndian }: Chunks): { id: string; size: number } {
  const chunk = { id: reader.ascii(4), size: bigEndian ? reader.u32be(4) : reader.u32le(4) };
  reader.skip(8);
  return chunk;
}

async function readChunk(reader: ByteReader, id: string, size: number, chunks: Chunks, signal: AbortSignal): Promise<void> {
  if (id === 'fmt ' && size >= 16) {
    const bytes = Math.min(size, WAV_FORMAT_BYTES);
    await reader.require(bytes, 'WAV format');
    chunks.format = parseWavFormat(reader.bytes(bytes), chunks.bigEndian, reader.position);
  } else if (id === 'ds64' && size >= 16) {
    await reader.require(16, 'ds64 chunk');
    chunks.longDataSize = reader.u64le(8);
  } else if (id === 'LIST' && size >= 4 && size <= MAX_INFO_BYTES) {
    await reader.require(size, 'LIST chunk');
    chunks.metadata = joinMetadata(chunks.metadata, metadataOf(parseRiffInfo(reader.bytes(size), chunks.bigEndian)));
  } else if (id === 'id3 ' || id === 'ID3 ') chunks.metadata = joinMetadata(chunks.metadata, (await readId3(reader, signal)).metadata);
}

function headOf(reader: ByteReader, chunks: Chunks, statedSize: number): PcmHead {
  const { format, metadata, longDataSize } = chunks;
  const dataStart = reader.position;
  if (!format) throw new AulosError('media.malformed', { offset: dataStart, what: 'WAV format' }, 'WAV data without a format before it');
  const size = statedSize === NO_SIZE ? (longDataSize ?? 0) : statedSize;
  // Recorders and pipes leave 0 or all ones, and a cut file states what it had: then the data ends where the resource does.
  const dataEnd = Math.min(size > 0 ? dataStart + size : Infinity, reader.source.length ?? Infinity);
  const { channels, sampleRate, frameBytes, pcm } = format;
  const frames = dataEnd === Infinity ? undefined : Math.max(0, Math.floor((dataEnd - dataStart) / frameBytes));
  const duration = frames === undefined ? undefined : frames / sampleRate;
  const info: MediaInfo = {
    container: 'wav',
    config: { codec: 'pcm', codecString: 'pcm', sampleRate, channels, description: new Uint8Array(0), pcm },
    duration,
    durationIsExact: duration !== undefined,
    frames,
    bitsPerSample: pcm.encoding === 'alaw' || pcm.encoding === 'mulaw' ? undefined : pcm.bits,
    bitRate: frameBytes * sampleRate * 8,
    encoderDelay: 0,
    padding: 0,
    ...metadata,
  };
  return { info, frameBytes, dataStart, dataEnd, readRest: (rest, signal) => readRest(rest, chunks, signal) };
}
