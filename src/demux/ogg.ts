import type { MediaInfo, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FrameIndex } from './frame-index.ts';
import { metadataOf } from './metadata.ts';
import { type OggEnd, readOggEnd } from './ogg-end.ts';
import { type OggHead, readOggHead } from './ogg-head.ts';
import { OggPacketizer } from './ogg-packets.ts';
import { OggPageReader } from './ogg-page.ts';
import { beginSearch, isNear, narrow, type OggLandmark, probeOffset } from './ogg-seek.ts';

/**
 * Demuxes Opus, Vorbis and FLAC in Ogg (RFC 3533). Of a chain of links the first that has sound is played to its end.
 * Seeks are exact: by bisection on the granule positions of pages.
 */
export function oggDemuxer(source: ByteSource): Demuxer {
  return new OggDemuxer(source);
}

/** Granule positions that run ahead of the packets by less than this, seconds, are rounding; more is a hole. */
const MIN_HOLE_SECONDS = 0.01;

/** Where the length of the resource is not known, a search begins with this. */
const GUESSED_BYTES_PER_SECOND = 16_000;

interface Link {
  readonly head: OggHead;
  readonly info: MediaInfo;
}

class OggDemuxer implements Demuxer {
  readonly container = 'ogg';
  /** Of pages; the time of one is that at which the packets behind those begin that end on it. */
  readonly frameIndex = new FrameIndex({ isOnlyWay: false });
  readonly #source: ByteSource;
  #opening: Promise<Link> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#open(signal)).info;
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { start, end } = (await this.#open(signal)).head.headerPages;
    return {
      parts: partsOf(
        [
          ['headers', start],
          ['sound', end],
        ],
        this.#source.length,
      ),
      seeksBy: 'bisection on granule positions',
    };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { head } = await this.#open(signal);
    const start = from && from.offset > head.offset ? await this.#landmarkFrom(from.offset, head, signal) : undefined;
    for await (const packet of this.#packetsBehind(start ?? beginningOf(head), head, signal)) {
      if (!from || packet.timestamp >= from.timestamp) yield packet;
    }
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const { head, info } = await this.#open(signal);
    const { sampleRate } = info.config;
    const wanted = Math.min(Math.round(Math.max(0, seconds) * sampleRate), info.frames ?? Infinity);
    const target = info.encoderDelay + wanted;
    const first = Math.max(0, target - head.format.prerollFrames);
    const landmark = await this.#approach(first, head, info, signal);
    const timestamp = await this.#walk(landmark, first, head, signal);
    return { offset: landmark.offset, index: 0, timestamp, target, exact: true, errorBound: 0 };
  }

  /** Single flight; a failed attempt is not remembered. */
  #open(signal: AbortSignal): Promise<Link> {
    this.#opening ??= this.#readLink(signal).catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #readLink(signal: AbortSignal): Promise<Link> {
    const head = await readOggHead(new OggPageReader(new ByteReader(this.#source, signal)));
    const end = await readOggEnd(this.#source, head, signal);
    return { head, info: describe(head, end, this.#source.length) };
  }

  /**
   * Packets that begin behind those which end on the page of a landmark. They follow each other in time, unless the granule position of
   * their page says that some are missing before it.
   */
  async *#packetsBehind(start: OggLandmark, head: OggHead, signal: AbortSignal): AsyncGenerator<Packet> {
    const { mapping, origin, format, serial } = head;
    const pages = new OggPageReader(new ByteReader(this.#source, signal, start.offset));
    const packetizer = new OggPacketizer();
    const trace = this.frameIndex.trace({ timestamp: start.frame, exact: true });
    let time = start.frame;
    let previous: Uint8Array | undefined;
    for (let page = await pages.next(); page; page = await pages.next()) {
      if (page.isBeginning && page.offset > start.offset) break; // another link
      if (page.serial !== serial) continue;
      const { packets, isBehindGap } = packetizer.take(page);
      const durations = packets.map(({ data }, i) => mapping.framesOf(data, packets[i - 1]?.data ?? previous));
      previous = packets.at(-1)?.data ?? previous;
      if (page.offset === start.offset) continue;
      if (page.granule !== undefined) {
        const ahead = page.granule - origin - durations.reduce((sum, frames) => sum + frames, 0) - time;
        if (ahead > (isBehindGap ? 0 : MIN_HOLE_SECONDS * format.config.sampleRate)) time += ahead;
      }
      for (const [i, { data, offset }] of packets.entries()) {
        const duration = durations[i];
        yield { data, offset, timestamp: time, duration, join: true, preroll: Math.ceil(format.prerollFrames / Math.max(1, duration)) };
        time += duration;
      }
      if (!page.isEnd && page.granule === time + origin) trace.pass(time, page.offset, time);
    }
    trace.end();
  }

  /** A landmark shortly before `target`, at the latest the beginning. */
  async #approach(target: number, head: OggHead, info: MediaInfo, signal: AbortSignal): Promise<OggLandmark> {
    const { sampleRate } = info.config;
    const passed = this.frameIndex.before(target);
    if (passed) return { offset: passed.offset, frame: passed.timestamp };
    const { last } = this.frameIndex;
    const low = last && last.timestamp <= target ? { offset: last.offset, frame: last.timestamp } : beginningOf(head);
    const end = { offset: this.#source.length, frame: info.frames && info.encoderDelay + info.frames };
    let search = beginSearch(target, low, end);
    while (!isNear(search, sampleRate)) {
      const offset = probeOffset(search, sampleRate, GUESSED_BYTES_PER_SECOND / sampleRate);
      search = narrow(search, offset, await this.#landmarkFrom(offset, head, signal));
    }
    return search.low;
  }

  /** The first page from a byte on that tells a time; on the last page of a link it may be short of the packets. */
  async #landmarkFrom(offset: number, head: OggHead, signal: AbortSignal): Promise<OggLandmark | undefined> {
    const pages = new OggPageReader(new ByteReader(this.#source, signal, offset));
    for (let page = await pages.next(); page && !page.isBeginning; page = await pages.next()) {
      if (page.serial !== head.serial || page.granule === undefined) continue;
      return page.isEnd ? undefined : { offset: page.offset, frame: page.granule - head.origin };
    }
    return undefined;
  }

  /** Where, behind a landmark before it, the packet begins that holds frame `target`, or the last one. */
  async #walk(from: OggLandmark, target: number, head: OggHead, signal: AbortSignal): Promise<number> {
    let time = from.frame;
    for await (const { timestamp, duration } of this.#packetsBehind(from, head, signal)) {
      if (timestamp > target) break;
      time = timestamp;
      if (timestamp + duration > target) break;
    }
    return time;
  }
}

const beginningOf = ({ offset }: OggHead): OggLandmark => ({ offset, frame: 0 });

function describe({ format, origin, headerPages }: OggHead, tail: OggEnd | undefined, length: number | undefined): MediaInfo {
  const { config, tags, bitsPerSample, codecDelay } = format;
  const pictures = format.pictures.map(({ said, ...place }) => ({ ...said, place: { ...headerPages, ...place } }));
  const encoderDelay = codecDelay + Math.max(0, -origin);
  const frames = tail && Math.max(0, tail.end - encoderDelay);
  const duration = frames === undefined ? undefined : frames / config.sampleRate;
  return {
    container: 'ogg',
    config,
    duration,
    durationIsExact: duration !== undefined,
    frames,
    ...(bitsPerSample && { bitsPerSample }),
    bitRate: duration && length && Math.round((length * 8) / duration),
    encoderDelay,
    padding: tail ? tail.decodedEnd - tail.end : 0,
    ...metadataOf(tags, pictures),
  };
}
