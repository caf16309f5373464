/** Bytes that may lie unread before the sender is told to wait. */
const FULL = 256 * 1024;

/** Chunks on their way from a sender that pushes to one reader that pulls. What was pushed before a failure is read before it. */
export class ChunkQueue implements AsyncIterator<Uint8Array> {
  readonly #onRoom: () => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #end: { readonly error: unknown } | undefined;
  #wakeReader: (() => void) | undefined;

  /** `onRoom` is called when a reader made room after {@link push} had said that there is none. */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  /** False when the sender should wait for room. */
  push(chunk: Uint8Array): boolean {
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wakeReader?.();
    return this.#bytes < FULL;
  }

  /** Nothing more will come; with an `error` because of that. */
  end(error?: unknown): void {
    this.#end ??= { error };
    this.#wakeReader?.();
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    while (this.#chunks.length === 0 && !this.#end) await this.#change();
    const value = this.#chunks.shift();
    if (value) {
      this.#take(value.length);
      return { done: false, value };
    }
    if (this.#end?.error !== undefined) throw this.#end.error;
    return { done: true, value: undefined };
  }

  #take(bytes: number): void {
    const wasFull = this.#bytes >= FULL;
    this.#bytes -= bytes;
    if (wasFull && this.#bytes < FULL) this.#onRoom();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wakeReader = resolve;
    });
  }
}
