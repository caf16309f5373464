import type { MediaInfo, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FrameOffsets } from './frame-offsets.ts';
import { type Mp3Layout, readMp3Layout } from './mp3-layout.ts';
import { type Landing, landNear } from './mp3-seek.ts';
import { HEADER_BYTES, sideInfoBytes } from './mpeg-audio-header.ts';
import { filterPreroll, mpegAudioPackets } from './mpeg-audio-packets.ts';

/**
 * Demuxes MPEG audio of layers I to III (ISO/IEC 11172-3, 13818-3) with or without ID3, Xing, LAME, VBRI and APE tags. A packet is a frame.
 * Seeks are exact in a constant bit rate and wherever packets have passed by; otherwise they say how wrong they may be.
 */
export function mp3Demuxer(source: ByteSource): Demuxer {
  return new Mp3Demuxer(source);
}

class Mp3Demuxer implements Demuxer {
  readonly container = 'mp3';
  readonly #source: ByteSource;
  readonly #passed = new FrameOffsets();
  #layout: Promise<Mp3Layout> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#readLayout(signal)).info;
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { stream, audioStart, taggedEnd } = await this.#readLayout(signal);
    const reader = new ByteReader(this.#source, signal, from?.offset ?? audioStart);
    const isExact = from?.exact ?? true;
    for await (const packet of mpegAudioPackets(reader, stream, from?.timestamp ?? 0, taggedEnd)) {
      if (isExact) this.#passed.note(packet.timestamp / packet.duration, packet.offset);
      yield packet;
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const layout = await this.#readLayout(signal);
    const { info, stream } = layout;
    const { samples } = stream.header;
    const wanted = Math.round(Math.max(0, seconds) * info.config.sampleRate);
    const end = info.frames ?? (info.duration ?? Infinity) * info.config.sampleRate;
    const target = Math.min(wanted, Math.round(end)) + info.encoderDelay;
    const first = Math.max(0, Math.floor(target / samples) - prerollFrames(layout));
    const { frame, offset, exact, error } = await this.#land(first, layout, signal);
    return { offset, index: 0, timestamp: frame * samples, target, exact, errorBound: (error * samples) / info.config.sampleRate };
  }

  async #land(frame: number, layout: Mp3Layout, signal: AbortSignal): Promise<Landing> {
    const passed = this.#passed.atOrBefore(frame);
    if (passed) return { ...passed, exact: true, error: 0 };
    if (frame === 0) return { frame, offset: layout.audioStart, exact: true, error: 0 };
    return landNear(frame, layout, this.#source, signal);
  }

  /** Single flight; a failed attempt is not remembered. */
  #readLayout(signal: AbortSignal): Promise<Mp3Layout> {
    this.#layout ??= readMp3Layout(this.#source, signal).catch((error) => {
      this.#layout = undefined;
      throw error;
    });
    return this.#layout;
  }
}

/**
 * Frames to decode before one to have it right. In layer III it overlaps with the one before, whose main data may begin 511 bytes (255 at
 * the lower rates) of main data earlier, in frames of the smallest size that the stream may have.
 */
function prerollFrames({ stream: { header }, constant }: Mp3Layout): number {
  if (header.layer !== 3) return filterPreroll(header.layer);
  const reach = header.version === 1 ? 511 : 255;
  const lowestBitRate = header.version === 1 ? 32_000 : 8_000;
  const frameBytes = constant?.frameBytes ?? (header.samples * lowestBitRate) / (8 * header.sampleRate);
  const mainDataBytes = Math.max(1, Math.floor(frameBytes) - HEADER_BYTES - (header.hasCrc ? 2 : 0) - sideInfoBytes(header));
  return Math.ceil(reach / mainDataBytes) + 1;
}
