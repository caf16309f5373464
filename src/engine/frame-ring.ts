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
  /** By sequence number. */
  readonly #entries = new Map<number, RingEntry>();
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
    return this.#entries.size;
  }

  /** Microseconds of media pushed so far. */
  get mediaTimeUs(): number {
    return this.#mediaTimeUs;
  }

  /** The entry of a frame that is still kept. */
  at(seq: number): RingEntry | undefined {
    return this.#entries.get(seq);
  }

  /** Appends a frame; drops the oldest ones over the limits, but none from `keepFrom` on. */
  push(frame: Frame, keepFrom: number): void {
    this.#entries.set(this.#nextSeq++, { frame, mediaTimeUs: this.#mediaTimeUs });
    this.#mediaTimeUs += frame.durationUs;
    this.#bytes += bytesOf(frame);
    while (this.firstSeq < keepFrom && this.#isOver()) this.#drop();
  }

  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #isOver(): boolean {
    const kept = this.#mediaTimeUs - this.at(this.firstSeq)!.mediaTimeUs;
    return this.length > 1 && (kept > this.#limits.ringMs * 1_000 || this.#bytes > this.#limits.ringBytes);
  }

  #drop(): void {
    const oldest = this.firstSeq;
    this.#bytes -= bytesOf(this.at(oldest)!.frame);
    this.#entries.delete(oldest);
  }
}

function bytesOf({ data, planes }: Frame): number {
  let bytes = data.byteLength;
  for (const plane of planes ?? []) bytes += plane.byteLength;
  return bytes;
}
