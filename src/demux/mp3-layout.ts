import { AulosError } from '../errors.ts';
import type { MediaInfo } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import { readHeadTags } from './head-tags.ts';
import { type ConstantRate, constantRateOf, countConstantFrames, readHead } from './mp3-constant-rate.ts';
import { mpegAudioPackets } from './mpeg-audio-packets.ts';
import { type FoundFrame, findFrame, frameBytes } from './mpeg-audio-sync.ts';
import { parseVbri } from './vbri.ts';
import { type Mp3Tag, parseXing } from './xing.ts';

/** What the head of an MP3 file tells: where the audio lies, in what rate, and how much there is. */
export interface Mp3Layout {
  readonly info: MediaInfo;
  /** The first frame of sound; others agree with it. */
  readonly stream: FoundFrame;
  /** Byte offset of the first frame of sound. */
  readonly audioStart: number;
  readonly tag: Mp3Tag | undefined;
  /** Byte offset of the tag's own frame; that of the first frame if there is no tag. */
  readonly tagOffset: number;
  /** Set while nothing speaks against a constant bit rate. */
  readonly constant: ConstantRate | undefined;
  /** Bytes of a frame on average, as far as known. */
  readonly meanFrameBytes: number;
  /** Where sound ends on the decoded timeline, if the tag says so believably. */
  readonly taggedEnd: number | undefined;
}

/** Reads as much of the head as it takes: tags, the first frame, and, where that is no Xing or VBRI tag, 16 KiB of frames. */
export async function readMp3Layout(source: ByteSource, signal: AbortSignal): Promise<Mp3Layout> {
  const reader = new ByteReader(source, signal);
  const metadata = await readHeadTags(reader, signal);
  const first = await findFrame(reader);
  if (!first) throw noFrames(reader);
  const tagOffset = reader.position;
  const size = frameBytes(first.header, first.freeFormatSize);
  await reader.need(size);
  const frame = reader.bytes(Math.min(size, reader.available));
  const { layer } = first.header;
  const said = layer === 3 ? (parseXing(frame, first.header) ?? parseVbri(frame)) : undefined;
  const tag = said && source.isLive ? ofBeginning(said) : said;
  if (tag) reader.skip(size);
  const audioStart = reader.position;
  const stream = tag ? ((await findFrame(reader, first)) ?? first) : first;
  const extent = tag?.frames && isBelievable(tag, first, source, tagOffset) ? taggedExtent(tag, tag.frames, first) : await measure();

  const { sampleRate, channels } = stream.header;
  const encoderDelay = tag?.encoderDelay ?? 0;
  // In a file that is cut off the end has no padding.
  const padding = extent.isTagged ? (tag?.padding ?? 0) : 0;
  const decoded = extent.frames === undefined ? undefined : extent.frames * first.header.samples;
  const presented = decoded === undefined ? undefined : Math.max(0, decoded - encoderDelay - padding);
  const info: MediaInfo = {
    container: 'mp3',
    config: { codec: 'mp3', codecString: `mp${layer}`, sampleRate, channels, description: new Uint8Array(0) },
    duration: presented === undefined ? undefined : presented / sampleRate,
    durationIsExact: extent.isExact,
    frames: extent.isExact ? presented : undefined,
    bitRate: Math.round((extent.meanFrameBytes * 8 * sampleRate) / first.header.samples),
    encoderDelay,
    padding,
    ...metadata,
  };
  const taggedEnd = extent.isTagged ? decoded : undefined;
  return { info, stream, audioStart, tag, tagOffset, constant: extent.constant, meanFrameBytes: extent.meanFrameBytes, taggedEnd };

  async function measure(): Promise<Extent> {
    const head = await readHead(new ByteReader(source, signal, audioStart), stream);
    if (head.isWhole) {
      let frames = 0;
      for await (const _ of mpegAudioPackets(new ByteReader(source, signal, audioStart), stream, 0)) frames++;
      return { frames, isExact: true, isTagged: false, constant: constantRateOf(head, stream), meanFrameBytes: head.meanFrameBytes };
    }
    const constant = constantRateOf(head, stream);
    const meanFrameBytes = constant?.frameBytes ?? head.meanFrameBytes;
    const counted = constant && (await countConstantFrames(source, constant, stream, audioStart, signal));
    const estimated = source.length === undefined ? undefined : Math.round((source.length - audioStart) / meanFrameBytes);
    return { frames: counted ?? estimated, isExact: counted !== undefined, isTagged: false, constant, meanFrameBytes };
  }
}

/** What a tag tells of a stream without an end, of which its file was but the beginning. */
const ofBeginning = (tag: Mp3Tag): Mp3Tag => ({
  ...tag,
  isConstant: false,
  frames: undefined,
  bytes: undefined,
  padding: 0,
  seekTable: undefined,
});

/** How much sound there is. */
interface Extent {
  readonly frames: number | undefined;
  readonly isExact: boolean;
  readonly isTagged: boolean;
  readonly constant: ConstantRate | undefined;
  readonly meanFrameBytes: number;
}

function taggedExtent(tag: Mp3Tag, frames: number, { header, freeFormatSize }: FoundFrame): Extent {
  const size = frameBytes(header, freeFormatSize);
  const meanFrameBytes = tag.bytes ? (tag.bytes - size) / frames : size;
  const constant = tag.isConstant && tag.bytes ? { frameBytes: meanFrameBytes, slot: header.slot } : undefined;
  return { frames, isExact: true, isTagged: true, constant, meanFrameBytes };
}

/** A tag that tells of more bytes than there are comes from a longer file; one whose frames had impossible sizes is not to be believed. */
function isBelievable({ frames, bytes }: Mp3Tag, first: FoundFrame, { length }: ByteSource, tagOffset: number): boolean {
  const there = length === undefined ? undefined : length - tagOffset;
  if (bytes !== undefined && there !== undefined && bytes > there) return false;
  const size = frameBytes(first.header, first.freeFormatSize);
  const mean = ((bytes ?? there ?? (frames! + 1) * size) - size) / frames!;
  return mean >= MIN_MEAN_FRAME_BYTES && mean <= MAX_MEAN_FRAME_BYTES;
}

/** Silence at the lowest rates, and the largest layer III frame of any bit rate with a name. */
const MIN_MEAN_FRAME_BYTES = 20;
const MAX_MEAN_FRAME_BYTES = 2_881;

function noFrames(reader: ByteReader): AulosError {
  const what = 'MPEG audio frame';
  const offset = reader.positionInside;
  if (reader.available < 4 && offset < 4)
    return new AulosError('media.truncated', { offset, what }, 'the file is too short to hold a frame');
  return new AulosError('media.malformed', { offset, what }, `no MPEG audio was found before byte ${offset}`);
}
