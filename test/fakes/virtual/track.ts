/**
 * Tracks of any length that take no memory: made of packets that are made up as they are read, sound (silence, mostly) to any decoder,
 * and that carry the number of their first frame behind a mark, so that a test can see where a player really landed.
 */
export interface VirtualTrack {
  readonly name: string;
  readonly mediaType: string;
  readonly sampleRate: number;
  /** Frames of the decoded timeline. */
  readonly frames: number;
  /** Frames of it before the first one to be heard. */
  readonly encoderDelay: number;
  readonly size: number;
  /** A piece that starts at byte `start` and ends at `end` or before. */
  read(start: number, end: number): Uint8Array;
  /** Frame at which a packet truly begins, by what it carries. */
  timestampOf(packet: Uint8Array): number | undefined;
}

const MARK = 0x61_75_4c_73;
/** Bytes of a mark and the number behind it. */
export const STAMP_BYTES = 8;

/** Marks a packet that begins with frame `timestamp`. */
export function stamp(packet: Uint8Array, at: number, timestamp: number): void {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  view.setUint32(at, MARK);
  view.setUint32(at + 4, timestamp);
}

/** The frame with which a marked packet begins. */
export function stamped(packet: Uint8Array): number | undefined {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.length);
  for (let at = 0; at + STAMP_BYTES <= packet.length; at++) if (view.getUint32(at) === MARK) return view.getUint32(at + 4);
  return undefined;
}

/** Between 0 and 1, wandering slowly and quickly, as the loudness of music does. */
export const loudness = (packet: number): number =>
  0.5 + 0.08 * Math.sin(packet / 4_001) + 0.12 * Math.sin(packet / 311) + 0.25 * Math.sin(packet / 17);

/** A head and packets behind it. */
export interface Concatenation {
  readonly size: number;
  /** Byte offset of a packet; that of the end for the packet after the last. */
  offsetOf(packet: number): number;
  read(start: number, end: number): Uint8Array;
}

/** `render` gives packet `i`, which must be of `sizeOf(i)` bytes. */
export function concatenate(
  head: Uint8Array,
  count: number,
  sizeOf: (packet: number) => number,
  render: (packet: number, size: number) => Uint8Array,
  tail: Uint8Array = new Uint8Array(0),
): Concatenation {
  const offsets = new Float64Array(count + 1);
  offsets[0] = head.length;
  for (let i = 0; i < count; i++) offsets[i + 1] = offsets[i] + sizeOf(i);
  const bodyEnd = offsets[count];
  const read = (start: number, end: number): Uint8Array => {
    if (start < head.length) return head.subarray(start, end);
    if (start >= bodyEnd) return tail.subarray(start - bodyEnd, end - bodyEnd);
    const first = packetAt(offsets, start);
    const from = start - offsets[first];
    return render(first, offsets[first + 1] - offsets[first]).subarray(from, from + end - start);
  };
  return { size: bodyEnd + tail.length, offsetOf: (packet) => offsets[packet], read };
}

function packetAt(offsets: Float64Array, byte: number): number {
  let low = 0;
  let high = offsets.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (offsets[middle] <= byte) low = middle;
    else high = middle;
  }
  return low;
}

/** All bytes `[start, end)`. */
export function bytesOf({ read, size }: Pick<VirtualTrack, 'read' | 'size'>, start = 0, end = size): Uint8Array {
  const bytes = new Uint8Array(Math.min(end, size) - start);
  for (let at = 0; at < bytes.length; ) {
    const piece = read(start + at, start + bytes.length);
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
