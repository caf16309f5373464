import type { Container, MediaInfo, Metadata, Packet, SeekPoint } from '../media.ts';
import type { SegmentIndex } from '../source/segment-index.ts';
import type { ByteSource } from '../source/source.ts';
import type { Anatomy } from './anatomy.ts';
import type { FrameIndex } from './frame-index.ts';

/**
 * Takes a {@link ByteSource}, gives `MediaInfo`, packets in order, and seeks. It never scans what it can compute and never assumes
 * that bytes are there. What it gives does not depend on how the bytes arrive.
 */
export interface Demuxer {
  readonly container: Container;
  /** Where packets stand, as far as they have passed by, in a format that has no table of its own. */
  readonly frameIndex?: FrameIndex;
  /** Called when {@link info} has more to tell, because of what has passed by in {@link packets}. */
  onNews?: () => void;
  /** Reads as much of the head as it takes. Idempotent, single flight; what was estimated is told exactly once it is known. @throws AulosError `media.*` with a byte offset. */
  info(signal: AbortSignal): Promise<MediaInfo>;
  /**
   * All that the file says about itself, also what stands behind the sound or inside of it, which {@link info} does not wait for and tells
   * afterwards. Reads it, so ask when the first sound is out. Absent where `info` tells all there is. @throws what the source throws.
   */
  metadata?(signal: AbortSignal): Promise<Metadata>;
  /** How the file is built, as far as its head tells. @throws as {@link info}. */
  anatomy?(signal: AbortSignal): Promise<Anatomy>;
  /**
   * Packets from a seek point (default: the start) to the end of the resource. Damaged stretches are skipped to the next sync.
   * @throws AulosError `media.malformed` when nothing more can be found, `media.limit`; what the source throws.
   */
  packets(signal: AbortSignal, from?: SeekPoint): AsyncIterable<Packet>;
  /** Where to begin so that presented second `seconds` can be played; clamped to the duration. Reads as little as it can. */
  seek(seconds: number, signal: AbortSignal): Promise<SeekPoint>;
}

/**
 * Makes a demuxer over `source`; reads nothing yet. Every `demux/<format>.ts` exports one. `segmentIndex` gives the index of a
 * fragmented MP4 once it has been built.
 */
export type DemuxerFactory = (source: ByteSource, segmentIndex?: () => SegmentIndex | undefined) => Demuxer;
