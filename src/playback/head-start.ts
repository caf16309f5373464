import { childController } from '../base/child-controller.ts';
import { framesOf, type PcmBlock } from '../media.ts';

/** The blocks of a track, of which the first are decoded before anybody takes them. */
export class HeadStart {
  readonly #blocks: AsyncIterator<PcmBlock>;
  readonly #ready: PcmBlock[] = [];
  readonly #life: ReturnType<typeof childController>;
  /** Decoding that is under way; true if it gives another block. */
  #pull: Promise<boolean> | undefined;
  #isTaken = false;
  /** Resolves when there is a block, or none will come; what went wrong is for whoever takes the blocks. */
  readonly first: Promise<void>;

  /** Begins to decode `seconds` of the blocks that `start` gives, until `signal` aborts. */
  constructor(start: (signal: AbortSignal) => AsyncIterable<PcmBlock>, seconds: number, signal: AbortSignal) {
    this.#life = childController(signal);
    this.#blocks = start(this.#life.controller.signal)[Symbol.asyncIterator]();
    this.#pull = this.#next();
    this.first = this.#pull.then(
      () => {},
      () => {},
    );
    this.#fill(seconds).catch(() => {}); // whoever takes the blocks meets it again
  }

  /** All blocks; to be called once. Ends with the iteration or when `signal` aborts. */
  async *take(signal: AbortSignal): AsyncGenerator<PcmBlock> {
    this.#isTaken = true;
    const close = () => this.close();
    signal.addEventListener('abort', close);
    try {
      for (;;) {
        const block = this.#ready.shift();
        if (block) yield block;
        else if (!(await (this.#pull ?? this.#next()))) return;
        else this.#pull = undefined;
      }
    } finally {
      signal.removeEventListener('abort', close);
      close();
    }
  }

  /** Ends the decoding. */
  close(): void {
    this.#isTaken = true;
    this.#life.controller.abort();
    this.#life.release();
    this.#blocks.return?.().catch(() => {});
  }

  async #fill(seconds: number): Promise<void> {
    for (let decoded = 0; decoded < seconds; ) {
      if (!(await this.#pull) || this.#isTaken) return;
      const block = this.#ready.at(-1)!;
      decoded += framesOf(block) / block.sampleRate;
      this.#pull = decoded < seconds ? this.#next() : undefined;
    }
  }

  async #next(): Promise<boolean> {
    const { done, value } = await this.#blocks.next();
    if (!done) this.#ready.push(value);
    return !done;
  }
}
