import { AulosError } from '../errors.ts';
import type { MediaInfo, Packet, SeekPoint } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { type Anatomy, partsOf } from './anatomy.ts';
import { ByteReader } from './byte-reader.ts';
import type { Demuxer } from './demuxer.ts';
import { FlacFrameFinder } from './flac-frame-finder.ts';
import { noFlacMetadata, readFlacMetadata } from './flac-metadata.ts';
import { beginSearch, isNear, narrow, probeOffset } from './flac-seek.ts';
import type { FlacSeekTable, Landmark } from './flac-seek-table.ts';
import { credibleTotal, type FlacStreamInfo, flacDescription, parseStreamInfo, synthesizeStreamInfo } from './flac-stream-info.ts';
import { FrameIndex } from './frame-index.ts';
import { readId3 } from './id3.ts';
import { InfoInTime } from './info-in-time.ts';
import { joinMetadata, metadataOf } from './metadata.ts';

/**
 * Demuxes native FLAC (RFC 9639 §7), also behind an ID3v2 tag, and streams that begin at a frame, without marker and metadata.
 * One packet is one frame. Seeks are exact: by the seek table, then by bisection on the numbers in frame headers.
 */
export function flacDemuxer(source: ByteSource): Demuxer {
  return new FlacDemuxer(source);
}

/** What the head of the file says, and what the first frame says that headers of later ones refer to. */
interface FlacHead {
  readonly info: InfoInTime;
  readonly streamInfo: FlacStreamInfo;
  readonly seekTable: FlacSeekTable | undefined;
  /** Byte offset of the first frame. */
  readonly firstFrame: number;
  /** Samples per channel of all frames but the last, in a stream whose block size is fixed. */
  readonly fixedBlockSize: number;
  /** Where the numbers of a stream that was cut out of a longer one begin. */
  readonly origin: number;
}

