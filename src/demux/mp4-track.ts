import { isAulosError } from '../errors.ts';
import type { Metadata } from '../media.ts';
import { SBR_PREROLL } from './audio-specific-config.ts';
import { entryCount, fieldsOf, findBox, type HeldBox, malformed, requireBox } from './boxes.ts';
import type { ITunesGapless } from './itunes-gapless.ts';
import { type ChapterTrack, findChapterTrack } from './mp4-chapters.ts';
import { type AudioFormat, readAudioFormat } from './mp4-sample-entry.ts';
import { readMp4Tags } from './mp4-tags.ts';
import {
  type Edit,
  parseEdits,
  parseFragmentDuration,
  parseMediaTimescale,
  parseMovieTimescale,
  parseTrackExtends,
  parseTrackHeader,
  type SampleDefaults,
} from './mp4box.ts';
import { type PacketClock, PacketTimes, toFrames } from './packet-times.ts';
import { SampleTable } from './sample-table.ts';

/** The part of a movie that is played: its audio track, and all that does not lie in the media itself. */
export interface AudioTrack {
  readonly id: number;
  readonly format: AudioFormat;
  readonly clock: PacketClock;
  /** Samples that the `moov` itself describes; none in a purely fragmented movie. */
  readonly samples: SampleTable;
  readonly times: PacketTimes;
  /** How many of the samples are read: what an edit list cuts off is not. */
  readonly playedSamples: number;
  /** Decoded frames before the first presented one. */
  readonly encoderDelay: number;
  /** Presented frames; undefined when fragments follow. */
  readonly frames: number | undefined;
  /** Frames that the fragments together have, if the `moov` promises it; cut files keep the promise of the whole. */
  readonly promisedFrames: number | undefined;
  /** Packets that a decoder needs before the one it is to start with. */
  readonly preroll: number;
  /** Present when fragments follow (`mvex`). */
  readonly fragmentDefaults: SampleDefaults | undefined;
  readonly metadata: Metadata;
  /** The titles of its chapters, if the `moov` does not have them itself. */
  readonly chapterTrack: ChapterTrack | undefined;
}

/** PCM has a sample for every frame, so that a packet takes many. */
export const samplesPerPacket = ({ format }: AudioTrack): number => (format.frameBytes === undefined ? 1 : 1_024);

/**
 * Chooses the audio track of a movie: the first enabled one that can be played, else the first that can.
 * @throws AulosError `media.unsupported` if there is none, `media.malformed`.
 */
export function readAudioTrack(moov: HeldBox): AudioTrack {
  const candidates = moov.children.filter((box) => box.type === 'trak' && isAudio(box));
  if (candidates.length === 0) throw malformed(moov.start, 'no audio track');
  const isEnabled = (trak: HeldBox): boolean => parseTrackHeader(requireBox(trak, 'tkhd')).isEnabled;
  const preferred = [...candidates.filter(isEnabled), ...candidates.filter((trak) => !isEnabled(trak))];
  let refusal: unknown;
  for (const trak of preferred) {
    try {
      return readTrack(moov, trak);
    } catch (error) {
      if (!isAulosError(error, 'media.unsupported')) throw error;
      refusal ??= error;
    }
  }
  throw refusal;
}

function isAudio(trak: HeldBox): boolean {
  const hdlr = findBox(trak.children, 'mdia', 'hdlr');
  return hdlr !== undefined && fieldsOf(hdlr, 12).getUint32(8) === SOUN;
}

const SOUN = 0x736f756e;

function readTrack(moov: HeldBox, trak: HeldBox): AudioTrack {
  const { id } = parseTrackHeader(requireBox(trak, 'tkhd'));
  const timescale = parseMediaTimescale(requireBox(trak, 'mdia', 'mdhd'));
  const stbl = requireBox(trak, 'mdia', 'minf', 'stbl');
  const format = readAudioFormat(requireBox(stbl, 'stsd'));
  const { sampleRate } = format.config;
  const fragmentDefaults = readFragmentDefaults(moov, id);
  const stts = requireBox(stbl, 'stts');
  const lengths: PacketClock = { timescale, sampleRate, framesPerPacket: undefined };
  const clock = { timescale, sampleRate, framesPerPacket: framesPerPacket(format, lengths, stts, fragmentDefaults) };
  const samples = new SampleTable(stbl, format.frameBytes);
  const times = new PacketTimes(stts, samples.count, clock);
  const { metadata, gapless } = readMp4Tags(moov);
  const chapterTrack = metadata.chapters.length > 0 ? undefined : findChapterTrack(moov, trak);

  const movieTimescale = parseMovieTimescale(requireBox(moov, 'mvhd'));
  const edited = presentedBy(readEdits(trak), movieTimescale, clock, fragmentDefaults ? undefined : times);
  const trimmed = edited ?? trimmedBy(gapless, format, fragmentDefaults ? undefined : times);
  const presentedEnd = trimmed.frames === undefined ? times.mediaEnd : trimmed.encoderDelay + trimmed.frames;
  const playedSamples = presentedEnd < times.mediaEnd ? times.indexAt(presentedEnd - 1) + 1 : samples.count;
  const mehd = findBox(moov.children, 'mvex', 'mehd');
  const promisedFrames = mehd ? Math.round((parseFragmentDuration(mehd) * sampleRate) / movieTimescale) || undefined : undefined;
  const preroll = prerollOf(format, clock, samples);
  return {
    id,
    format,
    clock,
    samples,
    times,
    playedSamples,
    ...trimmed,
    promisedFrames,
    preroll,
    fragmentDefaults,
    metadata,
    chapterTrack,
  };
}

