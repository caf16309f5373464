import type { MediaInfo, Metadata, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FrameIndex } from './frame-index.ts';
import { InfoInTime } from './info-in-time.ts';
import { type Mp3Layout, readMp3Layout } from './mp3-layout.ts';
import { Mp3Seeker } from './mp3-seek.ts';
import { mpegAudioPackets } from './mpeg-audio-packets.ts';
import { readTailTags } from './tail-tags.ts';

/**
 * Demuxes MPEG audio of layers I to III (ISO/IEC 11172-3, 13818-3) with or without ID3, Xing, LAME, VBRI and APE tags. A packet is a frame.
 * Seeks are exact in a constant bit rate and wherever packets have passed by; otherwise they say how wrong they may be.
 */
export function mp3Demuxer(source: ByteSource): Demuxer {
  return new Mp3Demuxer(source);
}

interface OpenStream {
  readonly layout: Mp3Layout;
  readonly info: InfoInTime;
  readonly seeker: Mp3Seeker;
}

class Mp3Demuxer implements Demuxer {
  readonly container = 'mp3';
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
    const { tag, tagOffset, audioStart, constant } = (await this.#open(signal)).layout;
    const tagName = tag?.kind === 'vbri' ? 'VBRI tag' : tag?.isConstant ? 'Info tag' : 'Xing tag';
    const byTable = tag?.seekTable && `the table of the ${tagName}`;
    const seeksBy = constant ? 'the constant bit rate' : (byTable ?? 'the average of places that were read');
    return {
      parts: partsOf(
        [
          ['tags', 0],
          [tagName, tagOffset],
          ['sound', audioStart],
        ],
        this.#source.length,
      ),
      seeksBy,
    };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { stream, audioStart, taggedEnd } = (await this.#open(signal)).layout;
    const reader = new ByteReader(this.#source, signal, from?.offset ?? audioStart);
    const trace = this.frameIndex.trace(from);
    for await (const packet of mpegAudioPackets(reader, stream, from?.timestamp ?? 0, taggedEnd)) {
      trace.pass(packet.timestamp, packet.offset, packet.timestamp + packet.duration);
      yield packet;
    }
    trace.end();
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { layout, seeker, info } = await this.#open(signal);
    const { frames, duration, encoderDelay, config } = info.now;
    const { samples } = layout.stream.header;
    const end = frames ?? (duration ?? Infinity) * config.sampleRate;
    const target = Math.min(Math.round(Math.max(0, seconds) * config.sampleRate), Math.round(end)) + encoderDelay;
    const { packet, offset, error } = await seeker.find(Math.floor(target / samples), signal);
    const errorBound = (error * samples) / config.sampleRate;
    return { offset, index: 0, timestamp: packet * samples, target, exact: error === 0, errorBound };
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
    const layout = await readMp3Layout(this.#source, signal);
    const seeker = new Mp3Seeker(this.#source, layout, this.frameIndex);
    return { layout, info: new InfoInTime(layout.info, this.frameIndex), seeker };
  }
}
