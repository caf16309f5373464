import { Wake } from '../base/wake.ts';
import type { StreamConfig } from '../engine/frame.ts';
import { framesOf, type PcmBlock } from '../media.ts';
import { type OutputLane, suits } from './lane.ts';
import type { Sink } from './sink.ts';

/** Hears that a block from media time `from` to `until`, seconds, is on its way; the worklet will report it as `epoch`. */
export type BlockListener = (epoch: number, from: number, until: number) => void;

/** The sink of a session: passes the sound on to the output that the page offers, and waits for one while there is none that suits. */
export class Outlet implements Sink {
  readonly #createSink: (output: OutputLane) => Sink;
  readonly #onBlock: BlockListener;
  readonly #changed = new Wake();
  #current: { readonly output: OutputLane; readonly sink: Sink } | undefined;
  #expected = { sampleRate: 0, channels: 0 };
  #epoch = 0;
  #blocks = 0;
  #closed = false;

  constructor(createSink: (output: OutputLane) => Sink, onBlock: BlockListener) {
    this.#createSink = createSink;
    this.#onBlock = onBlock;
  }

  /** Sends the sound to `output` from now on; the one before is closed. */
  offer(output: OutputLane): void {
    void this.#current?.sink.close();
    const sink = this.#createSink(output);
    sink.flush(this.#epoch);
    this.#current = { output, sink };
    this.#changed.signal();
  }

  /** Says for which sound the page will offer an output; what comes in another format all the same is resampled. */
  expect(sampleRate: number, channels: number): void {
    this.#expected = { sampleRate, channels };
  }

  async configure(config: StreamConfig): Promise<void> {
    const sink = await this.#suitable();
    await sink?.configure(config);
  }

  async write(block: PcmBlock, epoch: number, signal: AbortSignal): Promise<void> {
    if (epoch < this.#epoch) return;
    const { timestamp, sampleRate } = block;
    this.#onBlock(this.#epoch, timestamp / sampleRate, (timestamp + framesOf(block)) / sampleRate);
    await this.#current?.sink.write(block, epoch, signal);
    if (epoch < this.#epoch) return;
    this.#blocks++;
    this.#changed.signal();
  }

  flush(epoch: number): void {
    if (epoch <= this.#epoch) return;
    this.#epoch = epoch;
    this.#blocks = 0;
    this.#current?.sink.flush(epoch);
    this.#changed.signal();
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
