import { AulosError } from '../errors.ts';
import type { ByteReader } from './byte-reader.ts';
import { crc16 } from './flac-crc.ts';
import { FlacFrameHeader, MAX_FRAME_HEADER_BYTES } from './flac-frame.ts';

/** Bytes that may be searched in vain, beyond one frame, before the stream is given up. */
const MAX_GAP_BYTES = 131_072;

/**
 * Cuts a FLAC stream into frames. A frame header does not say how long the frame is: it ends where the CRC-16 of all its bytes,
 * footer included, is 0 and the header of another frame (sync code, CRC-8) or the end of the resource follows.
 *
 * The CRC runs along with the search, so every byte is looked at once; only a damaged frame whose successor cannot be told
 * (it has another format) is searched again from the first header within, on a budget.
 */
export class FlacFrameFinder {
  /** Header of the frame that {@link sync} or {@link next} found last. */
  header = new FlacFrameHeader();
  readonly #reader: ByteReader;
  readonly #streamBits: number;
  readonly #minFrameBytes: number;
  #candidate = new FlacFrameHeader();
  /** Bytes searched in vain since the last frame that was followed by another one. */
  #wasted = 0;
  #maxWasted = MAX_GAP_BYTES;

  /** @param streamBits bits of a sample according to STREAMINFO. @param minFrameBytes how many to wait for at once; 0 if unknown. */
  constructor(reader: ByteReader, streamBits: number, minFrameBytes: number) {
    this.#reader = reader;
    this.#streamBits = streamBits;
    this.#minFrameBytes = minFrameBytes;
  }

  /**
   * Goes to the next frame header at or after the cursor; false at the end of the resource.
   * @throws AulosError `media.malformed` when there is none for long.
   */
  async sync(): Promise<boolean> {
    const reader = this.#reader;
    for (;;) {
      await reader.need(MAX_FRAME_HEADER_BYTES);
      const window = reader.bytes(reader.available);
      const ended = window.length < MAX_FRAME_HEADER_BYTES;
      const last = ended ? window.length : window.length - MAX_FRAME_HEADER_BYTES + 1;
      const at = nextHeader(this.header, window, 0, last);
      reader.skip(at < 0 ? last : at);
      this.#waste(at < 0 ? last : at);
      if (at >= 0) return true;
      if (ended) return false;
    }
  }

  /**
   * The next whole frame at or after the cursor, which is left behind it; a view that stays valid. Damaged frames are skipped.
   * Undefined at the end of the resource. @throws AulosError `media.malformed` when there is none for long.
   */
  async next(): Promise<Uint8Array | undefined> {
    while (await this.sync()) {
      const length = await this.#measure();
      if (length === 0) continue;
      const frame = this.#reader.bytes(length);
      this.#reader.skip(length);
      return frame;
    }
    return undefined;
  }

  /** Bytes of the frame at the cursor. If it is damaged 0, and the cursor goes to where the search is to go on. */
  async #measure(): Promise<number> {
    const reader = this.#reader;
    const maxFrameBytes = this.#maxFrameBytes();
    this.#maxWasted = MAX_GAP_BYTES + maxFrameBytes;
    let at = this.header.length;
    let crc = 0;
    let checked = 0;
    let firstInside = 0;
    let wanted = Math.min(Math.max(this.#minFrameBytes, at), maxFrameBytes) + MAX_FRAME_HEADER_BYTES;
    for (;;) {
      await reader.need(wanted);
      const window = reader.bytes(reader.available);
      const ended = window.length < wanted;
      const last = Math.min(maxFrameBytes, ended ? window.length : window.length - MAX_FRAME_HEADER_BYTES + 1);
      for (; (at = nextHeader(this.#candidate, window, at, last)) >= 0; at++) {
        crc = crc16(window, checked, at, crc);
        checked = at;
        if (crc === 0) {
          this.#wasted = 0;
          return at;
        }
        if (follows(this.header, this.#candidate)) return this.#salvage(window, at, at);
        firstInside ||= at;
      }
      if (ended || last === maxFrameBytes) return this.#salvage(window, last, firstInside || last);
      at = last;
      wanted = window.length + Math.max(64, window.length >> 3);
    }
  }

  /** No encoder makes a frame much larger than the samples it holds. */
  #maxFrameBytes(): number {
    const { channels, blockSize, bits } = this.header;
    return 1_024 + Math.ceil((2 * channels * blockSize * ((bits || this.#streamBits) + 1)) / 8);
  }

  /**
   * The frame does not end at `end`, but may do so earlier, if foreign bytes (a tag, a damaged header) follow it: at the last place
   * where the CRC is 0. Zero bytes behind the frame come along, which does no harm; a chance 0 in a damaged frame gives a packet that the
   * decoder will refuse.
   */
  #salvage(window: Uint8Array, end: number, resumeAt: number): number {
    let length = 0;
    let crc = crc16(window, 0, this.header.length);
    for (let i = this.header.length; i < end; i++) {
      crc = crc16(window, i, i + 1, crc);
      if (crc === 0) length = i + 1;
    }
    this.#waste(end - length);
    if (length === 0) this.#reader.skip(resumeAt);
    return length;
  }

  #waste(bytes: number): void {
    this.#wasted += bytes;
    if (this.#wasted <= this.#maxWasted) return;
    const offset = this.#reader.position;
    throw new AulosError('media.malformed', { offset, what: 'FLAC frame' }, `no whole FLAC frame for long before byte ${offset}`);
  }
}

/** Offset of the first frame header in `bytes[from, last)`, read into `header`; −1 if there is none. */
function nextHeader(header: FlacFrameHeader, bytes: Uint8Array, from: number, last: number): number {
  for (let at = from; (at = bytes.indexOf(0xff, at)) >= 0 && at < last; at++) {
    if (header.parse(bytes, at)) return at;
  }
  return -1;
}

/** True if `next` can only be the header of a later frame of the same stream, so that what is before it has ended, whole or not. */
function follows(header: FlacFrameHeader, next: FlacFrameHeader): boolean {
  const ahead = next.number - header.number;
  const isNear = ahead > 0 && ahead <= (header.variable ? 2 ** 22 : 2 ** 10);
  const isSameStream = next.variable === header.variable && next.channels === header.channels && next.bits === header.bits;
  return isNear && isSameStream && next.sampleRate === header.sampleRate;
}
