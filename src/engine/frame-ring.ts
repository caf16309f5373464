import type { Frame } from './frame.ts';

/** A frame and where it lies in the media time of its publication, which only grows (timestamps may jump when the publisher seeks). */
export interface RingEntry {
  readonly frame: Frame;
  /** Microseconds of media pushed before this frame. */
  readonly mediaTimeUs: number;
}

export interface RingLimits {
  /** Media time kept, ms. */
  readonly ringMs: number;
  readonly ringBytes: number;
}

/** The last frames of a stream, bounded in media time and bytes. Subscribers are cursors (sequence numbers) into it. */
export class FrameRing {
  readonly #limits: RingLimits;
  #entries: RingEntry[] = [];
  /** Entries before this index were dropped; the array is compacted when half of it is. */
  #head = 0;
  #bytes = 0;
  #mediaTimeUs = 0;
  #nextSeq = 0;

  constructor(limits: RingLimits) {
    this.#limits = limits;
  }

  /** Sequence number of the oldest frame kept; equals `nextSeq` when empty. */
  get firstSeq(): number {
    return this.#nextSeq - this.length;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  get length(): number {
    return this.#entries.length - this.#head;
  }

  /** Microseconds of media pushed so far. */
  get mediaTimeUs(): number {
    return this.#mediaTimeUs;
  }

  /** The entry of a frame that is still kept. */
  at(seq: number): RingEntry | undefined {
    return seq >= this.firstSeq ? this.#entries[this.#head + seq - this.firstSeq] : undefined;
  }

  /** Appends a frame; drops the oldest ones over the limits, but none from `keepFrom` on. */
  push(frame: Frame, keepFrom: number): void {
    this.#entries.push({ frame, mediaTimeUs: this.#mediaTimeUs });
    this.#nextSeq++;
    this.#mediaTimeUs += frame.durationUs;
    this.#bytes += bytesOf(frame);
    while (this.firstSeq < keepFrom && this.#isOver()) this.#drop();
  }

  clear(): void {
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  #isOver(): boolean {
    const kept = this.#mediaTimeUs - this.#entries[this.#head].mediaTimeUs;
    return this.length > 1 && (kept > this.#limits.ringMs * 1_000 || this.#bytes > this.#limits.ringBytes);
  }

  #drop(): void {
    this.#bytes -= bytesOf(this.#entries[this.#head++].frame);
    if (this.#head * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}

function bytesOf({ data, planes }: Frame): number {
  let bytes = data.byteLength;
  for (const plane of planes ?? []) bytes += plane.byteLength;
  return bytes;
}
