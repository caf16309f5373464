import { isAulosError } from '../errors.ts';
import type { Packet, SeekPoint } from '../media.ts';
import type { SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import type { DataWindow } from './data-window.ts';
import { packetsOf } from './fragment-packets.ts';
import { FragmentPlaces } from './fragment-places.ts';
import { type FragmentsHead, FragmentWalk } from './fragments.ts';
import type { Fragment } from './movie-fragment.ts';
import { type AudioTrack, samplesPerPacket } from './mp4-track.ts';
import { continueAt, nearestPacket, toFrames, toUnits } from './packet-times.ts';

/**
 * The part of a track that lies in fragments: how long it is, its packets, and where to begin. It walks from fragment to fragment as
 * they arrive, and takes a short cut where an index knows one.
 */
export class FragmentedMedia {
  readonly #source: ByteSource;
  readonly #track: AudioTrack;
  readonly #moovEnd: number;
  readonly #head: FragmentsHead;
  readonly #segmentIndex: () => SegmentIndex | undefined;
  /** Decode time that is frame 0 of the decoded timeline, in units of the track. */
  readonly #origin: number;
  readonly #places: FragmentPlaces;

  /** `head` is what follows the `moov`, which ends at byte `moovEnd`; `segmentIndex` gives the built index as soon as there is one. */
  constructor(source: ByteSource, track: AudioTrack, moovEnd: number, head: FragmentsHead, segmentIndex: () => SegmentIndex | undefined) {
    this.#source = source;
    this.#track = track;
    this.#moovEnd = moovEnd;
    this.#head = head;
    this.#segmentIndex = segmentIndex;
    this.#origin = track.samples.count === 0 ? (head.first?.decodeTime ?? 0) : 0;
    const start = { offset: moovEnd, decodeTime: toUnits(track.clock, track.times.mediaEnd) };
    this.#places = new FragmentPlaces(source, track, start, head, segmentIndex);
  }

  /** Decoded frames before the first presented one: those that lie before the first fragment of the file are not counted. */
  get encoderDelay(): number {
    return Math.max(0, this.#track.encoderDelay - toFrames(this.#track.clock, this.#origin));
  }

  /** Presented frames: exactly, where the file can be overlooked; else what the `moov` promises, else what the first fragment lets expect. */
  presented(): { frames: number | undefined; isExact: boolean } {
    const { clock, times, promisedFrames } = this.#track;
    const length = this.#source.length;
    const presented = (decoded: number): number => Math.max(0, decoded - this.encoderDelay);
    const index = this.#segmentIndex();
    if (index) return { frames: presented(this.#endOf(index)), isExact: true };
    const { first, early } = this.#head;
    if (first && first.range.end >= (length ?? Infinity)) {
      return { frames: presented(toFrames(clock, first.decodeTime + first.duration - this.#origin)), isExact: true };
    }
    if (early && reachesEnd(early, length)) {
      return { frames: presented(this.#endOf(early)), isExact: early.timescale >= clock.sampleRate };
    }
    const share = first && length ? (length - first.range.start) / (first.range.end - first.range.start) : undefined;
    const expected = first && share && times.decodedEnd + toFrames(clock, first.duration * share);
    const isCredible = promisedFrames && (!expected || (promisedFrames < expected * 2 && promisedFrames > expected / 2));
    const decoded = isCredible ? promisedFrames : expected;
    return { frames: decoded === undefined ? undefined : presented(decoded), isExact: false };
  }

  /**
   * Packets from `from` (default: the first fragment) to the end of the resource. One that is longer than its fragment waits for the
   * next fragment: if there is none, the rest of it is padding.
   */
  async *packets(window: DataWindow, signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { clock, preroll, times } = this.#track;
    const perPacket = samplesPerPacket(this.#track);
    let skip = from?.index ?? 0;
    let time = from ? -Infinity : times.decodedEnd;
    let end = 0;
    let long: Packet | undefined;
    try {
      for await (const fragment of this.#walk(from?.offset ?? this.#moovEnd, signal)) {
        time = continueAt(clock, time, this.#frameOf(fragment));
        end = this.#frameAt(fragment.decodeTime + fragment.duration);
        for (const { offset, bytes, bytesAhead, timestamp, duration } of packetsOf(fragment, clock, time, perPacket)) {
          time = timestamp + duration;
          if (skip-- > 0) continue;
          if (long) yield long;
          long = undefined;
          const data = await window.read(offset, bytes, () => bytesAhead);
          const packet = { data, offset, timestamp, duration, join: true, preroll };
          if (time > end && timestamp < end) long = packet;
          else yield packet;
        }
        skip = 0;
      }
    } catch (error) {
      if (long) yield long; // broken off behind it: nothing says that this was the end
      throw error;
    }
    if (long) yield { ...long, duration: end - long.timestamp };
  }

  /** The point from which decoded frame `target` can be decoded; undefined if there is no fragment. */
  async seek(target: number, signal: AbortSignal): Promise<SeekPoint | undefined> {
    const { clock, preroll } = this.#track;
    const wanted = this.#origin + toUnits(clock, target - (preroll + 1) * (clock.framesPerPacket ?? LONG_PACKET));
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { offset: from, bytesAhead } = await this.#places.before(wanted, signal);
      if (from <= this.#moovEnd) break;
      try {
        // One request for the `moof` and the way to the target in its media.
        await this.#source.read({ start: from, end: from + Math.min(bytesAhead, MAX_BYTES_AHEAD) + SLACK_BYTES }, signal, 1);
        const point = await this.#walkTo(from, target, signal);
        if (point && point.timestamp <= target) return point;
      } catch (error) {
        if (!isAulosError(error, 'media.malformed')) throw error;
      }
      this.#places.distrust(from);
    }
    return this.#walkTo(this.#moovEnd, target, signal);
  }

  /** Walks from the fragment at byte `from` to the packet that holds `target`, and back over its pre-roll. */
  async #walkTo(from: number, target: number, signal: AbortSignal): Promise<SeekPoint | undefined> {
    const { clock, preroll } = this.#track;
    const perPacket = samplesPerPacket(this.#track);
    const recent: Pick<SeekPoint, 'offset' | 'index' | 'timestamp'>[] = [];
    walk: for await (const fragment of this.#walk(from, signal)) {
      let index = 0;
      for (const { timestamp, duration } of packetsOf(fragment, clock, this.#frameOf(fragment), perPacket)) {
        if (timestamp > target && recent.length > 0) break walk;
        recent.push({ offset: fragment.range.start, index: index++, timestamp });
        if (recent.length > preroll + 1) recent.shift();
        if (timestamp + duration > target) break walk;
      }
    }
    const [start] = recent;
    return start && { ...start, target, exact: true, errorBound: 0 };
  }

  async *#walk(start: number, signal: AbortSignal): AsyncGenerator<Fragment> {
    const walk = new FragmentWalk(this.#source, this.#track, start, this.#places.timeAt(start), signal);
    for (let fragment = await walk.next(); fragment; fragment = await walk.next()) {
      this.#places.remember(fragment);
      yield fragment;
    }
  }

  /** Decoded frame at which `fragment` begins. */
  #frameOf({ decodeTime }: Fragment): number {
    return this.#frameAt(decodeTime);
  }

  /** The decoded frame of a decode time, free of rounding. */
  #frameAt(decodeTime: number): number {
    const { clock } = this.#track;
    return nearestPacket(clock, toFrames(clock, decodeTime - this.#origin));
  }

  /** Decoded frame at which the last segment of `index` ends. */
  #endOf({ segments, timescale }: SegmentIndex): number {
    const { clock } = this.#track;
    const { decodeTime, duration } = segments[segments.length - 1];
    return toFrames(clock, ((decodeTime + duration) * clock.timescale) / timescale - this.#origin);
  }
}

/** What is asked for at once of a fragment: up to the target, and by so much more as its bit rate may vary within. */
const MAX_BYTES_AHEAD = 98_304;
const SLACK_BYTES = 16_384;

/** By an index that may lie, then by a search. */
const MAX_TRIES = 2;

/** Frames that no packet of a codec without a fixed length exceeds by much: a FLAC block as encoders write them. */
const LONG_PACKET = 4_608;

/** True if an index leaves less than an average segment to the end of the resource; HLS packagers put one before each segment. */
function reachesEnd({ segments }: SegmentIndex, length: number | undefined): boolean {
  if (length === undefined) return false;
  const { start } = segments[0].range;
  const { end } = segments[segments.length - 1].range;
  return length - end < (end - start) / segments.length;
}
