import type { MediaInfo, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { readAdtsFrame } from './adts-frames.ts';
import { ADTS_PACKET_FRAMES, type AdtsHead, readAdtsHead } from './adts-head.ts';
import { ADTS_PREROLL, AdtsSeeker } from './adts-seek.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FrameIndex } from './frame-index.ts';
import { InfoInTime } from './info-in-time.ts';
import { PacketRates } from './packet-rates.ts';

/**
 * Demuxes ADTS (ISO/IEC 14496-3 §1.A), also behind ID3v2 tags: AAC frames one after another, and nothing that says how many. So the
 * duration is an estimate, and so are seeks, until the packets have passed by.
 */
export function adtsDemuxer(source: ByteSource): Demuxer {
  return new AdtsDemuxer(source);
}

interface OpenStream {
  readonly head: AdtsHead;
  readonly info: InfoInTime;
  readonly seeker: AdtsSeeker;
}

class AdtsDemuxer implements Demuxer {
  readonly container = 'adts';
  readonly frameIndex = new FrameIndex({ isOnlyWay: true });
  readonly #source: ByteSource;
  #stream: Promise<OpenStream> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#open(signal)).info.now;
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { head } = await this.#open(signal);
    const reader = new ByteReader(this.#source, signal, from?.offset ?? head.start);
    const trace = this.frameIndex.trace(from);
    for (let timestamp = from?.timestamp ?? 0; ; timestamp += ADTS_PACKET_FRAMES) {
      const frame = await readAdtsFrame(reader, head.header);
      if (!frame) return trace.end();
      const { data, start, offset } = frame;
      trace.pass(timestamp, start, timestamp + ADTS_PACKET_FRAMES);
      yield { data, offset, timestamp, duration: ADTS_PACKET_FRAMES, join: true, preroll: ADTS_PREROLL };
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { info, seeker } = await this.#open(signal);
    const { config, duration } = info.now;
    const wanted = Math.round(Math.min(Math.max(0, seconds), duration ?? Infinity) * config.sampleRate);
    const { packet, offset, error } = await seeker.find(Math.max(0, Math.floor(wanted / ADTS_PACKET_FRAMES) - ADTS_PREROLL), signal);
    const timestamp = packet * ADTS_PACKET_FRAMES;
    const earliest = packet === 0 ? 0 : timestamp + ADTS_PREROLL * ADTS_PACKET_FRAMES;
    const errorBound = (error * ADTS_PACKET_FRAMES) / config.sampleRate;
    return { offset, index: 0, timestamp, target: Math.max(wanted, earliest), exact: error === 0, errorBound };
  }

  /** Single flight; a failed attempt is not remembered. */
  #open(signal: AbortSignal): Promise<OpenStream> {
    this.#stream ??= this.#read(signal).catch((error) => {
      this.#stream = undefined;
      throw error;
    });
    return this.#stream;
  }

  async #read(signal: AbortSignal): Promise<OpenStream> {
    const head = await readAdtsHead(this.#source, signal);
    const rates = new PacketRates();
    rates.note({ offset: head.start, bytesPerPacket: head.bytesPerPacket });
    const seeker = new AdtsSeeker(this.#source, head, this.frameIndex, rates);
    return { head, info: new InfoInTime(head.info, this.frameIndex), seeker };
  }
}
