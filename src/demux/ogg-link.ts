import type { Packet } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { FrameIndex } from './frame-index.ts';
import type { OggEnd } from './ogg-end.ts';
import type { OggHead } from './ogg-head.ts';
import { OggPacketizer } from './ogg-packets.ts';
import { type OggPage, OggPageReader } from './ogg-page.ts';
import { beginSearch, isNear, narrow, type OggLandmark, probeOffset } from './ogg-seek.ts';

/** Granule positions that run ahead of the packets by less than this, seconds, are rounding; more is a hole. */
const MIN_HOLE_SECONDS = 0.01;

/** Where the length of the resource is not known, a search begins with this. */
const GUESSED_BYTES_PER_SECOND = 16_000;

/** How the packets of a link ended: with the resource, or where another link begins. */
export interface LinkEnding {
  /** Byte offset of the other link. */
  readonly nextLink: number | undefined;
  /** Frame, on the timeline of the link, up to which it is heard. */
  readonly end: number;
}

/** One link of a chain (RFC 3533 §4): a stream from its headers to its end. Its frames are counted from its own first packet. */
export class OggLink {
  /** Its place in the chain. */
  readonly number: number;
  readonly head: OggHead;
  readonly end: OggEnd | undefined;
  /** Frames at its start that are not meant to be heard. */
  readonly delay: number;
  /** Frame of the chain's decoded timeline at which its own begins. */
  readonly shift: number;
  readonly #source: ByteSource;
  readonly #index: FrameIndex | undefined;

  /** `heardFrom` is the frame of the chain's decoded timeline with which its sound begins; `index` is of the first link only. */
  constructor(
    source: ByteSource,
    head: OggHead,
    end: OggEnd | undefined,
    chained?: { number: number; heardFrom: number },
    index?: FrameIndex,
  ) {
    this.number = chained?.number ?? 0;
    this.head = head;
    this.end = end;
    this.delay = head.format.codecDelay + Math.max(0, -head.origin);
    this.shift = chained ? chained.heardFrom - this.delay : 0;
    this.#source = source;
    this.#index = index;
  }

  /** Frames that are meant to be heard. */
  get frames(): number | undefined {
    return this.end && Math.max(0, this.end.end - this.delay);
  }

  /** Where the packets begin. */
  get beginning(): OggLandmark {
    return { offset: this.head.offset, frame: 0 };
  }

  /**
   * Packets that begin behind those which end on the page of a landmark. They follow each other in time, unless the granule position of
   * their page says that some are missing before it. If another link follows, the last ones are as long as they are heard.
   */
  async *packetsBehind(start: OggLandmark, signal: AbortSignal): AsyncGenerator<Packet, LinkEnding> {
    const { mapping, origin, format, serial } = this.head;
    const pages = new OggPageReader(new ByteReader(this.#source, signal, start.offset));
    const packetizer = new OggPacketizer();
    const trace = this.#index?.trace({ timestamp: start.frame, exact: true });
    let time = start.frame;
    let previous: Uint8Array | undefined;
    let page = await pages.next();
    for (let next: OggPage | undefined; page; page = next) {
      if (page.isBeginning && page.offset > start.offset) return { nextLink: page.offset, end: time };
      next = await pages.next();
      if (page.serial !== serial) continue;
      const { packets, isBehindGap } = packetizer.take(page);
      const durations = packets.map(({ data }, i) => mapping.framesOf(data, packets[i - 1]?.data ?? previous));
      previous = packets.at(-1)?.data ?? previous;
      if (page.offset === start.offset) continue;
      if (page.granule !== undefined) {
        const ahead = page.granule - origin - durations.reduce((sum, frames) => sum + frames, 0) - time;
        if (ahead > (isBehindGap ? 0 : MIN_HOLE_SECONDS * format.config.sampleRate)) time += ahead;
      }
      const limit = next?.isBeginning && page.granule !== undefined ? page.granule - origin : Infinity;
      for (const [i, { data, offset }] of packets.entries()) {
        const duration = Math.max(0, Math.min(durations[i], limit - time));
        yield { data, offset, timestamp: time, duration, join: true, preroll: Math.ceil(format.prerollFrames / Math.max(1, durations[i])) };
        time += duration;
      }
      if (!page.isEnd && page.granule === time + origin) trace?.pass(time, page.offset, time);
    }
    trace?.end();
    return { nextLink: undefined, end: time };
  }

  /** A landmark shortly before `target`, at the latest the beginning. */
  async approach(target: number, signal: AbortSignal): Promise<OggLandmark> {
    const { sampleRate } = this.head.format.config;
    const passed = this.#index?.before(target);
    if (passed) return { offset: passed.offset, frame: passed.timestamp };
    const last = this.#index?.last;
    const low = last && last.timestamp <= target ? { offset: last.offset, frame: last.timestamp } : this.beginning;
    let search = beginSearch(target, low, { offset: this.end?.nextLink ?? this.#source.length, frame: this.end?.end });
    while (!isNear(search, sampleRate)) {
      const offset = probeOffset(search, sampleRate, GUESSED_BYTES_PER_SECOND / sampleRate);
      search = narrow(search, offset, await this.landmarkFrom(offset, signal));
    }
    return search.low;
  }

  /** The first page from a byte on that tells a time; on the last page of a link it may be short of the packets. */
  async landmarkFrom(offset: number, signal: AbortSignal): Promise<OggLandmark | undefined> {
    const pages = new OggPageReader(new ByteReader(this.#source, signal, offset));
    for (let page = await pages.next(); page && !page.isBeginning; page = await pages.next()) {
      if (page.serial !== this.head.serial || page.granule === undefined) continue;
      return page.isEnd ? undefined : { offset: page.offset, frame: page.granule - this.head.origin };
    }
    return undefined;
  }

  /** Where, behind a landmark before it, the packet begins that holds frame `target`, or the last one. */
  async walk(from: OggLandmark, target: number, signal: AbortSignal): Promise<number> {
    let time = from.frame;
    for await (const { timestamp, duration } of this.packetsBehind(from, signal)) {
      if (timestamp > target) break;
      time = timestamp;
      if (timestamp + duration > target) break;
    }
    return time;
  }
}
