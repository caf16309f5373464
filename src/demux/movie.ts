import { AulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';
import { BoxWalk } from './box-walk.ts';
import { beginsWithBox, type HeldBox, malformed, parseBoxes } from './boxes.ts';

/** Boxes before the `moov` that are looked at. */
const MAX_BOXES_BEFORE = 10_000;

/**
 * Finds and reads the `moov`, wherever it stands: what lies before it (a `mdat` of gigabytes) is jumped over by its header, so that a
 * file with the `moov` last costs its head and its tail.
 * @throws AulosError `media.malformed`, `media.truncated` if the file ends without one, `media.limit`.
 */
export async function readMovie(source: ByteSource, signal: AbortSignal): Promise<HeldBox> {
  if (!(await isMovie(source, signal))) throw malformed(0, 'not an MP4 file');
  let count = 0;
  let end = 0;
  const walk = new BoxWalk(source, 0, signal);
  for (let header = await walk.next(); header; header = await walk.next()) {
    if (header.type === 'moov') return parseBoxes(await walk.bytesOf(header), header.start)[0];
    if (header.type === 'moof') throw malformed(header.start, 'a fragment before the moov');
    if (++count > MAX_BOXES_BEFORE)
      throw new AulosError('media.limit', { offset: header.start, what: 'boxes' }, 'no moov among many boxes');
    end = header.end === Number.POSITIVE_INFINITY ? header.start : header.end;
  }
  throw new AulosError(
    'media.truncated',
    { offset: Math.min(end, source.length ?? end), what: 'moov' },
    'the file ends before its moov box',
  );
}

/** True if the resource begins as MP4 and QuickTime files do. */
export async function isMovie(source: ByteSource, signal: AbortSignal): Promise<boolean> {
  return beginsWithBox(await source.read({ start: 0, end: 8 }, signal));
}
