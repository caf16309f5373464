/**
 * The vocabulary of media in aulos.
 *
 * Two timelines, both counted in frames (one sample per channel) at `MediaInfo.sampleRate`:
 * - the *decoded* timeline starts at the first frame that the decoder gives for the first packet;
 * - the *presented* timeline is what a listener hears: decoded minus `encoderDelay`, ending before `padding`.
 *
 * Packets and seek points speak the decoded timeline, `PcmBlock`s that leave `gapless` the presented one.
 */

export type Container = 'mp3' | 'adts' | 'flac' | 'mp4' | 'ogg' | 'wav' | 'aiff' | 'ts';

export type Codec = 'mp3' | 'aac' | 'flac' | 'alac' | 'opus' | 'vorbis' | 'pcm';

/** How PCM samples lie in the bytes of a packet; interleaved by channel. */
export interface PcmFormat {
  readonly encoding: 'int' | 'uint' | 'float' | 'alaw' | 'mulaw';
  /** Width of a sample in the file: 8, 16, 24, 32 or 64. */
  readonly bits: number;
  readonly bigEndian: boolean;
  /** Bytes from one sample to the next, if more than `bits / 8`: 24-bit samples in the low bytes of 4. */
  readonly stride?: number;
}

/** Everything a decoder needs before the first packet. */
export interface CodecConfig {
  readonly codec: Codec;
  /** RFC 6381 codec string, such as `mp4a.40.2`, `mp3`, `flac`. */
  readonly codecString: string;
  /** Hz, of the decoded sound. */
  readonly sampleRate: number;
  readonly channels: number;
  /**
   * Out-of-band set-up bytes: AudioSpecificConfig for AAC (also synthesised for ADTS), `fLaC` + STREAMINFO for FLAC,
   * ALACSpecificConfig for ALAC, OpusHead, the three Vorbis headers; empty for MP3 and PCM.
   */
  readonly description: Uint8Array;
  /** Only for codec `pcm`. */
  readonly pcm?: PcmFormat;
}

/**
 * Text tags by lower-case name (`title`, `artist`, `album`, `albumartist`, `track`, `disc`, `date`, `genre`, `comment`, …), the same in every
 * format; several values of one name are joined by `; `. What the text says is not to be trusted as markup.
 */
export type Tags = Readonly<Record<string, string>>;

/** How far a recording is from the loudness that players agree on (ReplayGain 2.0: −18 LUFS); what the file does not say is absent. */
export interface ReplayGain {
  /** dB to add to the track. */
  readonly trackGain?: number;
  /** Highest sample of the track; 1 = full scale. */
  readonly trackPeak?: number;
  /** dB to add to every track of the album, so that its quiet ones stay quiet. */
  readonly albumGain?: number;
  readonly albumPeak?: number;
}

/** A part of a track that has a name of its own. */
export interface Chapter {
  /** '' if it has none. */
  readonly title: string;
  /** Seconds on the presented timeline. */
  readonly start: number;
  /** Seconds; undefined for "up to the next one, or to the end". */
  readonly end: number | undefined;
}

/** What pictures show, by their number in ID3v2 and FLAC (id3v2.4.0-frames §4.14, RFC 9639 §8.8). */
export const PICTURE_TYPES = [
  'other',
  'icon',
  'other icon',
  'front cover',
  'back cover',
  'leaflet',
  'media',
  'lead artist',
  'artist',
  'conductor',
  'band',
  'composer',
  'lyricist',
  'recording location',
  'recording',
  'performance',
  'screen capture',
  'fish',
  'illustration',
  'band logo',
  'publisher logo',
] as const;

/** A picture in a file: what is said of it, and where it lies. Its bytes are read on demand, by `Track.picture`. */
export interface Picture {
  readonly type: (typeof PICTURE_TYPES)[number];
  /** As the file declares it, '' if it does not; what the bytes are is known when they are read. */
  readonly mediaType: string;
  readonly description: string;
  readonly place: PicturePlace;
}

/** Where the bytes of a picture lie. */
export interface PicturePlace {
  /** Bytes of the resource, from `start` up to but without `end`, that hold it. */
  readonly start: number;
  readonly end: number;
  /** How they hold it: as they are, unsynchronised as in ID3v2, or in the joined headers of an Ogg stream, there maybe as a comment. */
  readonly coding: 'plain' | 'unsynchronised' | 'ogg' | 'ogg comment';
  /** Bytes before it once that is undone. */
  readonly skip: number;
  /** Bytes that it has then; undefined for all that follow. */
  readonly size: number | undefined;
}

