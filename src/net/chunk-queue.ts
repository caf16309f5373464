/** Bytes that may lie unread before the sender is told to wait. */
const FULL = 256 * 1024;

interface Reader {
  resolve(result: IteratorResult<Uint8Array>): void;
  reject(error: unknown): void;
}

/** Chunks on their way from a sender that pushes to one reader that pulls. What was pushed before a failure is read before it. */
export class ChunkQueue implements AsyncIterator<Uint8Array> {
  readonly #onRoom: () => void;
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #end: { readonly error: unknown } | undefined;
  /** Who asked while nothing was there. */
  #reader: Reader | undefined;

  /** `onRoom` is called when a reader made room after {@link push} had said that there is none. */
  constructor(onRoom: () => void) {
    this.#onRoom = onRoom;
  }

  /** False when the sender should wait for room. */
  push(chunk: Uint8Array): boolean {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader) {
      reader.resolve({ done: false, value: chunk });
      return true;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    return this.#bytes < FULL;
  }

  /** Nothing more will come; with an `error` because of that. */
  end(error?: unknown): void {
    this.#end ??= { error };
    if (this.#reader) tellEnd(this.#reader, this.#end.error);
    this.#reader = undefined;
  }

  /** One reader asks, for one chunk after the other. */
  next(): Promise<IteratorResult<Uint8Array>> {
    const value = this.#chunks.shift();
    if (value) {
      this.#take(value.length);
      return Promise.resolve({ done: false, value });
    }
    return new Promise((resolve, reject) => {
      if (this.#end) tellEnd({ resolve, reject }, this.#end.error);
      else this.#reader = { resolve, reject };
    });
  }

  #take(bytes: number): void {
    const wasFull = this.#bytes >= FULL;
    this.#bytes -= bytes;
    if (wasFull && this.#bytes < FULL) this.#onRoom();
  }
}

function tellEnd({ resolve, reject }: Reader, error: unknown): void {
  if (error === undefined) resolve({ done: true, value: undefined });
  else reject(error);
}
