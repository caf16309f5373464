/** What aulos exports on every platform; the roots add their own. */
export type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
export type { DecoderChoice } from '../decode/native.ts';
export type { PictureBytes } from '../demux/pictures.ts';
export type { ErrorCode, ErrorDetails, SerializedError } from '../errors.ts';
export { AulosError, isAulosError } from '../errors.ts';
export type { AulosEvent, EventScope } from '../events/bus.ts';
export type { EventName, EventPayloads } from '../events/names.ts';
export type {
  Chapter,
  Codec,
  CodecConfig,
  Container,
  MediaInfo,
  Metadata,
  Packet,
  PcmBlock,
  PcmFormat,
  Picture,
  PicturePlace,
  ReplayGain,
  SeekPoint,
  Tags,
} from '../media.ts';
export type { CrossOrigin } from '../net/client.ts';
export type { RetryPolicy } from '../net/retry.ts';
export type { Revalidate } from '../source/freshness.ts';
export type { RequestHeaders } from '../source/origin.ts';
export type { Segment, SegmentIndex } from '../source/segment-index.ts';
export type { ByteSource, FileSource, Phase, Readiness, SourceReader } from '../source/source.ts';
export type { AssetFacts, AssetStat, AssetStore, StoreLimits, Verification } from '../store/store.ts';
export type { Library, OpenOptions, SourceInput, TrackOptions } from './library.ts';
export type { Peaks } from './peak-table.ts';
export { type NewQueueItem, Queue } from './queue.ts';
export type { QueueItem, QueueJson, Repeat } from './queue-json.ts';
export type { Span, Track } from './track.ts';
