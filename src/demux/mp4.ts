import { AulosError } from '../errors.ts';
import type { Chapter, MediaInfo, Metadata, Packet, SeekPoint } from '../media.ts';
import type { SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import type { Anatomy, Part } from './anatomy.ts';
import { BoxWalk } from './box-walk.ts';
import { malformed } from './boxes.ts';
import { DataWindow, MAX_PACKET_BYTES, WINDOW_BYTES } from './data-window.ts';
import type { Demuxer } from './demuxer.ts';
import { FragmentedMedia } from './fragmented-media.ts';
import { readFragmentsHead } from './fragments.ts';
import { joinMetadata, metadataOf } from './metadata.ts';
import { readMovie } from './movie.ts';
import { readChapters } from './mp4-chapters.ts';
import { type AudioTrack, readAudioTrack, samplesPerPacket } from './mp4-track.ts';
import { toUnits } from './packet-times.ts';

/**
 * Demuxes the audio track of MP4, M4A and QuickTime files, fragmented or not. `segmentIndex` gives the built index of a fragmented file
 * as soon as there is one; it goes before a `sidx`.
 */
export const mp4Demuxer = (source: ByteSource, segmentIndex: () => SegmentIndex | undefined = () => undefined): Demuxer =>
  new Mp4Demuxer(source, segmentIndex);

/** What is known once the head has been read. */
interface Movie {
  readonly track: AudioTrack;
  readonly encoderDelay: number;
  /** Present if fragments follow the `moov`. */
  readonly fragmented: FragmentedMedia | undefined;
}

/** More boxes than this are of no interest, and each may cost a request. */
const MAX_PARTS = 16;

class Mp4Demuxer implements Demuxer {
  readonly container = 'mp4';
  readonly #source: ByteSource;
  /** Of a chapter track, once they have been read. */
  #chapters: readonly Chapter[] | undefined;
  readonly #segmentIndex: () => SegmentIndex | undefined;
  #opening: Promise<Movie> | undefined;
  /** What {@link info} told last, which holds until a segment index turns up. */
  #info: { readonly index: SegmentIndex | undefined; readonly told: MediaInfo } | undefined;

  constructor(source: ByteSource, segmentIndex: () => SegmentIndex | undefined) {
    this.#source = source;
    this.#segmentIndex = segmentIndex;
  }

  async info(signal: AbortSignal): Promise<MediaInfo> {
    const movie = await this.#open(signal);
    const index = this.#segmentIndex();
    if (!this.#info || this.#info.index !== index) this.#info = { index, told: this.#describe(movie) };
    return this.#info.told;
  }

  async metadata(signal: AbortSignal): Promise<Metadata> {
    const { chapterTrack } = (await this.#open(signal)).track;
    if (chapterTrack && !this.#chapters) {
      this.#chapters = await readChapters(this.#source, chapterTrack, signal);
      this.#info = undefined;
    }
    return this.info(signal);
  }

  async anatomy(signal: AbortSignal): Promise<Anatomy> {
    const { track, fragmented } = await this.#open(signal);
    const parts: Part[] = [];
    const walk = new BoxWalk(this.#source, 0, signal);
    for (let box = await walk.next(); box && parts.length < MAX_PARTS; box = await walk.next()) {
      parts.push({ name: box.type, offset: box.start, size: box.end === Infinity ? undefined : box.end - box.start });
      if (fragmented && box.type === 'mdat') break; // the other fragments are like the first
    }
    const table = `a table of ${track.samples.count} samples`;
    const index = this.#segmentIndex() ? 'an index of fragments' : 'fragments';
    return { parts, seeksBy: !fragmented ? table : track.samples.count > 0 ? `${table}, then ${index}` : index };
  }

  async *packets(signal: AbortSignal, from?: SeekPoint): AsyncGenerator<Packet> {
    const { track, fragmented } = await this.#open(signal);
    const window = new DataWindow(this.#source, signal);
    const startsInTable = !from || from.timestamp < track.times.decodedEnd;
    if (startsInTable) yield* tablePackets(track, window, from?.index ?? 0);
    if (fragmented) yield* fragmented.packets(window, signal, startsInTable ? undefined : from);
  }

  async seek(seconds: number, signal: AbortSignal): Promise<SeekPoint> {
    const movie = await this.#open(signal);
    const { times, samples, playedSamples, preroll, format } = movie.track;
    const { frames, isExact } = presentedFrames(movie);
    const wanted = Math.max(0, Math.round(seconds * format.config.sampleRate));
    const target = movie.encoderDelay + (isExact && frames !== undefined ? Math.min(wanted, frames) : wanted);
    const inFragments = target >= times.decodedEnd ? await movie.fragmented?.seek(target, signal) : undefined;
    if (inFragments) return inFragments;
    const wantedIndex = Math.max(0, Math.min(times.indexAt(target), playedSamples - 1) - preroll);
    const index = wantedIndex - (wantedIndex % samplesPerPacket(movie.track));
    const { offset } = samples.cursor(index);
    return { offset, index, timestamp: times.timeOf(index), target, exact: true, errorBound: 0 };
  }

  #describe(movie: Movie): MediaInfo {
    const { track, encoderDelay, fragmented } = movie;
    const { format, samples, times, playedSamples } = track;
    const { sampleRate } = format.config;
    const { frames, isExact } = presentedFrames(movie);
    const averageBitRate = times.decodedEnd > 0 ? Math.round((samples.totalBytes * 8 * sampleRate) / times.decodedEnd) : undefined;
    return {
      container: 'mp4',
      config: format.config,
      duration: frames === undefined ? undefined : frames / sampleRate,
      durationIsExact: isExact,
      frames: isExact ? frames : undefined,
      ...(format.bitsPerSample && { bitsPerSample: format.bitsPerSample }),
      bitRate: format.bitRate ?? averageBitRate,
      encoderDelay,
      padding: fragmented || frames === undefined ? 0 : Math.max(0, times.endOf(playedSamples) - encoderDelay - frames),
      ...this.#metadata(track),
      ...(format.degraded && { degraded: format.degraded }),
    };
  }

  #metadata({ metadata }: AudioTrack): Metadata {
    return this.#chapters ? joinMetadata(metadata, metadataOf({}, [], this.#chapters)) : metadata;
  }

  #open(signal: AbortSignal): Promise<Movie> {
    this.#opening ??= this.#readHead(signal).catch((error: unknown) => {
      this.#opening = undefined; // an abort or a network error is no reason to fail for ever
      throw error;
    });
    return this.#opening;
  }

  async #readHead(signal: AbortSignal): Promise<Movie> {
    const moov = await readMovie(this.#source, signal);
    const track = readAudioTrack(moov);
    const { times, samples, clock, fragmentDefaults } = track;
    if (!fragmentDefaults) {
      if (samples.count === 0) throw malformed(moov.start, 'audio track without samples');
      return { track, encoderDelay: track.encoderDelay, fragmented: undefined };
    }
    const head = await readFragmentsHead(this.#source, track, moov.end, toUnits(clock, times.mediaEnd), signal);
    if (samples.count === 0 && !head.first) {
      throw new AulosError('media.truncated', { offset: moov.end, what: 'fragments' }, 'the file ends before its first fragment');
    }
    const fragmented = new FragmentedMedia(this.#source, track, moov.end, head, this.#segmentIndex);
    return { track, encoderDelay: fragmented.encoderDelay, fragmented };
  }
}

const presentedFrames = ({ track, fragmented }: Movie): { frames: number | undefined; isExact: boolean } =>
  fragmented?.presented() ?? { frames: track.frames, isExact: true };

async function* tablePackets(track: AudioTrack, window: DataWindow, index: number): AsyncGenerator<Packet> {
  const { samples, playedSamples, times, preroll } = track;
  const perPacket = samplesPerPacket(track);
  for (const cursor = samples.cursor(index); cursor.index < playedSamples; ) {
    const { offset } = cursor;
    // Packets of many samples end where they do from the start of the file, wherever reading begins.
    const most = Math.min(perPacket - (cursor.index % perPacket), playedSamples - cursor.index);
    const group = samples.contiguous(cursor, MAX_PACKET_BYTES, most);
    const data = await window.read(offset, group.bytes, () => samples.contiguous(cursor, WINDOW_BYTES).bytes);
    const duration = group.samples * times.framesOf(cursor.index);
    yield { data, offset, timestamp: times.timeOf(cursor.index), duration, join: true, preroll };
    samples.advance(cursor, group.samples);
  }
}
