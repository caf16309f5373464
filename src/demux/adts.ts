import type { MediaInfo, Metadata, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { readAdtsFrame } from './adts-frames.ts';
import { type AdtsHead, readAdtsHead } from './adts-head.ts';
import { AdtsSeeker } from './adts-seek.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FrameIndex } from './frame-index.ts';
import { InfoInTime } from './info-in-time.ts';
import { PacketRates } from './packet-rates.ts';
import { readTailTags } from './tail-tags.ts';

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
  #hasReadTail = false;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#open(signal)).info.now;
  }

  async metadata(signal: AbortSignal): Promise<Metadata> {
    const { info } = await this.#open(signal);
    if (!this.#hasReadTail) info.add(await readTailTags(this.#source, signal));
    this.#hasReadTail = true;
    return info.now;
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { start } = (await this.#open(signal)).head;
    return {
      parts: partsOf(
        [
          ['tags', 0],
          ['sound', start],
        ],
        this.#source.length,
      ),
      seeksBy: 'the average of places that were read',
    };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { header, start: firstOffset, packetFrames, preroll } = (await this.#open(signal)).head;
    const reader = new ByteReader(this.#source, signal, from?.offset ?? firstOffset);
    const trace = this.frameIndex.trace(from);
    for (let timestamp = from?.timestamp ?? 0; ; timestamp += packetFrames) {
      const frame = await readAdtsFrame(reader, header);
      if (!frame) return trace.end();
      const { data, start, offset } = frame;
      trace.pass(timestamp, start, timestamp + packetFrames);
      yield { data, offset, timestamp, duration: packetFrames, join: true, preroll };
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { info, seeker, head } = await this.#open(signal);
    const { packetFrames, preroll } = head;
    const { config, duration } = info.now;
    const wanted = Math.round(Math.min(Math.max(0, seconds), duration ?? Infinity) * config.sampleRate);
    const { packet, offset, error } = await seeker.find(Math.max(0, Math.floor(wanted / packetFrames) - preroll), signal);
    const timestamp = packet * packetFrames;
    const earliest = packet === 0 ? 0 : timestamp + preroll * packetFrames;
    const errorBound = (error * packetFrames) / config.sampleRate;
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
