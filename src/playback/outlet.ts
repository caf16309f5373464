import { Wake } from '../base/wake.ts';
import type { StreamConfig } from '../engine/frame.ts';
import { framesOf, type PcmBlock } from '../media.ts';
import { type OutputLane, suits } from './lane.ts';
import type { RevocableSink, Sink, SinkMark } from './sink.ts';

/** Hears that a block from media time `from` to `until`, seconds, is on its way; the worklet will report it as `epoch`. */
export type BlockListener = (epoch: number, from: number, until: number) => void;

/**
 * The sink of a session: passes the sound on to the output that the page offers, and waits for one while there is none that suits. It
 * numbers the blocks since a flush, so that those from a number on can be taken back, wherever they are.
 */
export class Outlet implements Sink {
  readonly #createSink: (output: OutputLane) => RevocableSink;
  readonly #onBlock: BlockListener;
  readonly #changed = new Wake();
  #current: { readonly output: OutputLane; readonly sink: RevocableSink } | undefined;
  #expected = { sampleRate: 0, channels: 0 };
  #epoch = 0;
  #aheadSeconds = Infinity;
  /** Blocks since the flush that came, and those of them that were handed on. */
  #came = 0;
  #blocks = 0;
  /** Where the sink stood before the blocks of these numbers; undefined until they come. */
  readonly #marks = new Map<number, { readonly sink: RevocableSink; readonly mark: SinkMark } | undefined>();
  /** Numbers of the blocks that were taken back before they came. */
  #void: { readonly start: number; readonly end: number }[] = [];
  #closed = false;

  constructor(createSink: (output: OutputLane) => RevocableSink, onBlock: BlockListener) {
    this.#createSink = createSink;
    this.#onBlock = onBlock;
  }

  /** Sends the sound to `output` from now on; the one before is closed. */
  offer(output: OutputLane): void {
    void this.#current?.sink.close();
    const sink = this.#createSink(output);
    sink.flush(this.#epoch);
    sink.aheadSeconds = this.#aheadSeconds;
    this.#current = { output, sink };
    this.#changed.signal();
  }

  /** Says for which sound the page will offer an output; what comes in another format all the same is resampled. */
  expect(sampleRate: number, channels: number): void {
    this.#expected = { sampleRate, channels };
  }

  /** Seconds of sound that are queued at most, see {@link RevocableSink.aheadSeconds}. */
  set aheadSeconds(seconds: number) {
    this.#aheadSeconds = seconds;
    if (this.#current) this.#current.sink.aheadSeconds = seconds;
  }

  async configure(config: StreamConfig): Promise<void> {
    const sink = await this.#suitable();
    await sink?.configure(config);
  }

  async write(block: PcmBlock, epoch: number, signal: AbortSignal): Promise<void> {
    if (epoch < this.#epoch) return;
    const number = this.#came++;
    if (!this.#void.some(({ start, end }) => start <= number && number < end)) await this.#pass(block, epoch, number, signal);
    if (epoch < this.#epoch) return;
    this.#blocks++;
    this.#changed.signal();
  }

  flush(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#came = 0;
    this.#blocks = 0;
    this.#marks.clear();
    this.#void = [];
    this.#current?.sink.flush(epoch);
    this.#changed.signal();
  }

  /** Says that the blocks from `number` on, of which none came yet, may be taken back. */
  mark(number: number): void {
    this.#marks.set(number, undefined);
  }

  /** Says that they will not be. */
  unmark(number: number): void {
    this.#marks.delete(number);
  }

  /**
   * Takes back the blocks from the marked `number` on that were not heard. On success `commit` is called in the same task; it sees to it that no
   * more of them are made, and gives the number of the first block to come. Resolves with false when some are heard already.
   */
  async takeBack(number: number, commit: () => number): Promise<boolean> {
    const drop = () => {
      this.#void.push({ start: number, end: commit() });
      for (const marked of this.#marks.keys()) if (marked >= number) this.#marks.delete(marked);
    };
    if (this.#came > number) {
      const place = this.#marks.get(number);
      return place?.sink === this.#current?.sink && (await place!.sink.revert(place!.mark, drop));
    }
    drop();
    return true;
  }

  /** Resolves when `blocks` blocks were written since the last flush. */
  async written(blocks: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { count } = this.#changed;
      signal.throwIfAborted();
      if (this.#blocks >= blocks) return;
      await this.#changed.after(count, signal);
    }
  }

  async drain(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted(); // else it would end the run that took the place of the caller's
    await this.#current?.sink.drain(signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#changed.signal();
    await this.#current?.sink.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #pass(block: PcmBlock, epoch: number, number: number, signal: AbortSignal): Promise<void> {
    const sink = this.#current?.sink;
    if (sink && this.#marks.has(number)) this.#marks.set(number, { sink, mark: sink.mark() });
    const { timestamp, sampleRate } = block;
    this.#onBlock(this.#epoch, timestamp / sampleRate, (timestamp + framesOf(block)) / sampleRate);
    await sink?.write(block, epoch, signal);
  }

  async #suitable(): Promise<Sink | undefined> {
    for (;;) {
      const { count } = this.#changed;
      const { sampleRate, channels } = this.#expected;
      if (this.#closed) return undefined;
      if (this.#current && suits(this.#current.output, sampleRate, channels)) return this.#current.sink;
      await this.#changed.after(count);
    }
  }
}
