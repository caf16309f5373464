import type { MediaInfo, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import type { Demuxer } from './demuxer.ts';
import { PACKET_BYTES } from './transport-packets.ts';
import { seekTs } from './ts-seek.ts';
import { framesByTimes } from './ts-times.ts';
import { openTsTrack, type TsTrack, tsPackets } from './ts-track.ts';

/**
 * Demuxes the first AAC (in ADTS) or MP3 stream of MPEG-2 transport streams (ISO/IEC 13818-1), such as HLS segments. The duration and
 * the way to a seek's target are told by the times in PES packets; packets count frames, so a seek may be off where packets are missing.
 */
export function tsDemuxer(source: ByteSource): Demuxer {
  return new TsDemuxer(source);
}

class TsDemuxer implements Demuxer {
  readonly container = 'ts';
  readonly #source: ByteSource;
  #track: Promise<TsTrack> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#open(signal)).info;
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { prefix, pid } = (await this.#open(signal)).place;
    const name = `packets of ${prefix + PACKET_BYTES} bytes, the sound in PID ${pid}`;
    return { parts: partsOf([[name, 0]], this.#source.length), seeksBy: 'the times of PES packets' };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    yield* tsPackets(await this.#open(signal), from?.offset ?? 0, from?.timestamp ?? 0, signal);
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const track = await this.#open(signal);
    const { config, duration, encoderDelay } = track.info;
    const target = Math.round(Math.min(Math.max(0, seconds), duration ?? Infinity) * config.sampleRate) + encoderDelay;
    const frames = duration === undefined ? undefined : duration * config.sampleRate;
    return seekTs(track, target, frames, signal);
  }

  /** Single flight; a failed attempt is not remembered. */
  #open(signal: AbortSignal): Promise<TsTrack> {
    this.#track ??= openWhole(this.#source, signal).catch((error) => {
      this.#track = undefined;
      throw error;
    });
    return this.#track;
  }
}

/** The head tells the duration only if it is the whole file; else the tail does. */
async function openWhole(source: ByteSource, signal: AbortSignal): Promise<TsTrack> {
  const track = await openTsTrack(source, signal);
  const { config, encoderDelay, padding, duration } = track.info;
  if (duration !== undefined || source.length === undefined || track.firstTime === undefined) return track;
  const frames = await framesByTimes(track, source.length, signal);
  if (!frames) return track;
  return { ...track, info: { ...track.info, duration: Math.max(0, frames - encoderDelay - padding) / config.sampleRate } };
}
