import type { MediaInfo, Metadata, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { joinMetadata, saysNothing } from './metadata.ts';

/** Frames of a packet: 23 ms at 44.1 kHz, 4 KiB as 16-bit stereo. Seek points stand on this grid, so packets are the same after a seek. */
const PACKET_FRAMES = 1_024;

/** What the head of a file of PCM says. */
export interface PcmHead {
  readonly info: MediaInfo;
  /** Bytes of a frame: one sample per channel. */
  readonly frameBytes: number;
  /** Byte offset of the first sample. */
  readonly dataStart: number;
  /** Byte offset behind the last one; Infinity when only the end of the resource will tell. */
  readonly dataEnd: number;
  /** Reads what stands behind the sound, where the cursor is put. */
  readRest(reader: ByteReader, signal: AbortSignal): Promise<Metadata>;
}

/** Reads up to the first sample. @throws AulosError `media.*`. */
export type PcmHeadReader = (reader: ByteReader, signal: AbortSignal) => Promise<PcmHead>;

/** Demuxes samples that lie one after another. Seeks compute. */
export class PcmFileDemuxer implements Demuxer {
  readonly container: 'wav' | 'aiff';
  readonly #headReader: PcmHeadReader;
  readonly #source: ByteSource;
  #head: Promise<PcmHead> | undefined;
  /** What {@link info} tells once the rest of the file has been read. */
  #whole: MediaInfo | undefined;

  constructor(container: 'wav' | 'aiff', readHead: PcmHeadReader, source: ByteSource) {
    this.container = container;
    this.#headReader = readHead;
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    const { info } = await this.#readHead(signal);
    return this.#whole ?? info;
  }

  async metadata(signal: AbortSignal): Promise<Metadata> {
    const head = await this.#readHead(signal);
    const { info, dataStart, dataEnd } = head;
    const hasRest = dataEnd < (this.#source.length ?? 0);
    if (this.#whole || !hasRest) return info;
    const rest = await head.readRest(new ByteReader(this.#source, signal, dataEnd + ((dataEnd - dataStart) % 2)), signal);
    this.#whole = saysNothing(rest) ? info : { ...info, ...joinMetadata(info, rest) };
    return this.#whole;
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { dataStart, dataEnd } = await this.#readHead(signal);
    return {
      parts: partsOf(
        [
          ['head', 0],
          ['samples', dataStart],
          ['rest', dataEnd],
        ],
        this.#source.length,
      ),
      seeksBy: 'arithmetic',
    };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { frameBytes, dataStart, dataEnd } = await this.#readHead(signal);
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
    const { info, frameBytes, dataStart } = await this.#readHead(signal);
    const target = Math.min(Math.round(Math.max(0, seconds) * info.config.sampleRate), info.frames ?? Infinity);
    const timestamp = target - (target % PACKET_FRAMES);
    return { offset: dataStart + timestamp * frameBytes, index: 0, timestamp, target, exact: true, errorBound: 0 };
  }

  /** Single flight; a failed attempt is not remembered. */
  #readHead(signal: AbortSignal): Promise<PcmHead> {
    this.#head ??= this.#headReader(new ByteReader(this.#source, signal), signal).catch((error: unknown) => {
      this.#head = undefined;
      throw error;
    });
    return this.#head;
  }
}