class FlacDemuxer implements Demuxer {
  readonly container = 'flac';
  readonly frameIndex = new FrameIndex({ isOnlyWay: false });
  readonly #source: ByteSource;
  #head: Promise<FlacHead> | undefined;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    return (await this.#readHead(signal)).info.now;
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { seekTable, firstFrame } = await this.#readHead(signal);
    const search = 'bisection on the numbers of frames';
    const seeksBy = seekTable ? `a seek table of ${seekTable.points} points, then ${search}` : search;
    return {
      parts: partsOf(
        [
          ['metadata', 0],
          ['frames', firstFrame],
        ],
        this.#source.length,
      ),
      seeksBy,
    };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const head = await this.#readHead(signal);
    const start = from ? { offset: from.offset, frame: from.timestamp } : { offset: head.firstFrame, frame: 0 };
    const trace = this.frameIndex.trace(from);
    let isEmpty = true;
    for await (const packet of this.#packetsFrom(start, head, signal)) {
      isEmpty = false;
      trace.pass(packet.timestamp, packet.offset, packet.timestamp + packet.duration);
      yield packet;
    }
    trace.end();
    const offset = head.firstFrame;
    if (isEmpty && !from) throw new AulosError('media.malformed', { offset, what: 'FLAC frame' }, 'no FLAC frame is whole');
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const head = await this.#readHead(signal);
    const { config, frames } = head.info.now;
    const target = Math.min(Math.round(Math.max(0, seconds) * config.sampleRate), frames ?? Infinity);
    return this.#walk(await this.#approach(target, head, signal), target, head, signal);
  }

  /** Single flight; a failed attempt is not remembered. */
  #readHead(signal: AbortSignal): Promise<FlacHead> {
    this.#head ??= readHead(this.#source, this.frameIndex, signal).catch((error) => {
      this.#head = undefined;
      throw error;
    });
    return this.#head;
  }

  /**
   * Frames that touch each other in the file follow each other in time, whatever their numbers say (joined streams begin again at 0);
   * across a gap the number tells how much is missing.
   */
  async *#packetsFrom(start: Landmark, head: FlacHead, signal: AbortSignal): AsyncGenerator<Packet> {
    const reader = new ByteReader(this.#source, signal, start.offset);
    const finder = finderFor(reader, head.streamInfo);
    let origin = head.origin;
    let { frame, offset: end } = start;
    for (let data = await finder.next(); data; data = await finder.next()) {
      const offset = reader.position - data.length;
      const stated = finder.header.firstFrame(head.fixedBlockSize);
      if (offset > end && stated - origin > frame) frame = stated - origin;
      else origin = stated - frame;
      const duration = finder.header.blockSize;
      yield { data, offset, timestamp: frame, duration, join: true, preroll: 0 };
      frame += duration;
      end = offset + data.length;
    }
  }

  /**
   * A frame at or, preferably shortly, before `target`. The seek table and STREAMINFO only say where to look: the low end of the search
   * is always a frame that was seen, and a wrong high end costs a longer walk.
   */
  async #approach(target: number, head: FlacHead, signal: AbortSignal): Promise<Landmark> {
    const { config, frames } = head.info.now;
    const { sampleRate } = config;
    const passed = this.frameIndex.before(target);
    if (passed) return { offset: passed.offset, frame: passed.timestamp };
    const { last } = this.frameIndex;
    const first = last ? { offset: last.offset, frame: last.timestamp } : { offset: head.firstFrame, frame: 0 };
    const { before, after } = head.seekTable?.around(target, head.firstFrame) ?? {};
    let search = beginSearch(target, first, after ?? { offset: this.#source.length, frame: frames });
    if (before && before.offset > first.offset && before.offset < search.highOffset)
      search = narrow(search, before.offset, await this.#frameFrom(before.offset, head, signal));
    while (!isNear(search, sampleRate)) {
      const offset = probeOffset(search, sampleRate, guessBytesPerFrame(head.streamInfo));
      search = narrow(search, offset, await this.#frameFrom(offset, head, signal));
    }
    return search.low;
  }

  /** The first whole frame at or after a byte. */
  async #frameFrom(offset: number, head: FlacHead, signal: AbortSignal): Promise<Landmark | undefined> {
    const reader = new ByteReader(this.#source, signal, offset);
    const finder = finderFor(reader, head.streamInfo);
    const data = await finder.next();
    return data && { offset: reader.position - data.length, frame: finder.header.firstFrame(head.fixedBlockSize) - head.origin };
  }

  /** From a frame before it to the frame that holds `target`. */
  async #walk(from: Landmark, target: number, head: FlacHead, signal: AbortSignal): Promise<SeekPoint> {
    let point = from;
    let end = from.frame;
    for await (const { offset, timestamp, duration } of this.#packetsFrom(from, head, signal)) {
      point = { offset, frame: timestamp };
      end = timestamp + duration;
      if (end > target) break;
    }
    return { offset: point.offset, index: 0, timestamp: point.frame, target: Math.min(target, end), exact: true, errorBound: 0 };
  }
}

async function readHead(source: ByteSource, index: FrameIndex, signal: AbortSignal): Promise<FlacHead> {
  const reader = new ByteReader(source, signal);
  const id3 = await readId3(reader, signal);
  await reader.need(4);
  const hasMarker = reader.available >= 4 && reader.ascii(4) === 'fLaC';
  const metadata = hasMarker ? await readFlacMetadata(reader) : noFlacMetadata();
  const stated = metadata.streamInfo && parseStreamInfo(metadata.streamInfo);
  const finder = new FlacFrameFinder(reader, stated?.bits ?? 32, 0);
  const offset = reader.positionInside;
  if (!(await finder.sync())) throw new AulosError('media.truncated', { offset, what: 'FLAC frame' }, 'no FLAC frame before the end');

  const { channels, blockSize } = finder.header;
  const sampleRate = finder.header.sampleRate || stated?.sampleRate || 0;
  if (sampleRate === 0) throw new AulosError('media.unsupported', { offset, what: 'FLAC without a sample rate' }, 'FLAC that is not audio');
  const streamInfoBytes = metadata.streamInfo ?? synthesizeStreamInfo({ sampleRate, channels, bits: finder.header.bits || 16 });
  const streamInfo = parseStreamInfo(streamInfoBytes);
  const frames = credibleTotal(streamInfo, (source.length ?? reader.position) - reader.position);
  const duration = frames && frames / sampleRate;
  const chapters = metadata.cueTracks.map(({ number, start }) => ({ title: `Track ${number}`, start: start / sampleRate, end: undefined }));
  const info: MediaInfo = {
    container: 'flac',
    config: { codec: 'flac', codecString: 'flac', sampleRate, channels, description: flacDescription(streamInfoBytes) },
    duration,
    durationIsExact: duration !== undefined,
    frames,
    bitsPerSample: streamInfo.bits,
    bitRate: duration && source.length && ((source.length - reader.position) * 8) / duration,
    encoderDelay: 0,
    padding: 0,
    ...joinMetadata(metadataOf(metadata.tags, metadata.pictures, chapters), id3.metadata),
  };
  const origin = finder.header.firstFrame(blockSize);
  return {
    info: new InfoInTime(info, index),
    streamInfo,
    seekTable: metadata.seekTable,
    firstFrame: reader.position,
    fixedBlockSize: blockSize,
    origin,
  };
}

function finderFor(reader: ByteReader, { bits, minFrameBytes }: FlacStreamInfo): FlacFrameFinder {
  return new FlacFrameFinder(reader, bits, minFrameBytes);
}

/** Bytes per sample of all channels: half of what plain PCM takes. */
const guessBytesPerFrame = ({ channels, bits }: FlacStreamInfo): number => (channels * bits) / 16;
