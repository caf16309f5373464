import type { ByteRange } from '../base/ranges.ts';
import { AulosError, type ErrorDetails, isAulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';
import { ByteReader } from './byte-reader.ts';
import { presentationTime } from './muxjs.ts';
import {
  beginsUnit,
  continuityOf,
  isScrambled,
  type PacketPrefix,
  payloadOf,
  pidOf,
  type TransportPacket,
  TransportPackets,
} from './transport-packets.ts';

/** Bytes of other streams (video) between two packets of this one. */
const MAX_BYTES_BETWEEN = 16_777_216;

/** Bytes of a PES header up to its length field. */
const PES_HEADER_BYTES = 9;

/** Where in a file which elementary stream lies. */
export interface StreamPlace {
  readonly source: ByteSource;
  readonly prefix: PacketPrefix;
  readonly pid: number;
}

interface Piece {
  /** Position in the elementary stream. */
  readonly start: number;
  /** Byte offset in the file. */
  readonly offset: number;
  readonly data: Uint8Array;
}

/**
 * The bytes of one elementary stream of a transport stream, as if they were a file of their own: what PES packets carry, from the first
 * one that begins at or after `fileOffset`. So the parsers of bare AAC and MP3 files read it. Made to be read forwards; going back before
 * the last read begins anew.
 */
export class ElementaryStream implements ByteSource {
  readonly length = undefined;
  readonly mediaType = '';
  readonly #place: StreamPlace;
  readonly #fileOffset: number;
  readonly #signal: AbortSignal;
  #packets: TransportPackets;
  #pieces: Piece[] = [];
  #end = 0;
  #headerLeft = 0;
  #isInUnit = false;
  #continuity: number | undefined;
  #lastOffset: number;
  #firstTime: number | undefined;
  #failure: unknown;

  constructor(place: StreamPlace, fileOffset: number, signal: AbortSignal) {
    this.#place = place;
    this.#fileOffset = this.#lastOffset = fileOffset;
    this.#signal = signal;
    this.#packets = this.#packetsFromStart();
  }

  /** When the first frame is due, in units of 1/90000 s, once bytes have been read. */
  get firstTime(): number | undefined {
    return this.#firstTime;
  }

  /** Reads as any source does; `signal` is that of the constructor. */
  async read({ start, end }: ByteRange, _signal: AbortSignal, atLeast = end - start): Promise<Uint8Array> {
    if (start < (this.#pieces[0]?.start ?? 0)) this.#rewind();
    try {
      this.#forget(start);
      while (this.#end < start + atLeast || (this.#end < end && this.#packets.isNextHeld)) {
        if (!(await this.#take())) break;
        if (this.#end <= start) this.#forget(start);
      }
    } catch (error) {
      this.#failure = error;
      throw error;
    }
    return this.#bytes(start, end);
  }

  /** Byte offset in the file of a byte that was given by the last read. */
  fileOffsetOf(position: number): number {
    const piece = this.#pieces.findLast(({ start }) => start <= position);
    return piece ? piece.offset + position - piece.start : (this.#pieces[0]?.offset ?? this.#fileOffset);
  }

  /** What a parser of this stream threw, with its byte offset in the file. */
  located(error: unknown): unknown {
    if (error === this.#failure || !isAulosError(error) || !error.code.startsWith('media.')) return error;
    const { offset, what } = error.details as ErrorDetails['media.malformed'];
    const details = { offset: this.fileOffsetOf(offset), what };
    return new AulosError(error.code, details, `in the elementary stream: ${error.message}`, { cause: error });
  }

  /** Takes one packet in; false at the end. */
  async #take(): Promise<boolean> {
    const packet = await this.#packets.next();
    if (!packet) return false;
    if (pidOf(packet.bytes) === this.#place.pid) this.#takeOwn(packet);
    else if (packet.offset - this.#lastOffset > MAX_BYTES_BETWEEN) {
      const details = { offset: packet.offset, what: 'bytes without sound' };
      throw new AulosError('media.limit', details, `the transport stream has no sound for ${MAX_BYTES_BETWEEN} bytes`);
    }
    return true;
  }

  #takeOwn({ bytes, offset, bytesOffset }: TransportPacket): void {
    this.#lastOffset = offset;
    const payload = payloadOf(bytes);
    if (!payload || continuityOf(bytes) === this.#continuity) return;
    if (isScrambled(bytes)) throw new AulosError('media.unsupported', { offset, what: 'scrambled stream' }, 'the sound is encrypted');
    this.#continuity = continuityOf(bytes);
    if (beginsUnit(bytes)) {
      // packet_start_code_prefix:24 stream_id:8 PES_packet_length:16 flags:16 PES_header_data_length:8 (§2.4.3.6)
      this.#isInUnit = payload.length >= PES_HEADER_BYTES && payload[0] === 0 && payload[1] === 0 && payload[2] === 1;
      this.#headerLeft = this.#isInUnit ? PES_HEADER_BYTES + payload[8] : 0;
      if (this.#isInUnit) this.#firstTime ??= presentationTime(bytes);
    }
    if (!this.#isInUnit) return;
    const skipped = Math.min(this.#headerLeft, payload.length);
    this.#headerLeft -= skipped;
    const data = payload.subarray(skipped);
    if (data.length === 0) return;
    this.#pieces.push({ start: this.#end, offset: bytesOffset + bytes.length - data.length, data });
    this.#end += data.length;
  }

  /** Drops pieces before `start`, except that the last one stays, to tell where the stream is in the file. */
  #forget(start: number): void {
    const kept = this.#pieces.findIndex((piece) => piece.start + piece.data.length > start);
    this.#pieces.splice(0, kept < 0 ? this.#pieces.length - 1 : kept);
  }

  #bytes(start: number, end: number): Uint8Array {
    const bytes = new Uint8Array(Math.max(0, Math.min(end, this.#end) - start));
    for (const piece of this.#pieces) {
      const skipped = Math.max(0, start - piece.start);
      if (skipped >= piece.data.length) continue;
      const at = piece.start + skipped - start;
      if (at >= bytes.length) break;
      bytes.set(piece.data.subarray(skipped, skipped + bytes.length - at), at);
    }
    return bytes;
  }

  #rewind(): void {
    this.#packets = this.#packetsFromStart();
    this.#pieces = [];
    this.#end = this.#headerLeft = 0;
    this.#isInUnit = false;
    this.#continuity = undefined;
    this.#lastOffset = this.#fileOffset;
  }

  #packetsFromStart(): TransportPackets {
    const { source, prefix } = this.#place;
    return new TransportPackets(new ByteReader(source, this.#signal, this.#fileOffset), prefix);
  }
}
