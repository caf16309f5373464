import { AulosError } from '../errors.ts';
import type { MediaInfo, Packet, SeekPoint, Tags } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { metadataOf } from './metadata.ts';
import { parseRiffInfo } from './riff-info.ts';
import { parseWavFormat, WAV_FORMAT_BYTES, type WavFormat } from './wav-format.ts';

/** Frames of a packet: 23 ms at 44.1 kHz, 4 KiB as 16-bit stereo. Seek points stand on this grid, so packets are the same after a seek. */
const PACKET_FRAMES = 1_024;

const MAX_CHUNKS = 1_024;

/** A larger list of tags is skipped. */
const MAX_INFO_BYTES = 2 ** 20;

/** A 32-bit size that stands for "see ds64", or that its writer never came back to fill in. */
const NO_SIZE = 0xffffffff;

/** Demuxes WAV: RIFF, its big-endian sister RIFX, and RF64 or BW64 with 64-bit sizes (EBU Tech 3306, ITU-R BS.2088). Seeks compute. */
export function wavDemuxer(source: ByteSource): Demuxer {
  return new WavDemuxer(source);
}

interface WavHead {
  readonly info: MediaInfo;
  readonly format: WavFormat;
  /** Byte offset of the first sample. */
  readonly dataStart: number;
  /** Byte offset behind the last one; Infinity when only the end of the resource will tell. */
  readonly dataEnd: number;
}

class WavDemuxer implements Demuxer {
  readonly container = 'wav';
  readonly #source: ByteSource;
  #head: Promise<WavHead> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#readHead(signal)).info;
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { format, dataStart, dataEnd } = await this.#readHead(signal);
    const { frameBytes } = format;
    const reader = new ByteReader(this.#source, signal, from?.offset ?? dataStart);
    for (let timestamp = from?.timestamp ?? 0; ; timestamp += PACKET_FRAMES) {
      const wanted = Math.min(PACKET_FRAMES * frameBytes, dataEnd - reader.position);
      await reader.need(Math.max(0, wanted));
      const duration = Math.floor(Math.min(wanted, reader.available) / frameBytes);
      if (duration <= 0) return;
      const offset = reader.position;
      yield { data: reader.bytes(duration * frameBytes), offset, timestamp, duration, join: true, preroll: 0 };
      reader.skip(duration * frameBytes);
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { info, format, dataStart } = await this.#readHead(signal);
    const target = Math.min(Math.round(Math.max(0, seconds) * format.sampleRate), info.frames ?? Infinity);
    const timestamp = target - (target % PACKET_FRAMES);
    return { offset: dataStart + timestamp * format.frameBytes, index: 0, timestamp, target, exact: true, errorBound: 0 };
  }

  /** Single flight; a failed attempt is not remembered. */
  #readHead(signal: AbortSignal): Promise<WavHead> {
    this.#head ??= readHead(new ByteReader(this.#source, signal)).catch((error) => {
      this.#head = undefined;
      throw error;
    });
    return this.#head;
  }
}

/** Chunks seen before `data`. */
interface Chunks {
  format: WavFormat | undefined;
  tags: Tags;
  /** Size of `data` according to `ds64`. */
  longDataSize: number | undefined;
}

/**
 * Walks the chunks up to `data`; those behind it are not worth a request.
 *
 *     'RIFF' │ size 32 │ 'WAVE' │ chunks: id 32 │ size 32 │ body │ 0 if the size is odd
 */
async function readHead(reader: ByteReader): Promise<WavHead> {
  await reader.require(12, 'WAV header');
  const form = reader.ascii(4);
  if (!['RIFF', 'RIFX', 'RF64', 'BW64'].includes(form) || reader.ascii(4, 8) !== 'WAVE')
    throw new AulosError('media.malformed', { offset: 0, what: 'WAV header' }, 'not a WAV file');
  const bigEndian = form === 'RIFX';
  const chunks: Chunks = { format: undefined, tags: {}, longDataSize: undefined };
  reader.skip(12);
  for (let i = 0; i < MAX_CHUNKS; i++) {
    await reader.require(8, 'WAV chunk');
    const id = reader.ascii(4);
    const size = bigEndian ? reader.u32be(4) : reader.u32le(4);
    reader.skip(8);
    if (id === 'data') return headOf(reader, chunks, size);
    await readChunk(reader, id, size, bigEndian, chunks);
    reader.skip(size + (size & 1));
  }
  throw new AulosError('media.limit', { offset: reader.position, what: 'WAV chunks' }, 'too many WAV chunks before the data');
}

async function readChunk(reader: ByteReader, id: string, size: number, bigEndian: boolean, chunks: Chunks): Promise<void> {
  if (id === 'fmt ' && size >= 16) {
    const bytes = Math.min(size, WAV_FORMAT_BYTES);
    await reader.require(bytes, 'WAV format');
    chunks.format = parseWavFormat(reader.bytes(bytes), bigEndian, reader.position);
  } else if (id === 'ds64' && size >= 16) {
    await reader.require(16, 'ds64 chunk');
    chunks.longDataSize = reader.u64le(8);
  } else if (id === 'LIST' && size >= 4 && size <= MAX_INFO_BYTES) {
    await reader.require(size, 'LIST chunk');
    chunks.tags = { ...chunks.tags, ...parseRiffInfo(reader.bytes(size), bigEndian) };
  }
}

function headOf(reader: ByteReader, { format, tags, longDataSize }: Chunks, statedSize: number): WavHead {
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
    ...metadataOf(tags),
  };
  return { info, format, dataStart, dataEnd };
}
