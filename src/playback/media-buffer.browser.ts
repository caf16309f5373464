import type { Splice } from './media-lane.ts';

/** Sound that stays behind the listener, seconds. */
const KEPT_SECONDS = 10;
/** Longer than anything that is played, seconds: a Media Source refuses to go to a place beyond its duration. */
const LONGEST_SECONDS = 1e8;
/** Where there is no more room, all that was heard goes but for this, seconds. */
const LEAST_KEPT_SECONDS = 0.1;
/** Segments in a row of which a browser may keep nothing: the first ones may lie before what is to be heard. */
const MAX_LOST = 4;

/** Who has a {@link MediaBuffer}. */
export interface MediaBufferListener {
  /** Nothing is there any more: once the listener is where it goes on, and {@link MediaBuffer.arrive} was called, more is appended. */
  onEmptied(): void;
  onAppended(): void;
  onFailure(error: unknown): void;
}

/**
 * What a Media Source holds: does one thing after the other, as a SourceBuffer demands, and forgets what was heard. It knows nothing of the element,
 * which may be in another thread.
 */
export class MediaBuffer {
  readonly #source: MediaSource;
  readonly #listener: MediaBufferListener;
  readonly #signal: AbortSignal;
  #buffer: SourceBuffer | undefined;
  #mimeType = '';
  #tasks: (() => void)[] = [];
  #isEmptied = false;
  /** Segments appended since anything was there. */
  #lost = 0;
  /** Where the listener is, or was not long ago, seconds. */
  #heard = 0;

  /** `source` is attached to an element, or will be; until `signal` aborts. */
  constructor(source: MediaSource, listener: MediaBufferListener, signal: AbortSignal) {
    this.#source = source;
    this.#listener = listener;
    this.#signal = signal;
    source.addEventListener('sourceopen', () => this.#work(), { signal });
  }

  /** The listener is at `at`: there may be room now. */
  heardTo(at: number): void {
    this.#heard = at;
    this.#work();
  }

  /** Drops everything, what is still to be done included; what follows is heard from `at` on. */
  begin(at: number): void {
    this.#tasks = [];
    this.#heard = at;
    this.#lost = 0;
    this.#isEmptied = false;
    this.after(() => this.#buffer?.remove(0, Infinity));
    this.after(() => {
      this.#source.duration = LONGEST_SECONDS; // the end of another sound may have cut it
      this.#isEmptied = true;
      this.#listener.onEmptied();
    });
  }

  /** The listener is where the last `begin` wanted him to be. */
  arrive(): void {
    this.#isEmptied = false;
    this.#work();
  }

  /** The segments that follow are of this stream. */
  splice({ mimeType, init, timestampOffset, start, end }: Splice): void {
    this.after(() => {
      const buffer = this.#bufferFor(mimeType);
      if (this.#source.readyState === 'open') buffer.abort(); // resets the parser
      if (init) buffer.mode = 'segments';
      buffer.appendWindowStart = 0;
      buffer.appendWindowEnd = end;
      buffer.appendWindowStart = start;
      buffer.timestampOffset = timestampOffset;
      if (init) buffer.appendBuffer(init);
    });
  }

  append(segment: Uint8Array<ArrayBuffer>): void {
    this.after(() => this.#buffer?.appendBuffer(segment));
    this.after(() => {
      this.#expectKept();
      this.#listener.onAppended();
      this.#forget(KEPT_SECONDS);
    });
  }

  /** Nothing follows, so far. */
  end(): void {
    this.after(() => {
      if (this.#source.readyState === 'open') this.#source.endOfStream();
    });
  }

  /** Drops what lies behind `at`. */
  cut(at: number): void {
    this.after(() => this.#buffer?.remove(at, Infinity));
  }

  /** Calls `task` when all before it is done. */
  after(task: () => void): void {
    this.#tasks.push(task);
    this.#work();
  }

  #bufferFor(mimeType: string): SourceBuffer {
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(mimeType);
      this.#buffer.addEventListener('updateend', () => this.#work(), { signal: this.#signal });
    } else if (mimeType !== this.#mimeType) this.#buffer.changeType(mimeType);
    this.#mimeType = mimeType;
    return this.#buffer;
  }

  /** @throws Error if the browser takes segments, and makes no sound of them: WebKitGTK 2.50 does that with MP3. */
  #expectKept(): void {
    this.#lost = this.#buffer?.buffered.length ? 0 : this.#lost + 1;
    if (this.#lost > MAX_LOST) throw new Error('nothing of what was appended is there');
  }

  get #isFree(): boolean {
    return !this.#isEmptied && this.#source.readyState !== 'closed' && !this.#buffer?.updating;
  }

  #work(): void {
    while (this.#tasks.length > 0 && this.#isFree) {
      const [task] = this.#tasks;
      try {
        task();
      } catch (error) {
        if (isFull(error) && !this.#forget(LEAST_KEPT_SECONDS)) return; // goes on when more was heard
        if (isFull(error)) continue;
        this.#listener.onFailure(error);
        return;
      }
      this.#tasks.shift();
    }
  }

  /** Begins to remove what was heard longer than `seconds` ago; false if there is nothing of that. */
  #forget(seconds: number): boolean {
    const { buffered } = this.#buffer!;
    const end = this.#heard - seconds;
    if (buffered.length === 0 || !(buffered.start(0) < end)) return false;
    this.#buffer!.remove(0, end);
    return true;
  }
}

const isFull = (error: unknown): boolean => error instanceof Error && error.name === 'QuotaExceededError';
