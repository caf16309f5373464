import type { Chapter } from '../media.ts';
import { frameSizeV4 } from './id3-numbers.ts';
import { decodeId3Text } from './id3-text.ts';

const FRAME_HEADER_BYTES = 10;
/** Times and byte offsets behind the name of the element. */
const FIXED_BYTES = 16;
const MAX_FRAMES = 64;

/**
 * A chapter (id3v2-chapters-1.0 §3.1). Tables of contents (`CTOC`) only group chapters, which their times put in order.
 *
 *     element name │ 0 │ start 32 │ end 32 (ms) │ first byte 32 │ last byte 32 │ frames: TIT2 is its title
 */
export function parseId3Chapter(content: Uint8Array, major: number): Chapter | undefined {
  const times = content.indexOf(0) + 1;
  if (times === 0 || times + FIXED_BYTES > content.length) return undefined;
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const [start, end] = [view.getUint32(times) / 1000, view.getUint32(times + 4) / 1000];
  return { title: titleIn(content.subarray(times + FIXED_BYTES), major), start, end: end > start ? end : undefined };
}

function titleIn(frames: Uint8Array, major: number): string {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.length);
  for (let at = 0, count = 0; at + FRAME_HEADER_BYTES < frames.length && count < MAX_FRAMES; count++) {
    const id = String.fromCharCode(...frames.subarray(at, at + 4));
    const size = major === 4 ? frameSizeV4(frames.subarray(at + 4, at + 8)) : view.getUint32(at + 4);
    at += FRAME_HEADER_BYTES;
    if (id === 'TIT2' && size > 1) return decodeId3Text(frames.subarray(at + 1, at + size), frames[at]);
    at += size;
  }
  return '';
}