/** Defaults of the track's fragments; a movie with `mvex` but no `trex` for the track has them all zero. */
function readFragmentDefaults(moov: HeldBox, id: number): SampleDefaults | undefined {
  const mvex = findBox(moov.children, 'mvex');
  if (!mvex) return undefined;
  const extended = mvex.children.filter((box) => box.type === 'trex').map(parseTrackExtends);
  return extended.find((trex) => trex.trackId === id) ?? { duration: 0, size: 0 };
}

function readEdits(trak: HeldBox): Edit[] {
  const elst = findBox(trak.children, 'edts', 'elst');
  return elst ? parseEdits(elst) : [];
}

/** How much of the decoded timeline is presented. */
interface Presented {
  readonly encoderDelay: number;
  readonly frames: number | undefined;
}

/**
 * What an edit list (ISO 14496-12 §8.6.6) leaves of `times`; undefined if it trims nothing. Empty edits delay a track against others and
 * are silence here, so they are passed over. The movie's timescale is often a millisecond: a length that is off by no more than one unit
 * of it means "to the end", which the track knows to the frame. In fragmented files (`times` undefined) only the start counts.
 */
function presentedBy(
  edits: readonly Edit[],
  movieTimescale: number,
  clock: PacketClock,
  times: PacketTimes | undefined,
): Presented | undefined {
  const played = edits.filter(({ mediaTime }) => mediaTime >= 0);
  if (played.length === 0) return undefined;
  const encoderDelay = toFrames(clock, played[0].mediaTime);
  if (!times) return encoderDelay === 0 ? undefined : { encoderDelay, frames: undefined };
  if (encoderDelay >= times.decodedEnd) return undefined;
  const rest = Math.max(0, times.mediaEnd - encoderDelay);
  const duration = played.reduce((sum, edit) => sum + edit.duration, 0);
  const unit = clock.sampleRate / movieTimescale;
  const edited = Math.round(duration * unit);
  const isToTheEnd = duration === 0 || Math.abs(edited - rest) <= Math.ceil(unit);
  if (isToTheEnd) return encoderDelay === 0 ? undefined : { encoderDelay, frames: rest };
  return { encoderDelay, frames: Math.min(edited, times.decodedEnd - encoderDelay) };
}

/** What iTunes notes, where it fits the track, else what the codec itself puts in front. Of HE-AAC iTunes counts the frames of the core. */
function trimmedBy(
  gapless: ITunesGapless | undefined,
  { codecDelay = 0, framesPerPacket }: AudioFormat,
  times: PacketTimes | undefined,
): Presented {
  if (!times) return { encoderDelay: codecDelay, frames: undefined };
  const noted = gapless && gapless.frames > 0 ? gapless.delay + gapless.frames : Infinity;
  if (gapless && noted <= times.decodedEnd) {
    const scale = framesPerPacket === SBR_FRAMES && 2 * noted <= times.decodedEnd ? 2 : 1;
    return { encoderDelay: scale * gapless.delay, frames: scale * gapless.frames };
  }
  return { encoderDelay: codecDelay, frames: Math.max(0, times.mediaEnd - codecDelay) };
}

/** Frames in a packet of HE-AAC. */
const SBR_FRAMES = 2_048;

/** MPEG audio and Opus have packets of one length too, but only the track says of which. */
function framesPerPacket(
  { config, framesPerPacket }: AudioFormat,
  lengths: PacketClock,
  stts: HeldBox,
  defaults: SampleDefaults | undefined,
): number | undefined {
  if (framesPerPacket !== undefined || (config.codec !== 'mp3' && config.codec !== 'opus')) return framesPerPacket;
  const entries = entryCount(stts, 4, 64);
  const view = fieldsOf(stts, 8);
  const first = toFrames(lengths, entries > 0 ? view.getUint32(12) : (defaults?.duration ?? 0));
  if (config.codec === 'mp3') return MPEG_AUDIO_FRAMES.has(first) ? first : 1_152;
  // One length, or one with a shorter last packet, which is how muxers trim the end: the packet itself is as long as the others.
  const isUniform = entries === 1 || (entries === 2 && view.getUint32(16) === 1);
  return isUniform && OPUS_FRAMES.has(first) ? first : undefined;
}

/** Layer I; II and III; III of MPEG-2. */
const MPEG_AUDIO_FRAMES: ReadonlySet<number> = new Set([384, 1_152, 576]);
/** 2.5 to 60 ms at 48 kHz (RFC 6716 §3.1). */
const OPUS_FRAMES: ReadonlySet<number> = new Set([120, 240, 480, 960, 1_920, 2_880]);

/**
 * AAC overlaps with one packet before; with SBR a header of it has to pass. Opus wants 80 ms to converge (RFC 7845 §4.6). The bit reservoir of MP3 reaches 511 bytes back,
 * over packets that lose up to 36 bytes to header and side information, and one more packet is needed for the overlap; two of MPEG-2,
 * which have one granule each.
 */
function prerollOf({ config, framesPerPacket }: AudioFormat, clock: PacketClock, samples: SampleTable): number {
  if (config.codec === 'aac') return framesPerPacket === SBR_FRAMES ? SBR_PREROLL : 1;
  if (config.codec === 'opus') return Math.ceil(3_840 / (clock.framesPerPacket ?? 960));
  const overlap = config.sampleRate < 32_000 ? 2 : 1;
  if (config.codec === 'mp3') return overlap + Math.min(32, Math.ceil(511 / Math.max(1, samples.typicalSize - 36)));
  return 0;
}
