import { AulosError } from '../errors.ts';
import type { ByteSource } from '../source/source.ts';
import { type BoxHeader, hasLargeSize, headerAt, LARGE_HEADER, MAX_HELD_BYTES, SMALL_HEADER, viewOf } from './boxes.ts';

/** The most that is read ahead of what is asked for. */
const MAX_AHEAD = 65_536;

/**
 * Walks the top-level boxes of a resource. What a box holds is read only if it is asked for, so that gigabytes of media cost nothing.
 *
 * Each stretch of bytes that is looked at begins behind a jump, and stretches are much alike: in a fragmented file, a `moof` and the
 * header of its `mdat`. So one read takes as much as the last stretch needed and an eighth more, and is nearly always the only one.
 */
export class BoxWalk {
  readonly #source: ByteSource;
  readonly #signal: AbortSignal;
  #next: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #view = viewOf(this.#bytes);
  /** Where `#bytes` begin. */
  #start: number;
  #stretchStart: number;
  #lookedUntil: number;
  #expected = LARGE_HEADER;

  /** Begins at byte `start`, where there is a box. */
  constructor(source: ByteSource, start: number, signal: AbortSignal) {
    this.#source = source;
    this.#signal = signal;
    this.#next = this.#start = this.#stretchStart = this.#lookedUntil = start;
  }

  /**
   * The header of the next box; undefined at the end of the resource.
   * @throws AulosError `media.truncated` inside a header, `media.malformed`; what the source throws.
   */
  async next(): Promise<BoxHeader | undefined> {
    const start = this.#next;
    if (start === Infinity) return undefined;
    if (!this.#hasHeader(start)) await this.#read(start, LARGE_HEADER);
    if (!this.#hasHeader(start)) {
      if (this.#heldFrom(start) === 0) return undefined;
      throw new AulosError('media.truncated', { offset: start, what: 'box header' }, `the file ends inside a box header at byte ${start}`);
    }
    this.#lookedUntil = Math.max(this.#lookedUntil, start + LARGE_HEADER);
    const header = headerAt(this.#view, start - this.#start, this.#start, this.#source.length ?? Infinity);
    this.#next = header.end;
    return header;
  }

  /**
   * All bytes of the box that {@link next} gave last, its header included; a view that may be kept.
   * @throws AulosError `media.limit` above `maxBytes`, `media.truncated`; what the source throws.
   */
  async bytesOf({ type, start, end }: BoxHeader, maxBytes = MAX_HELD_BYTES): Promise<Uint8Array> {
    const size = end - start;
    if (size > maxBytes) throw new AulosError('media.limit', { offset: start, what: `size of ${type}` }, `the ${type} box is too large`);
    if (this.#heldFrom(start) < size) await this.#read(start, size);
    if (this.#heldFrom(start) < size) {
      throw new AulosError('media.truncated', { offset: start, what: type }, `the file ends inside its ${type} box`);
    }
    this.#lookedUntil = Math.max(this.#lookedUntil, end);
    return this.#bytes.subarray(start - this.#start, end - this.#start);
  }

  async #read(start: number, atLeast: number): Promise<void> {
    if (start > this.#start + this.#bytes.length) {
      const looked = this.#lookedUntil - this.#stretchStart;
      this.#expected = Math.min(looked + (looked >> 3), MAX_AHEAD);
      this.#stretchStart = start;
    }
    const end = start + Math.max(atLeast, this.#expected);
    this.#bytes = await this.#source.read({ start, end }, this.#signal, atLeast);
    this.#view = viewOf(this.#bytes);
    this.#start = start;
  }

  #hasHeader(start: number): boolean {
    const held = this.#heldFrom(start);
    return held >= LARGE_HEADER || (held >= SMALL_HEADER && !hasLargeSize(this.#view, start - this.#start));
  }

  #heldFrom(start: number): number {
    return start < this.#start ? 0 : Math.max(0, this.#start + this.#bytes.length - start);
  }
}
