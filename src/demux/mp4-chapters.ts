import { isAulosError } from '../errors.ts';
import type { Chapter } from '../media.ts';
import type { ByteSource } from '../source/source.ts';
import { boxesWithin, entryCount, fieldsOf, findBox, type HeldBox, requireBox, viewOf } from './boxes.ts';
import { DataWindow, WINDOW_BYTES } from './data-window.ts';
import { MAX_CHAPTERS } from './metadata.ts';
import { parseMediaTimescale, parseTrackHeader } from './mp4box.ts';
import { SampleTable } from './sample-table.ts';

/** Units per second of a `chpl`. */
const CHPL_TIMESCALE = 10_000_000;

/** A longer title is cut off. */
const MAX_TITLE_BYTES = 4_096;

/**
 * Chapters as Nero's programs, and many after them, put them into `udta`, up to where they are damaged.
 *
 *     version 8 │ flags 24 │ in version 1: 32 │ chapters 8 │ each: start 64 │ length 8 │ title in UTF-8
 */
export function parseChpl(chpl: HeldBox): Chapter[] {
  const { payload } = chpl;
  const view = viewOf(payload);
  let at = payload[0] === 0 ? 4 : 8;
  const count = payload[at++] ?? 0;
  const chapters: Chapter[] = [];
  for (let i = 0; i < count && at + 9 <= payload.length; i++) {
    const start = (view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4)) / CHPL_TIMESCALE;
    const end = at + 9 + payload[at + 8];
    if (end > payload.length) break;
    chapters.push({ title: new TextDecoder().decode(payload.subarray(at + 9, end)), start, end: undefined });
    at = end;
  }
  return chapters;
}

/** The track with the titles of chapters; they lie in the media, so each may cost a request. */
export interface ChapterTrack {
  readonly samples: SampleTable;
  /** Seconds at which each begins, and at which the last one ends. */
  readonly times: readonly number[];
}

/**
 * The text track that an audio track refers to for its chapters (QuickTime File Format, "Chapter Lists"); undefined if there is none,
 * or it is broken, which is no reason not to play.
 */
export function findChapterTrack(moov: HeldBox, audio: HeldBox): ChapterTrack | undefined {
  try {
    const tref = findBox(audio.children, 'tref');
    const chap = tref && findBox(boxesWithin(tref, 0), 'chap');
    if (!chap || chap.payload.length < 4) return undefined;
    const id = fieldsOf(chap, 4).getUint32(0);
    const trak = moov.children.find((box) => box.type === 'trak' && parseTrackHeader(requireBox(box, 'tkhd')).id === id);
    return trak && readTrack(trak);
  } catch (error) {
    if (!isAulosError(error)) throw error;
    return undefined;
  }
}

/** Reads the chapters of a track, as far as they can be read. @throws what the source throws. */
export async function readChapters(source: ByteSource, { samples, times }: ChapterTrack, signal: AbortSignal): Promise<Chapter[]> {
  const window = new DataWindow(source, signal);
  const chapters: Chapter[] = [];
  try {
    for (const cursor = samples.cursor(0); cursor.index < times.length - 1; samples.advance(cursor, 1)) {
      const size = Math.min(samples.sizeOf(cursor.index), MAX_TITLE_BYTES);
      const text = await window.read(cursor.offset, size, () => samples.contiguous(cursor, WINDOW_BYTES).bytes);
      chapters.push({ title: titleOf(text), start: times[cursor.index], end: times[cursor.index + 1] });
    }
  } catch (error) {
    if (!isAulosError(error) || !error.code.startsWith('media.')) throw error;
  }
  return chapters;
}

function readTrack(trak: HeldBox): ChapterTrack | undefined {
  const timescale = parseMediaTimescale(requireBox(trak, 'mdia', 'mdhd'));
  const stbl = requireBox(trak, 'mdia', 'minf', 'stbl');
  const samples = new SampleTable(stbl);
  const times = startsOf(requireBox(stbl, 'stts'), Math.min(samples.count, MAX_CHAPTERS), timescale);
  return times.length > 1 ? { samples, times } : undefined;
}

/** Seconds at which the samples begin, and at which the last one ends. */
function startsOf(stts: HeldBox, samples: number, timescale: number): number[] {
  const entries = entryCount(stts, 4, 64);
  const view = fieldsOf(stts, 8);
  const times = [0];
  for (let entry = 0, time = 0; entry < entries; entry++) {
    const count = Math.min(view.getUint32(8 + entry * 8), samples + 1 - times.length);
    for (let i = 0; i < count; i++) times.push((time += view.getUint32(12 + entry * 8)) / timescale);
  }
  return times;
}

/** `length 16 │ text`, in UTF-8, or in UTF-16 behind a byte order mark; what follows is how to draw it. */
function titleOf(sample: Uint8Array): string {
  if (sample.length < 2) return '';
  const text = sample.subarray(2, 2 + viewOf(sample).getUint16(0));
  const mark = text.length >= 2 ? viewOf(text).getUint16(0) : 0;
  return new TextDecoder(mark === 0xfeff ? 'utf-16be' : mark === 0xfffe ? 'utf-16le' : 'utf-8').decode(text);
}
