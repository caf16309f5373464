import type { StreamConfig } from '../engine/frame.ts';
import type { PcmBlock } from '../media.ts';
import type { ResamplerMemory } from './resample.ts';

/**
 * Takes PCM blocks in presented order, makes them sound (or writes them down). Fed by one reliable subscription of the engine.
 * Blocks are shared with other subscribers: a sink copies what it keeps.
 */
export interface Sink extends AsyncDisposable {
  /** Announces the format of the blocks that follow. Blocks of other epochs written before stay valid unless `flush` came between. */
  configure(config: StreamConfig): Promise<void>;
  /**
   * Hands on one block of `epoch`; blocks of an epoch older than the last flush are dropped. Resolves when the sink has room for
   * another (at once after a flush). @throws AulosError `output.*`, `store.io`; `signal.reason`.
   */
  write(block: PcmBlock, epoch: number, signal: AbortSignal): Promise<void>;
  /** Drops everything not heard yet and everything of epochs before `epoch` still to come. Synchronous: releases a waiting `write`. */
  flush(epoch: number): void;
  /** Resolves when everything written has been heard (or is on disk). */
  drain(signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

/** A place in what was written to a {@link RevocableSink}: after one block, before the next. */
export interface SinkMark {
  readonly epoch: number;
  /** Frames of the epoch that were handed on before. */
  readonly frames: number;
  readonly memory?: ResamplerMemory;
}

/** A sink that can take back what it was given and has not been heard, because something else follows after all. */
export interface RevocableSink extends Sink {
  /** Seconds of sound that it queues at most, if it has room for them; what is queued already stays. */
  aheadSeconds: number;
  /** The place after the last block; to be asked while no `write` is under way. */
  mark(): SinkMark;
  /**
   * Drops everything written since `mark`, a `write` under way included, calls `onDone` in the same task, and goes on from there. Resolves
   * with false, and nothing is dropped, when some of it is heard already.
   */
  revert(mark: SinkMark, onDone: () => void): Promise<boolean>;
}
