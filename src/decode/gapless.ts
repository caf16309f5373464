import { framesOf, type MediaInfo, type PcmBlock } from '../media.ts';

/** Presented frames `[start, end)` that are wanted. */
export interface FrameSpan {
  readonly start: number;
  readonly end: number;
}

/** The span of a track between two seconds, clipped to what is there. */
export function frameSpan(info: MediaInfo, startSeconds = 0, endSeconds = Number.POSITIVE_INFINITY): FrameSpan {
  const { sampleRate } = info.config;
  const last = info.frames ?? Number.POSITIVE_INFINITY;
  const start = Math.min(Math.max(0, Math.round(startSeconds * sampleRate)), last);
  return { start, end: Math.max(start, Math.min(Math.round(endSeconds * sampleRate), last)) };
}

/**
 * Moves a block from the decoded to the presented timeline and cuts it to `span`: the one place where encoder delay, padding, pre-roll
 * and the ends of an excerpt are trimmed. Undefined when nothing of the block is wanted. The planes are views of the given ones.
 */
export function trim(block: PcmBlock, info: MediaInfo, span: FrameSpan): PcmBlock | undefined {
  const timestamp = block.timestamp - info.encoderDelay;
  const from = Math.max(0, span.start - timestamp);
  const to = Math.min(framesOf(block), span.end - timestamp);
  if (from >= to) return undefined;
  return { ...block, timestamp: timestamp + from, planes: block.planes.map((plane) => plane.subarray(from, to)) };
}
