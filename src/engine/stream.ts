import { Wake } from '../base/wake.ts';
import type { Frame, NewFrame, StreamConfig, StreamItem, StreamKey } from './frame.ts';
import { FrameRing, type RingLimits } from './frame-ring.ts';
import { joinSeq, nextJoinSeq } from './join.ts';

export interface StreamLimits extends RingLimits {
  /** How far `write` may run ahead of the slowest reliable subscriber, ms of media. */
  readonly aheadMs: number;
}

/** Why a subscription ended. */
export type EndReason = 'ended' | 'evicted' | 'aborted' | 'closed';

export interface Cursor {
  /** Sequence number of the next frame to hand out. */
  seq: number;
  /** Media time at which that frame begins. */
  mediaTimeUs: number;
  /** Epoch of the last config handed out; −1 before the first. */
  epoch: number;
  /** Epoch at whose flush this cursor last jumped; a config of a later flush says `flushed`. */
  flushedEpoch: number;
  readonly reliable: boolean;
  /** Cumulative media lost, above which a lossy cursor is evicted. */
  readonly maxLagUs: number;
  lostFrames: number;
  lostUs: number;
  reason: EndReason | undefined;
}

/** One live publication: its ring, its configs, its cursors. No I/O, no timers. */
export class Stream {
  readonly key: StreamKey;
  readonly #limits: StreamLimits;
  readonly #ring: FrameRing;
  readonly #cursors = new Set<Cursor>();
  /** Configs of the epochs that the ring still holds frames of, and of the current one. */
  readonly #configs = new Map<number, StreamConfig>();
  readonly #pushed = new Wake();
  readonly #taken = new Wake();
  #config: StreamConfig;
  #lastFlush = 0;
  #ended: EndReason | undefined;

  constructor(key: StreamKey, config: Omit<StreamConfig, 'epoch'>, limits: StreamLimits) {
    this.key = key;
    this.#limits = limits;
    this.#ring = new FrameRing(limits);
    this.#config = { ...config, epoch: 0 };
    this.#configs.set(0, this.#config);
  }

  get config(): StreamConfig {
    return this.#config;
  }

  get subscriberCount(): number {
    return this.#cursors.size;
  }

  push(frame: NewFrame): number {
    const keepFrom = this.#slowestReliable()?.seq ?? Number.POSITIVE_INFINITY;
    const numbered: Frame = { ...frame, seq: this.#ring.nextSeq, epoch: this.#config.epoch };
    this.#ring.push(numbered, keepFrom);
    this.#forgetOldConfigs();
    this.#pushed.signal();
    return this.#cursors.size;
  }

  /** Resolves when the slowest reliable subscriber is less than `aheadMs` behind, or the stream ended. */
  async room(signal: AbortSignal): Promise<void> {
    for (;;) {
      const { count } = this.#taken;
      const slowest = this.#slowestReliable();
      if (this.#ended || !slowest || this.behindMs(slowest) < this.#limits.aheadMs) return;
      await this.#taken.after(count, signal);
    }
  }

  /** A config that takes effect after the frames pushed so far. */
  setConfig(config: Omit<StreamConfig, 'epoch'>): void {
    this.#config = { ...config, epoch: this.#config.epoch + 1 };
    this.#configs.set(this.#config.epoch, this.#config);
    this.#pushed.signal();
  }

  /** Drops every frame not handed out yet and begins a new epoch of the same config. Gives its number. */
  flush(): number {
    this.setConfig(this.#config);
    this.#lastFlush = this.#config.epoch;
    this.#ring.clear();
    for (const cursor of this.#cursors) this.#place(cursor, this.#ring.nextSeq);
    this.#forgetOldConfigs();
    this.#taken.signal();
    return this.#config.epoch;
  }

  end(reason: EndReason): void {
    this.#ended ??= reason;
    this.#pushed.signal();
    this.#taken.signal();
  }

  /** Takes the cursor in one synchronous step: between replay and live nothing is missing and nothing comes twice. */
  join(replayMs: number, reliable: boolean, maxLagMs: number | null): Cursor {
    const cursor: Cursor = {
      seq: 0,
      mediaTimeUs: 0,
      epoch: -1,
      flushedEpoch: this.#lastFlush,
      reliable,
      maxLagUs: (maxLagMs ?? Number.POSITIVE_INFINITY) * 1_000,
      lostFrames: 0,
      lostUs: 0,
      reason: undefined,
    };
    this.#place(cursor, joinSeq(this.#ring, this.#config.epoch, replayMs));
    this.#cursors.add(cursor);
    return cursor;
  }

  leave(cursor: Cursor, reason: EndReason): void {
    cursor.reason ??= reason;
    this.#cursors.delete(cursor);
    this.#pushed.signal();
    this.#taken.signal();
  }

  behindMs(cursor: Cursor): number {
    return (this.#ring.mediaTimeUs - cursor.mediaTimeUs) / 1_000;
  }

  /** The next item for `cursor`, or undefined when there is none now; sets `cursor.reason` when there will be none. */
  take(cursor: Cursor): StreamItem | undefined {
    if (cursor.reason) return undefined;
    if (cursor.seq < this.#ring.firstSeq) return this.#skip(cursor);
    const frame = this.#ring.at(cursor.seq)?.frame;
    const epoch = frame ? frame.epoch : this.#config.epoch;
    if (epoch !== cursor.epoch) return this.#announce(cursor, epoch);
    if (!frame) {
      if (this.#ended) this.leave(cursor, this.#ended);
      return undefined;
    }
    this.#place(cursor, cursor.seq + 1);
    if (cursor.reliable) this.#taken.signal();
    return { type: 'frame', frame };
  }

  /** Signalled when `take` may give something that it did not give before. */
  get pushed(): Wake {
    return this.#pushed;
  }

  #announce(cursor: Cursor, epoch: number): StreamItem {
    const flushed = this.#lastFlush > cursor.flushedEpoch;
    cursor.epoch = epoch;
    cursor.flushedEpoch = this.#lastFlush;
    return { type: 'config', config: this.#configs.get(epoch)!, flushed };
  }

  /** A lossy cursor fell off the ring: it goes on at the next join point, or is evicted when it has lost too much. */
  #skip(cursor: Cursor): StreamItem | undefined {
    const from = cursor.seq;
    const to = nextJoinSeq(this.#ring, this.#ring.firstSeq);
    const lostFromUs = cursor.mediaTimeUs;
    this.#place(cursor, to);
    cursor.lostFrames += to - from;
    cursor.lostUs += cursor.mediaTimeUs - lostFromUs;
    if (cursor.lostUs > cursor.maxLagUs) {
      this.leave(cursor, 'evicted');
      return undefined;
    }
    return { type: 'gap', from, to };
  }

  #place(cursor: Cursor, seq: number): void {
    cursor.seq = seq;
    cursor.mediaTimeUs = this.#ring.at(seq)?.mediaTimeUs ?? this.#ring.mediaTimeUs;
  }

  #slowestReliable(): Cursor | undefined {
    let slowest: Cursor | undefined;
    for (const cursor of this.#cursors) if (cursor.reliable && (!slowest || cursor.seq < slowest.seq)) slowest = cursor;
    return slowest;
  }

  #forgetOldConfigs(): void {
    if (this.#configs.size === 1) return;
    const oldest = this.#ring.at(this.#ring.firstSeq)?.frame.epoch ?? this.#config.epoch;
    for (const epoch of this.#configs.keys()) if (epoch < oldest) this.#configs.delete(epoch);
  }
}
