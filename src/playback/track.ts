import type { ByteRange } from '../base/ranges.ts';
import type { PictureBytes } from '../demux/pictures.ts';
import type { MediaInfo, Metadata, Packet, PcmBlock, Picture } from '../media.ts';
import type { FileSource } from '../source/source.ts';
import type { Peaks } from './peak-table.ts';
import type { PeaksOptions } from './waveform.ts';

/** Which part of a track, in seconds of the presented timeline. */
export interface Span {
  /** @default 0 */
  readonly start?: number;
  /** @default the end */
  readonly end?: number;
  readonly signal: AbortSignal;
}

/** The half of the library without a user interface: one open resource, the same in browsers and Node. */
export interface Track extends AsyncDisposable {
  /** What is known of it; a duration that was estimated becomes exact once all of it has passed by, and a station tells of songs (event `source.mediaInfo`). */
  readonly info: MediaInfo;
  readonly source: FileSource;
  /**
   * Decoded sound, trimmed to the presented timeline and to the span, sample-exact where the file allows; blocks of about 100 ms,
   * owned by the receiver. Decoding is paced by the receiver. Several iterations may run at once.
   * @throws AulosError of the source, `media.*`, `decode.*`; `signal.reason`.
   */
  blocks(span: Span): AsyncIterable<PcmBlock>;
  /** Encoded packets from `start` on, as the demuxer gives them. */
  packets(span: Span): AsyncIterable<Packet>;
  /**
   * Tags, loudness, chapters and pictures, also those that stand where playing does not need to read: at the end of an MP3, in the media
   * of an MP4. It may cost a request; once all is held it is done unasked. `info` tells the same afterwards (event `source.mediaInfo`).
   * @throws AulosError of the source; `signal.reason`.
   */
  metadata(options: { readonly signal: AbortSignal }): Promise<Metadata>;
  /** The bytes of a picture that `info` tells of. @throws AulosError of the source, `media.*`; `signal.reason`. */
  picture(picture: Picture, options: { readonly signal: AbortSignal }): Promise<PictureBytes>;
  /** Stored bytes; waits for missing ones. */
  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
  /** The whole resource, in order. */
  bytes(options: { readonly signal: AbortSignal }): ReadableStream<Uint8Array>;
  /** Resolves when every byte is held and durable. */
  download(options: { readonly signal: AbortSignal }): Promise<void>;
  /**
   * The waveform, decoded as the bytes arrive (none is fetched for it) and kept beside the asset.
   * @throws AulosError `input.invalid` for a number of buckets that cannot be, `source.live`, of the source, `media.*`, `decode.*`;
   * `signal.reason`.
   */
  peaks(options: PeaksOptions): Promise<Peaks>;
  close(): Promise<void>;
}
