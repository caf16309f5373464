import type { MediaInfo, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { readAdtsFrame } from './adts-frames.ts';
import { ADTS_PACKET_FRAMES, type AdtsHead, readAdtsHead } from './adts-head.ts';
import { AdtsLandmarks } from './adts-landmarks.ts';
import { ADTS_PREROLL, seekAdts } from './adts-seek.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';

/**
 * Demuxes ADTS (ISO/IEC 14496-3 §1.A), also behind ID3v2 tags: AAC frames one after another, and nothing that says how many. So the
 * duration is an estimate, and so are seeks past the part that was read already.
 */
export function adtsDemuxer(source: ByteSource): Demuxer {
  return new AdtsDemuxer(source);
}

interface OpenStream {
  readonly head: AdtsHead;
  readonly landmarks: AdtsLandmarks;
}

class AdtsDemuxer implements Demuxer {
  readonly container = 'adts';
  readonly #source: ByteSource;
  #stream: Promise<OpenStream> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#open(signal)).head.info;
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { head, landmarks } = await this.#open(signal);
    const reader = new ByteReader(this.#source, signal, from?.offset ?? head.start);
    const isCertain = from?.exact ?? true;
    for (let timestamp = from?.timestamp ?? 0; ; timestamp += ADTS_PACKET_FRAMES) {
      const frame = await readAdtsFrame(reader, head.header);
      if (!frame) return;
      const { data, start, offset } = frame;
      if (isCertain) landmarks.pass(timestamp / ADTS_PACKET_FRAMES, start);
      yield { data, offset, timestamp, duration: ADTS_PACKET_FRAMES, join: true, preroll: ADTS_PREROLL };
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { head, landmarks } = await this.#open(signal);
    const { config, duration } = head.info;
    const target = Math.round(Math.min(Math.max(0, seconds), duration ?? Infinity) * config.sampleRate);
    return seekAdts(this.#source, head, landmarks, target, signal);
  }

  /** Single flight; a failed attempt is not remembered. */
  #open(signal: AbortSignal): Promise<OpenStream> {
    this.#stream ??= readAdtsHead(this.#source, signal).then(
      (head) => ({ head, landmarks: new AdtsLandmarks(head.start) }),
      (error) => {
        this.#stream = undefined;
        throw error;
      },
    );
    return this.#stream;
  }
}
