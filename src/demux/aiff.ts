import { AulosError } from '../errors.ts';
import type { MediaInfo, Metadata } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { AIFC_FORMAT_BYTES, AIFF_FORMAT_BYTES, type AiffFormat, parseAiffFormat } from './aiff-format.ts';
import type { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { readId3 } from './id3.ts';
import { joinMetadata, metadataOf } from './metadata.ts';
import { PcmFileDemuxer, type PcmHead } from './pcm-file.ts';

/** Chunks of text by the names of tags. */
const TEXTS: Readonly<Record<string, string>> = { NAME: 'title', AUTH: 'artist', '(c) ': 'copyright', ANNO: 'comment' };

const MAX_CHUNKS = 1_024;
const MAX_TEXT_BYTES = 65_536;

/** Demuxes AIFF and AIFF-C with plain samples. Seeks compute. */
export function aiffDemuxer(source: ByteSource): Demuxer {
  return new PcmFileDemuxer('aiff', readHead, source);
}

/** Where the samples lie; `size` is what the chunk states. */
interface SoundChunk {
  readonly start: number;
  readonly size: number;
}

/** Chunks seen so far. */
interface Chunks {
  format: AiffFormat | undefined;
  sound: SoundChunk | undefined;
  metadata: Metadata;
}

/**
 * Walks the chunks up to the samples, or behind them where the format stands there; others that stand behind are for later.
 *
 *     'FORM' │ size 32 │ 'AIFF' or 'AIFC' │ chunks: id 32 │ size 32 │ body │ 0 if the size is odd
 */
async function readHead(reader: ByteReader, signal: AbortSignal): Promise<PcmHead> {
  await reader.require(12, 'AIFF header');
  if (reader.ascii(4) !== 'FORM' || !['AIFF', 'AIFC'].includes(reader.ascii(4, 8)))
    throw new AulosError('media.malformed', { offset: 0, what: 'AIFF header' }, 'not an AIFF file');
  const chunks: Chunks = { format: undefined, sound: undefined, metadata: metadataOf({}) };
  reader.skip(12);
  for (let i = 0; i < MAX_CHUNKS; i++) {
    await reader.require(8, 'AIFF chunk');
    await readChunk(reader, chunks, signal);
    if (chunks.format && chunks.sound) return headOf(reader.source, chunks, chunks.format, chunks.sound);
  }
  throw new AulosError('media.limit', { offset: reader.position, what: 'AIFF chunks' }, 'too many AIFF chunks before the sound');
}

/** Reads the chunks behind the sound, as far as they are whole. */
async function readRest(reader: ByteReader, chunks: Chunks, signal: AbortSignal): Promise<Metadata> {
  for (let i = 0; i < MAX_CHUNKS; i++) {
    await reader.need(8);
    if (reader.available < 8 || reader.position + 8 + reader.u32be(4) > (reader.source.length ?? 0)) break;
    await readChunk(reader, chunks, signal);
  }
  return chunks.metadata;
}

/** Takes the chunk at the cursor, and leaves the cursor behind it. */
async function readChunk(reader: ByteReader, chunks: Chunks, signal: AbortSignal): Promise<void> {
  const [id, size] = [reader.ascii(4), reader.u32be(4)];
  reader.skip(8);
  const end = reader.position + size + (size & 1);
  if (id === 'COMM' && size >= AIFF_FORMAT_BYTES) {
    const bytes = Math.min(size, AIFC_FORMAT_BYTES);
    await reader.require(bytes, 'AIFF format');
    chunks.format ??= parseAiffFormat(reader.bytes(bytes), reader.position);
  } else if (id === 'SSND' && size >= 8) {
    // offset 32 │ block size 32 │ as many bytes as the offset says │ samples
    await reader.require(8, 'AIFF sound');
    const offset = 8 + reader.u32be();
    chunks.sound ??= { start: reader.position + offset, size: Math.max(0, size - offset) };
  } else if (TEXTS[id] && size > 0 && size <= MAX_TEXT_BYTES) {
    await reader.require(size, 'AIFF text');
    chunks.metadata = joinMetadata(chunks.metadata, metadataOf({ [TEXTS[id]]: textOf(reader.bytes(size)) }));
  } else if (id === 'ID3 ' || id === 'id3 ') {
    chunks.metadata = joinMetadata((await readId3(reader, signal)).metadata, chunks.metadata);
  }
  reader.seek(end);
}

function headOf({ length }: ByteSource, chunks: Chunks, format: AiffFormat, sound: SoundChunk): PcmHead {
  const { channels, sampleRate, pcm, bits } = format;
  const frameBytes = (pcm.bits / 8) * channels;
  const dataStart = sound.start;
  // Recorders that were cut off have written 0 for a size, and a cut file states what it had: then the samples end where the resource does.
  const stated = Math.min(sound.size || Infinity, format.frames * frameBytes || Infinity);
  const dataEnd = Math.min(dataStart + stated, Math.max(dataStart, length ?? Infinity));
  const frames = dataEnd === Infinity ? undefined : Math.floor((dataEnd - dataStart) / frameBytes);
  const duration = frames === undefined ? undefined : frames / sampleRate;
  const info: MediaInfo = {
    container: 'aiff',
    config: { codec: 'pcm', codecString: 'pcm', sampleRate, channels, description: new Uint8Array(0), pcm },
    duration,
    durationIsExact: duration !== undefined,
    frames,
    bitsPerSample: bits,
    bitRate: frameBytes * sampleRate * 8,
    encoderDelay: 0,
    padding: 0,
    ...chunks.metadata,
  };
  return { info, frameBytes, dataStart, dataEnd, readRest: (rest, signal) => readRest(rest, chunks, signal) };
}

/** UTF-8 where it is, else what a Macintosh of the time wrote. */
function textOf(bytes: Uint8Array): string {
  const text = bytes.subarray(0, bytes.indexOf(0) < 0 ? bytes.length : bytes.indexOf(0));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(text).trim();
  } catch {
    return new TextDecoder('macintosh').decode(text).trim(); // bytes that are no UTF-8
  }
}
