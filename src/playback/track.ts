import type { ByteRange } from '../base/ranges.ts';
import type { MediaInfo, Packet, PcmBlock } from '../media.ts';
import type { FileSource } from '../source/source.ts';

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
  /** What is known of it; a duration that was estimated becomes exact once all of it has passed by (event `source.mediaInfo`). */
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
  /** Stored bytes; waits for missing ones. */
  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array>;
  /** The whole resource, in order. */
  bytes(options: { readonly signal: AbortSignal }): ReadableStream<Uint8Array>;
  /** Resolves when every byte is held and durable. */
  download(options: { readonly signal: AbortSignal }): Promise<void>;
  close(): Promise<void>;
}
