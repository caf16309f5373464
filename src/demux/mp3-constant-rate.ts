import type { ByteSource, SourceReader } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import { areOfOneStream, HEADER_BYTES, parseMpegAudioHeader } from './mpeg-audio-header.ts';
import { mpegAudioPackets } from './mpeg-audio-packets.ts';
import { type FoundFrame, frameBytes } from './mpeg-audio-sync.ts';

/** Bytes of frames that are looked at, where no tag tells more: about a second. */
const HEAD_BYTES = 16_384;

/** Frames at the end that are counted one by one: more than tags and a cut-off frame can hide. */
const TAIL_FRAMES = 32;

/** A constant bit rate: frame k begins within a slot of k · frameBytes, a number that is rarely whole. */
export interface ConstantRate {
  readonly frameBytes: number;
  /** Bytes that padding may move a frame by. */
  readonly slot: number;
}

/** What the first frames have in common. */
export interface Mp3Head {
  /** True if the resource ends within the head. */
  readonly isWhole: boolean;
  readonly meanFrameBytes: number;
  readonly hasOneBitRate: boolean;
  /** True if some frames are padded; without, sizes are taken to be rounded down always. */
  readonly isPadded: boolean;
}

/** Looks at the frames that follow the cursor, which is at one of `stream`. */
export async function readHead(reader: ByteReader, stream: FoundFrame): Promise<Mp3Head> {
  await reader.need(HEAD_BYTES);
  const isWhole = reader.available < HEAD_BYTES;
  const end = reader.position + Math.min(reader.available, HEAD_BYTES);
  const start = reader.position;
  let frames = 0;
  let hasOneBitRate = true;
  let isPadded = false;
  while (reader.position + HEADER_BYTES <= end) {
    const word = reader.u32be();
    const header = areOfOneStream(word, stream.word) ? parseMpegAudioHeader(word) : undefined;
    const size = header ? frameBytes(header, stream.freeFormatSize) : 0;
    if (!header || size === 0) break;
    frames++;
    hasOneBitRate &&= header.bitRate === stream.header.bitRate;
    isPadded ||= header.padding > 0;
    reader.skip(size);
  }
  const meanFrameBytes = frames > 0 ? (reader.position - start) / frames : frameBytes(stream.header, stream.freeFormatSize);
  return { isWhole, meanFrameBytes, hasOneBitRate, isPadded };
}

/** The constant rate that the head suggests, if it does. */
export function constantRateOf({ hasOneBitRate, isPadded }: Mp3Head, { header, freeFormatSize }: FoundFrame): ConstantRate | undefined {
  if (!hasOneBitRate || freeFormatSize > 0) return undefined;
  const exact = (header.samples * header.bitRate) / (8 * header.sampleRate);
  return { frameBytes: isPadded ? exact : header.size - header.padding, slot: header.slot };
}

/** True if `bytes`, which begin one slot before where a frame is due, have it there or up to one slot off. */
export function isOnGrid(bytes: Uint8Array, stream: FoundFrame): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let i = 0; i + HEADER_BYTES <= bytes.length; i++) {
    const word = view.getUint32(i);
    if (areOfOneStream(word, stream.word) && parseMpegAudioHeader(word)?.bitRate === stream.header.bitRate) return true;
  }
  return false;
}

/**
 * Counts the frames of a constant bit rate file, if that costs no network: spread probes must find frames where they are due, and the
 * last ones are counted. Undefined where bytes are missing or a probe disagrees.
 */
export async function countConstantFrames(
  source: ByteSource & Partial<Pick<SourceReader, 'tryRead'>>,
  { frameBytes, slot }: ConstantRate,
  stream: FoundFrame,
  audioStart: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (!source.tryRead || source.length === undefined) return undefined;
  const estimated = Math.floor((source.length - audioStart) / frameBytes);
  const last = Math.max(0, estimated - TAIL_FRAMES);
  const earliestOf = (frame: number) => Math.max(0, audioStart + Math.floor(frame * frameBytes) - slot);
  const tail = await source.tryRead({ start: earliestOf(last), end: source.length });
  if (!tail) return undefined;
  for (const frame of [last, Math.floor(estimated / 4), Math.floor(estimated / 2), Math.floor((3 * estimated) / 4)]) {
    const start = earliestOf(frame);
    const bytes = await source.tryRead({ start, end: start + HEADER_BYTES + 2 * slot });
    if (!bytes || !isOnGrid(bytes, stream)) return undefined;
  }
  let frames = last;
  for await (const _ of mpegAudioPackets(new ByteReader(source, signal, earliestOf(last)), stream, 0)) frames++;
  return frames;
}
