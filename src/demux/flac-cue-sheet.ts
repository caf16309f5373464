/** A track of a CD in a FLAC file. */
export interface CueTrack {
  readonly number: number;
  /** First frame of its sound. */
  readonly start: number;
}

/** Bytes up to the number of tracks: catalogue number 128, lead-in 8, flags and reserved 259, then the count. */
const TRACK_COUNT_AT = 395;
const TRACK_BYTES = 36;
const INDEX_BYTES = 12;

/** Numbers of the lead-out, on a CD and elsewhere. */
const LEAD_OUT: ReadonlySet<number> = new Set([170, 255]);

/**
 * Tracks of a cue sheet (RFC 9639 §8.7), up to where it is damaged. A track begins with its index point 1; what lies before is the pause.
 *
 *     track: first sample 64 │ number 8 │ ISRC 12 bytes │ flags and reserved 14 bytes │ index points 8 │ per point: offset 64 │ number 8 │ 24
 */
export function parseCueSheet(body: Uint8Array): CueTrack[] {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const tracks: CueTrack[] = [];
  const count = body.length > TRACK_COUNT_AT ? view.getUint8(TRACK_COUNT_AT) : 0;
  for (let at = TRACK_COUNT_AT + 1, i = 0; i < count && at + TRACK_BYTES <= body.length; i++) {
    const [first, number, points] = [Number(view.getBigUint64(at)), view.getUint8(at + 8), view.getUint8(at + 35)];
    at += TRACK_BYTES;
    let start = first;
    for (let point = 0; point < points && at + INDEX_BYTES <= body.length; point++, at += INDEX_BYTES)
      if (view.getUint8(at + 8) === 1) start = first + Number(view.getBigUint64(at));
    if (!LEAD_OUT.has(number) && Number.isSafeInteger(start)) tracks.push({ number, start });
  }
  return tracks;
}
