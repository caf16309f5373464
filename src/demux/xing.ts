import { SeekTable } from './mp3-seek-table.ts';
import { HEADER_BYTES, type MpegAudioHeader, sideInfoBytes } from './mpeg-audio-header.ts';

/** Frames that a decoder of layer III adds to an encoder's delay: one granule less 47, and the one sample that encoders do not count. */
const DECODER_DELAY = 529;

/** What the first frame of a file says of all of it, in the place of sound. */
export interface Mp3Tag {
  readonly kind: 'xing' | 'vbri';
  /** True if the writer declares a constant bit rate. */
  readonly isConstant: boolean;
  /** Frames of MPEG audio that follow the tag's own; undefined if not said. */
  readonly frames: number | undefined;
  /** Bytes from the tag's own frame to the end of the audio; undefined if not said. */
  readonly bytes: number | undefined;
  /** Samples to drop at the start and at the end, the decoder's delay included. */
  readonly encoderDelay: number;
  readonly padding: number;
  /** Where frames are, roughly; offsets count from the tag's own frame. */
  readonly seekTable: SeekTable | undefined;
}

/**
 * Parses a Xing (or Info, for constant bit rate) tag in `frame`, with the extension of LAME that Lavc and others write too:
 *
 *     "Xing" | flags: 4 | frames: 4 | bytes: 4 | table of contents: 100 | quality: 4 | encoder: 9 | … 12 … | delay: 12 bits, padding: 12 bits
 *
 * Frames, bytes, contents and quality are there if bits 0 to 3 of the flags are set.
 */
export function parseXing(frame: Uint8Array, header: MpegAudioHeader): Mp3Tag | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  // Writers disagree on whether a CRC comes between header and side information here.
  const start = [0, 2]
    .map((crc) => HEADER_BYTES + sideInfoBytes(header) + crc)
    .find((at) => at + 8 <= frame.length && isXing(view.getUint32(at)));
  if (start === undefined) return undefined;
  const flags = view.getUint32(start + 4);
  let at = start + 8;
  const field = (flag: number, size: number): number => {
    const here = flags & flag ? at : -1;
    if (here >= 0) at += size;
    return here + size <= frame.length ? here : -1;
  };
  const count = (position: number): number | undefined => (position < 0 ? undefined : view.getUint32(position) || undefined);
  const frames = count(field(1, 4));
  const bytes = count(field(2, 4));
  const contents = field(4, 100);
  field(8, 4);
  const delays = at + 24 <= frame.length ? (view.getUint16(at + 21) << 8) | frame[at + 23] : 0;
  return {
    kind: 'xing',
    isConstant: view.getUint32(start) === INFO,
    frames,
    bytes,
    encoderDelay: delays === 0 ? 0 : (delays >> 12) + DECODER_DELAY,
    padding: Math.max(0, (delays & 0xfff) - DECODER_DELAY),
    seekTable: contents >= 0 && frames && bytes ? contentsOf(frame.subarray(contents, contents + 100), frames, bytes) : undefined,
  };
}

const XING = 0x58696e67;
const INFO = 0x496e666f;
const isXing = (word: number): boolean => word === XING || word === INFO;

/** Entry i says in 256ths of the bytes where i hundredths of the time are. */
function contentsOf(entries: Uint8Array, frames: number, bytes: number): SeekTable | undefined {
  if (entries.every((entry) => entry === 0)) return undefined;
  const at = Array.from(entries, (_, i) => (i * frames) / 100);
  return new SeekTable([...at, frames], [...Array.from(entries, (entry) => (entry * bytes) / 256), bytes], bytes / 256);
}
