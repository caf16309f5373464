import { type AllRegisteredBoxes, Box, BoxParser, DataStream, MP4BoxBuffer, MultiBufferStream } from 'mp4box';
import { entryCount, fieldsOf, type HeldBox, malformed } from './boxes.ts';

/**
 * The only door to the mp4box package, and the reason why it is loaded: small boxes with many versions and flags. It was not written for
 * hostile input, so it sees one box at a time, without children, held whole, and only after its counts were found to fit in its bytes.
 */

/** Edit of a track (ISO 14496-12 §8.6.6). */
export interface Edit {
  /** In units of the movie's timescale; 0 in fragmented files means "all that follows". */
  readonly duration: number;
  /** In units of the track's timescale; −1 for an empty edit. */
  readonly mediaTime: number;
}

/** Defaults for the fragments of a track (§8.8.3), and what a fragment puts in their place. */
export interface SampleDefaults {
  readonly duration: number;
  readonly size: number;
}

/** A sub-segment of a segment index (§8.16.3). */
export interface SidxReference {
  /** True if it is another index rather than media. */
  readonly isIndex: boolean;
  readonly size: number;
  readonly duration: number;
}

/** Segment index (§8.16.3). */
export interface Sidx {
  readonly trackId: number;
  readonly timescale: number;
  readonly earliestTime: number;
  /** Bytes between the index and the first sub-segment. */
  readonly firstOffset: number;
  readonly references: readonly SidxReference[];
}

/** Units per second of a `mvhd`. */
export const parseMovieTimescale = (box: HeldBox): number => positive(box, parse('mvhd', box, versionOf(box) === 1 ? 112 : 100).timescale);

/** Units per second of a `mdhd`. */
export const parseMediaTimescale = (box: HeldBox): number => positive(box, parse('mdhd', box, versionOf(box) === 1 ? 36 : 24).timescale);

/** Id of the track of a `tkhd`, and whether it is meant to be played. */
export function parseTrackHeader(box: HeldBox): { id: number; isEnabled: boolean } {
  const { track_id, flags } = parse('tkhd', box, versionOf(box) === 1 ? 96 : 84);
  return { id: track_id, isEnabled: (flags & 1) !== 0 };
}

/** Duration of all fragments together as a `mehd` promises it, in units of the movie's timescale. */
export const parseFragmentDuration = (box: HeldBox): number => {
  // mp4box takes flag 1 for version 1, as some writers do.
  const isLong = versionOf(box) === 1 || (fieldsOf(box, 4).getUint32(0) & 1) !== 0;
  return safe(box, parse('mehd', box, isLong ? 12 : 8).fragment_duration);
};

/** The entries of an `elst`. */
export function parseEdits(box: HeldBox): Edit[] {
  entryCount(box, 4, versionOf(box) === 1 ? 160 : 96);
  const { entries } = parse('elst', box, 8);
  return entries.map((entry) => ({ duration: safe(box, entry.segment_duration), mediaTime: safe(box, entry.media_time) }));
}

/** Track id and defaults of a `trex`. */
export function parseTrackExtends(box: HeldBox): { trackId: number } & SampleDefaults {
  const trex = parse('trex', box, 24);
  return { trackId: trex.track_id, duration: trex.default_sample_duration, size: trex.default_sample_size };
}

/** A `sidx`. */
export function parseSidx(box: HeldBox): Sidx {
  const head = versionOf(box) === 1 ? 32 : 24;
  const count = fieldsOf(box, head).getUint16(head - 2);
  const sidx = parse('sidx', box, head + count * 12);
  return {
    trackId: sidx.reference_ID,
    timescale: sidx.timescale,
    earliestTime: safe(box, sidx.earliest_presentation_time),
    firstOffset: safe(box, sidx.first_offset),
    references: sidx.references.map((reference) => ({
      isIndex: reference.reference_type === 1,
      size: reference.referenced_size,
      duration: reference.subsegment_duration,
    })),
  };
}

/** A box to be written: its fields as mp4box names them, or its payload, and the boxes inside. */
export interface BoxTree {
  readonly type: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  readonly payload?: Uint8Array;
  readonly children?: readonly BoxTree[];
  /** Children that are counted: those of `dref`, and those of `stsd`, whose types are names of codecs. */
  readonly entries?: readonly BoxTree[];
}

/** The bytes of boxes, one behind the other. The trees are ours, never from a file. */
export function writeBoxes(trees: readonly BoxTree[]): Uint8Array<ArrayBuffer> {
  const stream = new DataStream();
  for (const tree of trees) assemble(tree, BoxParser.box).write(stream);
  return new Uint8Array(stream.buffer, 0, stream.getPosition());
}

function assemble({ type, fields, payload, children = [], entries = [] }: BoxTree, kinds: object): Box {
  const box = payload ? new Box() : new (kinds as Readonly<Record<string, new () => Box>>)[type]();
  if (payload) box.type = type;
  Object.assign(box, { data: payload }, fields);
  for (const child of children) box.addBox(assemble(child, BoxParser.box));
  for (const entry of entries) box.addEntry(assemble(entry, type === 'stsd' ? BoxParser.sampleEntry : BoxParser.box));
  return box;
}

type ParsedType = 'mvhd' | 'mdhd' | 'tkhd' | 'mehd' | 'elst' | 'trex' | 'sidx';

function parse<T extends ParsedType>(type: T, box: HeldBox, atLeast: number): AllRegisteredBoxes[T] {
  fieldsOf(box, atLeast);
  const { payload } = box;
  const parsed = new BoxParser.box[type](payload.length) as AllRegisteredBoxes[T];
  parsed.start = 0;
  parsed.hdr_size = 0;
  try {
    parsed.parse(new MultiBufferStream(MP4BoxBuffer.fromArrayBuffer(new Uint8Array(payload).buffer, 0)));
  } catch (cause) {
    throw malformed(box.start, `box ${type}`, { cause });
  }
  return parsed;
}

const versionOf = (box: HeldBox): number => fieldsOf(box, 4).getUint8(0);

function positive(box: HeldBox, timescale: number): number {
  if (timescale > 0) return timescale;
  throw malformed(box.start, `timescale of ${box.type}`);
}

/** 64-bit fields arrive as numbers; beyond 2^53 − 1 they are not exact, and no file is that long. */
function safe(box: HeldBox, value: number): number {
  if (Number.isSafeInteger(value)) return value;
  throw malformed(box.start, `64-bit field of ${box.type}`);
}
