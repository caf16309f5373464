/** Names a stream: an application of the engine and a stream in it. */
export interface StreamKey {
  readonly app: string;
  readonly stream: string;
}

/** What a subscriber needs before the frames of an epoch. */
export interface StreamConfig {
  /** Counts up with every change of config and every flush of a publication. */
  readonly epoch: number;
  readonly codec: 'pcm-f32' | 'mp3' | 'aac-adts' | 'aac' | 'flac' | 'opus' | 'vorbis' | 'ogg' | 'fmp4';
  readonly mimeType: string;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Header bytes that every joiner gets first; empty for PCM, MP3 and ADTS. */
  readonly header: Uint8Array;
}

/** One immutable unit of a stream, encoded or PCM, shared by all subscribers: nobody changes or transfers it. */
export interface Frame {
  /** Starts at 0 for a publication, +1 per frame, never reused. */
  readonly seq: number;
  readonly epoch: number;
  /** Media time of the first sample, µs; for a player the position in the track. */
  readonly timestampUs: number;
  readonly durationUs: number;
  /** Encoded bytes; empty for PCM. */
  readonly data: Uint8Array;
  /** PCM: one plane per channel, of equal length, ±1.0 = full scale. */
  readonly planes?: readonly Float32Array[];
  /** True if a subscriber may start here, given the config. */
  readonly join: boolean;
  /** Frames before this one that a joiner needs to decode and discard. */
  readonly preroll?: number;
}

/** What a publisher gives; the engine numbers it. */
export type NewFrame = Omit<Frame, 'seq' | 'epoch'>;

/** What a subscriber receives, in order. A config precedes the frames of its epoch. */
export type StreamItem =
  /** `flushed`: what was received before and not used yet is void (the publisher has jumped). */
  | { readonly type: 'config'; readonly config: StreamConfig; readonly flushed: boolean }
  | { readonly type: 'frame'; readonly frame: Frame }
  /** Frames `[from, to)` were lost: the subscriber was too slow. */
  | { readonly type: 'gap'; readonly from: number; readonly to: number };
