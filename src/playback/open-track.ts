import { frameSpan } from '../decode/gapless.ts';
import { createDecoder, type DecoderOptions } from '../decode/registry.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import { FrameIndexKeeper } from '../demux/frame-index-keeper.ts';
import { type PictureBytes, readPicture } from '../demux/pictures.ts';
import { openDemuxer } from '../demux/probe.ts';
import type { MediaInfo, Metadata, Picture } from '../media.ts';
import type { SegmentIndex } from '../source/segment-index.ts';
import type { FileSource, SourceReader } from '../source/source.ts';
import { decodeBlocks } from './decode-blocks.ts';
import { withSongs } from './station-songs.ts';
import type { Span, Track } from './track.ts';
import { Waveform } from './waveform.ts';

/** Bytes handed on at a time by `Track.bytes`. */
const CHUNK = 65_536;

/**
 * Opens the track that lies in `source`, which it owns from now on, also when opening fails. Resolves as soon as the head is understood.
 * `decoders` says who decodes it, and `onClosed` ends what was made for this track alone.
 * @throws AulosError of the source, `media.*`; `signal.reason`.
 */
export async function openTrack(
  source: FileSource,
  decoders: DecoderOptions,
  signal: AbortSignal,
  onClosed?: () => Promise<void>,
): Promise<Track> {
  const reader = source.reader();
  const life = new AbortController();
  try {
    const found = await openDemuxer(reader, source.url, signal, watchIndex(source, life.signal));
    const keeper = await FrameIndexKeeper.open(found, source);
    await found.info(signal); // from then on it is known to be a station
    const demuxer = source.isLive ? withSongs(found, reader) : found;
    const info = endless(await demuxer.info(signal), source);
    source.announce(info);
    return new OpenTrack(source, decoders, reader, demuxer, keeper, info, life, onClosed);
  } catch (error) {
    life.abort();
    reader.close();
    await source.close();
    throw error;
  }
}

/** What is known of a source that has no end, whatever its head says. */
const endless = (info: MediaInfo, { isLive }: FileSource): MediaInfo =>
  isLive ? { ...info, duration: Infinity, durationIsExact: true, frames: undefined } : info;

/** The segment index as soon as there is one; asking for it sooner would ask for the whole resource. */
function watchIndex(source: FileSource, signal: AbortSignal): () => SegmentIndex | undefined {
  let index: SegmentIndex | undefined;
  whenComplete(source, signal, () => {
    source.segmentIndex(signal).then(
      (built) => {
        index = built;
      },
      () => {}, // closed before it was built
    );
  });
  return () => index;
}

/** Calls `then` when every byte is held, at once if that is so. */
function whenComplete(source: FileSource, signal: AbortSignal, then: () => void): void {
  if (source.phase === 'complete') then();
  else source.events.on('source.phase', ({ payload }) => payload.to === 'complete' && then(), { signal });
}

class OpenTrack implements Track {
  readonly source: FileSource;
  #info: MediaInfo;
  readonly #decoders: DecoderOptions;
  readonly #reader: SourceReader;
  readonly #demuxer: Demuxer;
  readonly #keeper: FrameIndexKeeper | undefined;
  readonly #waveform: Waveform;
  readonly #life: AbortController;
  readonly #onClosed: (() => Promise<void>) | undefined;

  constructor(
    source: FileSource,
    decoders: DecoderOptions,
    reader: SourceReader,
    demuxer: Demuxer,
    keeper: FrameIndexKeeper | undefined,
    info: MediaInfo,
    life: AbortController,
    onClosed?: () => Promise<void>,
  ) {
    this.source = source;
    this.#info = info;
    this.#decoders = decoders;
    this.#reader = reader;
    this.#demuxer = demuxer;
    this.#keeper = keeper;
    this.#waveform = new Waveform(source, () => this.info);
    this.#life = life;
    this.#onClosed = onClosed;
    const { signal } = life;
    if (!source.isLive) keeper?.follow(signal, (exact) => this.#tell(exact));
    demuxer.onNews = () => void demuxer.info(signal).then((info) => this.#tell(endless(info, source)));
    whenComplete(source, signal, () => void this.metadata({ signal }).catch(() => {})); // what cannot be read is not told
  }

  get info(): MediaInfo {
    return this.#info;
  }

  async *blocks({ start, end, signal }: Span) {
    const decoder = await createDecoder(this.info.config, this.#decoders);
    try {
      yield* decodeBlocks(this.#demuxer, decoder, this.info, frameSpan(this.info, start, end), signal);
    } finally {
      decoder.close();
    }
  }

  async *packets({ start, end, signal }: Span) {
    const span = frameSpan(this.info, start, end);
    const from = span.start > 0 ? await this.#demuxer.seek(span.start / this.info.config.sampleRate, signal) : undefined;
    for await (const packet of this.#demuxer.packets(signal, from)) {
      if (packet.timestamp >= span.end + this.info.encoderDelay) return;
      yield packet;
    }
  }

  async metadata({ signal }: { readonly signal: AbortSignal }): Promise<Metadata> {
    if (this.#demuxer.metadata && !this.source.isLive) {
      await this.#demuxer.metadata(signal);
      const info = await this.#demuxer.info(signal);
      if (info !== this.#info) this.#tell(info);
    }
    const { tags, replayGain, chapters, pictures } = this.#info;
    return { tags, ...(replayGain && { replayGain }), chapters, pictures };
  }

  picture(picture: Picture, { signal }: { readonly signal: AbortSignal }): Promise<PictureBytes> {
    return readPicture(this.#reader, picture, signal);
  }

  read: Track['read'] = (range, signal) => this.#reader.read(range, signal);

  bytes({ signal }: { readonly signal: AbortSignal }): ReadableStream<Uint8Array> {
    let start = 0;
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const bytes = await this.#reader.read({ start, end: start + CHUNK }, signal, 1);
      start += bytes.length;
      if (bytes.length > 0) controller.enqueue(bytes);
      else controller.close();
    };
    return new ReadableStream({ pull }, { highWaterMark: 0 });
  }

  download({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    return this.source.completed(signal);
  }

  peaks: Track['peaks'] = (options) => this.#waveform.peaks(options);

  async close(): Promise<void> {
    this.#life.abort();
    await this.#waveform.close();
    this.#reader.close();
    await this.#keeper?.save();
    await this.source.close();
    await this.#onClosed?.();
  }

  #tell(info: MediaInfo): void {
    this.#info = info;
    this.source.announce(info);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
