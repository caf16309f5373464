import { AulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';

const WINDOW = 65_536;

/**
 * A cursor over a {@link ByteSource} for parsers. Asking for bytes is asynchronous (`need`), looking at them is not.
 *
 *     if (reader.available < 10) await reader.need(10);
 *     if (reader.available < 10) …the resource ends here…
 *     const size = reader.u32be(6);
 *
 * Every byte that is asked for burns fuel, so that a parser which goes in circles over hostile bytes ends in `media.limit`.
 */
export class ByteReader {
  readonly source: ByteSource;
  readonly #signal: AbortSignal;
  #window: Uint8Array = new Uint8Array(0);
  #view = new DataView(this.#window.buffer);
  #windowStart: number;
  #position: number;
  #stepsWithoutProgress = 0;
  #furthest: number;

  constructor(source: ByteSource, signal: AbortSignal, position = 0) {
    this.source = source;
    this.#signal = signal;
    this.#position = this.#windowStart = this.#furthest = position;
  }

  /** Byte offset of the cursor in the resource. */
  get position(): number {
    return this.#position;
  }

  /** The cursor, or the end of the resource where it has passed that: the offset that errors tell. */
  get positionInside(): number {
    return Math.min(this.#position, this.source.length ?? Number.POSITIVE_INFINITY);
  }

  /** Bytes that can be looked at from the cursor without waiting. */
  get available(): number {
    return Math.max(0, this.#windowStart + this.#window.length - this.#position);
  }

  /** Makes at least `count` bytes available, unless the resource ends before; waits for them to arrive. */
  async need(count: number): Promise<void> {
    if (this.available >= count) return;
    this.#burn();
    const start = this.#position;
    const window = await this.source.read({ start, end: start + Math.max(WINDOW, count) }, this.#signal, count);
    this.#window = window;
    this.#view = new DataView(window.buffer, window.byteOffset, window.length);
    this.#windowStart = start;
  }

  /** As {@link need}, but the end of the resource before `count` bytes is `media.truncated`. */
  async require(count: number, what: string): Promise<void> {
    if (this.available >= count) return;
    await this.need(count);
    if (this.available < count) throw new AulosError('media.truncated', { offset: this.positionInside, what }, `${what} is cut off`);
  }

  /** Moves the cursor forward; may pass the window or the end. */
  skip(count: number): void {
    this.#position += count;
  }

  /** Moves the cursor anywhere. */
  seek(position: number): void {
    if (position < this.#windowStart) {
      this.#window = this.#window.subarray(0, 0);
      this.#windowStart = position;
    }
    this.#position = position;
  }

  /** View of `count` available bytes at the cursor (+ `offset`); stays valid. */
  bytes(count: number, offset = 0): Uint8Array {
    const from = this.#position - this.#windowStart + offset;
    return this.#window.subarray(from, from + count);
  }

  u8(offset = 0): number {
    return this.#window[this.#position - this.#windowStart + offset];
  }

  u16be(offset = 0): number {
    return this.#view.getUint16(this.#position - this.#windowStart + offset);
  }

  u16le(offset = 0): number {
    return this.#view.getUint16(this.#position - this.#windowStart + offset, true);
  }

  u24be(offset = 0): number {
    return (this.u8(offset) << 16) | this.u16be(offset + 1);
  }

  u32be(offset = 0): number {
    return this.#view.getUint32(this.#position - this.#windowStart + offset);
  }

  u32le(offset = 0): number {
    return this.#view.getUint32(this.#position - this.#windowStart + offset, true);
  }

  /** Big-endian 64-bit size. @throws AulosError `media.malformed` above 2^53 − 1. */
  u64be(offset = 0): number {
    return this.#safe(this.u32be(offset) * 2 ** 32 + this.u32be(offset + 4), offset);
  }

  /** Little-endian 64-bit size. @throws AulosError `media.malformed` above 2^53 − 1. */
  u64le(offset = 0): number {
    return this.#safe(this.u32le(offset + 4) * 2 ** 32 + this.u32le(offset), offset);
  }

  /** `count` bytes at the cursor (+ `offset`) as Latin-1 text, for four-character codes and magic. */
  ascii(count: number, offset = 0): string {
    return String.fromCharCode(...this.bytes(count, offset));
  }

  #safe(value: number, offset: number): number {
    if (Number.isSafeInteger(value)) return value;
    throw new AulosError('media.malformed', { offset: this.#position + offset, what: '64-bit size' }, 'a 64-bit size is out of range');
  }

  /** A refill that does not get past the furthest point so far is a step without progress; 4,096 of them are a loop. */
  #burn(): void {
    if (this.#position > this.#furthest) {
      this.#furthest = this.#position;
      this.#stepsWithoutProgress = 0;
    } else if (++this.#stepsWithoutProgress > 4_096) {
      throw new AulosError('media.limit', { offset: this.#position, what: 'parser steps' }, 'the file leads the parser in circles');
    }
  }
}
