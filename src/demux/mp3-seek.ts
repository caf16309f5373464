import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import type { Mp3Layout } from './mp3-layout.ts';
import { findFrame } from './mpeg-audio-sync.ts';

/** A frame to read from. */
export interface Landing {
  readonly frame: number;
  readonly offset: number;
  readonly exact: boolean;
  /** Frames by which `frame` may be wrong. */
  readonly error: number;
}

/** Where the file turns out to end early, the search goes back by this and then by twice as much each time. */
const STEP_BACK_BYTES = 16_384;

/**
 * Finds a frame near number `frame`, preferably that one or one shortly before: computed in a constant bit rate, else looked up in the
 * tag's table, else by the average bit rate.
 */
export async function landNear(frame: number, layout: Mp3Layout, source: ByteSource, signal: AbortSignal): Promise<Landing> {
  const { audioStart, stream } = layout;
  let offset = guess(frame, layout);
  for (let step = STEP_BACK_BYTES; offset > audioStart; offset -= step, step *= 2) {
    const reader = new ByteReader(source, signal, offset);
    const found = await findFrame(reader, stream);
    if (found) return identify(reader.position, found.header.bitRate, layout);
  }
  return { frame: 0, offset: audioStart, exact: true, error: 0 };
}

function guess(frame: number, { constant, tag, tagOffset, audioStart, meanFrameBytes }: Mp3Layout): number {
  // Padding may move a frame of constant bit rate by a slot either way.
  if (constant) return audioStart + Math.floor(frame * constant.frameBytes) - constant.slot;
  if (tag?.seekTable) return Math.max(audioStart, tagOffset + Math.floor(tag.seekTable.offsetOf(frame)));
  return audioStart + Math.floor(frame * meanFrameBytes);
}

/** Which frame is it that stands at `offset`? */
function identify(
  offset: number,
  bitRate: number,
  { constant, tag, tagOffset, audioStart, meanFrameBytes, stream, info }: Mp3Layout,
): Landing {
  if (constant) {
    const position = (offset - audioStart) / constant.frameBytes;
    const frame = Math.round(position);
    const isDue = Math.abs(position - frame) * constant.frameBytes <= 1.5 * constant.slot;
    if (isDue && bitRate === stream.header.bitRate) return { frame, offset, exact: true, error: 0 };
  }
  if (tag?.seekTable) {
    const { frame, error } = tag.seekTable.frameAt(offset - tagOffset);
    return { frame: Math.round(frame), offset, exact: false, error };
  }
  const all = (info.duration ?? Infinity) * (info.config.sampleRate / stream.header.samples);
  return { frame: Math.round((offset - audioStart) / meanFrameBytes), offset, exact: false, error: all };
}