/** What a file says about itself beyond its sound. */
export interface Metadata {
  readonly tags: Tags;
  /** Absent if the file has none. */
  readonly replayGain?: ReplayGain;
  /** By their start. */
  readonly chapters: readonly Chapter[];
  readonly pictures: readonly Picture[];
}

/** One of several streams that follow each other in a file, such as a song of a station (RFC 3533 §4). */
export interface Link {
  /** Second of the presented timeline with which it begins. */
  readonly start: number;
  readonly tags: Tags;
  readonly pictures: readonly Picture[];
}

/** The tags of what is heard at a second: those of its link, where there are several. */
export const tagsAt = ({ tags, links }: Pick<MediaInfo, 'tags' | 'links'>, seconds: number): Tags =>
  links?.findLast(({ start }) => start <= seconds)?.tags ?? tags;

/** What a demuxer knows of a file once its head (and, for MP4, its `moov`) has been read. */
export interface MediaInfo extends Metadata {
  readonly container: Container;
  readonly config: CodecConfig;
  /** Seconds on the presented timeline; undefined while unknown, Infinity when live. */
  readonly duration: number | undefined;
  /** False when `duration` is an estimate (bit rate arithmetic). */
  readonly durationIsExact: boolean;
  /** Presented frames in all, when exactly known. */
  readonly frames: number | undefined;
  /** Width of a sample of a lossless codec (16, 24, …); undefined for lossy ones. */
  readonly bitsPerSample?: number;
  /** Average bits per second, when known. */
  readonly bitRate: number | undefined;
  /** Frames to drop at the start of the decoded timeline (the decoder's own delay included). */
  readonly encoderDelay: number;
  /** Frames to drop at its end. */
  readonly padding: number;
  /**
   * Set where streams follow each other: the first and, by their start, those that are known, of which there are more in time where the end
   * cannot be looked for; of a great many the last.
   */
  readonly links?: readonly Link[];
  /** Set when only part of the codec is decoded (HE-AAC: the core at half the rate), with a word why. */
  readonly degraded?: string;
}

/** One encoded unit. */
export interface Packet {
  /** An immutable view that stays valid; it keeps the up to 64 KiB alive that were read with it, so copy it to keep it long. */
  readonly data: Uint8Array;
  /** Byte offset of `data` in the resource. */
  readonly offset: number;
  /** First decoded frame of the packet, on the decoded timeline; an exact integer. */
  readonly timestamp: number;
  /** Frames it decodes to; of the last packet maybe fewer, where the container says that the rest is padding. */
  readonly duration: number;
  /** True if decoding may start here, once the `preroll` packets before it were decoded and their frames dropped. */
  readonly join: boolean;
  /** Earlier packets that a decoder which starts here needs first (MP3: as many as its bit reservoir reaches, plus one). */
  readonly preroll: number;
  /**
   * Set on the first packet of a stream that follows another in a chain: what its decoder has to be made for. Such a packet may begin before
   * the last one ended; what has sounded until there is not to sound again.
   */
  readonly config?: CodecConfig;
}

/** Where to begin reading packets so that decoding is right from a target on. */
export interface SeekPoint {
  /** Byte offset of the first packet to read (pre-roll included). */
  readonly offset: number;
  /** Index of that packet, for containers with a sample table; 0 elsewhere. */
  readonly index: number;
  /** Decoded-timeline frame at which that packet begins. */
  readonly timestamp: number;
  /** Decoded-timeline frame that was asked for: frames before it are decoded and dropped. */
  readonly target: number;
  /** True if `timestamp` is what the file really has there; false if it may be off by `errorBound`. */
  readonly exact: boolean;
  /** Seconds by which `timestamp` may be off; 0 when exact. */
  readonly errorBound: number;
}

/** PCM handed on together: planar Float32, ±1.0 = full scale. Immutable once published. */
export interface PcmBlock {
  /** One plane per channel, of equal length. */
  readonly planes: readonly Float32Array[];
  /** Hz. */
  readonly sampleRate: number;
  /** First frame of the block; the timeline is the giver's (a decoder: decoded; gapless and later: presented). */
  readonly timestamp: number;
}

/** Frames in a block. */
export const framesOf = (block: PcmBlock): number => block.planes[0]?.length ?? 0;
