import type { Splice } from './media-lane.ts';

/** Sound that stays behind the listener, seconds. */
const KEPT_SECONDS = 10;
/** Longer than anything that is played, seconds: a Media Source refuses to go to a place beyond its duration. */
const LONGEST_SECONDS = 1e8;
/** Where no sound is: going there silences at once what was decoded already. */
const NOWHERE = 1e7;
/** So near to the end of a stretch of sound, seconds, browsers wait for more. */
const EDGE_SECONDS = 0.1;

/** Who has a {@link MediaBuffer}. */
export interface MediaBufferListener {
  onFailure(error: unknown): void;
}

/** What an element plays by Media Source: does one thing after the other, as a SourceBuffer demands, and forgets what was heard. */
export class MediaBuffer {
  readonly #element: HTMLMediaElement;
  readonly #source: MediaSource;
  readonly #listener: MediaBufferListener;
  readonly #signal: AbortSignal;
  #buffer: SourceBuffer | undefined;
  #mimeType = '';
  #tasks: (() => void)[] = [];

  /** `source` is attached to `element`, or will be; until `signal` aborts. */
  constructor(element: HTMLMediaElement, source: MediaSource, listener: MediaBufferListener, signal: AbortSignal) {
    this.#element = element;
    this.#source = source;
    this.#listener = listener;
    this.#signal = signal;
    source.addEventListener('sourceopen', () => this.#work(), { signal });
    element.addEventListener('timeupdate', () => this.#work(), { signal }); // there may be room now
    element.addEventListener('waiting', () => this.#leap(), { signal });
  }

  /** Sound after the listener, seconds. */
  get queuedSeconds(): number {
    const { buffered, currentTime } = this.#element;
    return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  /** Drops everything, what is still to be done included; what follows is heard from `at` on. */
  begin(at: number = NOWHERE): void {
    this.#tasks = [];
    this.#do(() => this.#buffer?.remove(0, Infinity));
    this.#do(() => {
      this.#source.duration = LONGEST_SECONDS; // the end of another sound may have cut it
      this.#element.currentTime = at;
    });
  }

  /** The segments that follow are of this stream. */
  splice({ mimeType, init, timestampOffset, start, end }: Splice): void {
    this.#do(() => {
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
    this.#do(() => this.#buffer?.appendBuffer(segment));
    this.#do(() => this.#forget(KEPT_SECONDS));
  }

  /** Nothing follows, so far. */
  end(): void {
    this.#do(() => {
      if (this.#source.readyState === 'open') this.#source.endOfStream();
    });
  }

  /** Drops what lies behind `at`. */
  cut(at: number): void {
    this.#do(() => this.#buffer?.remove(at, Infinity));
  }

  /** Calls `task` when all before it is done. */
  after(task: () => void): void {
    this.#do(task);
  }

  #bufferFor(mimeType: string): SourceBuffer {
    if (!this.#buffer) {
      this.#buffer = this.#source.addSourceBuffer(mimeType);
      this.#buffer.addEventListener('updateend', () => this.#onUpdated(), { signal: this.#signal });
    } else if (mimeType !== this.#mimeType) this.#buffer.changeType(mimeType);
    this.#mimeType = mimeType;
    return this.#buffer;
  }

  #do(task: () => void): void {
    this.#tasks.push(task);
    this.#work();
  }

  #work(): void {
    while (this.#tasks.length > 0 && this.#source.readyState !== 'closed' && !this.#buffer?.updating) {
      try {
        this.#tasks[0]();
      } catch (error) {
        if (isFull(error) && !this.#forget(EDGE_SECONDS)) return; // goes on when more was heard
        if (isFull(error)) continue;
        this.#listener.onFailure(error);
        return;
      }
      this.#tasks.shift();
    }
  }

  #onUpdated(): void {
    this.#leap();
    this.#work();
  }

  /** Begins to remove what was heard longer than `seconds` ago; false if there is nothing of that. */
  #forget(seconds: number): boolean {
    const { buffered, currentTime } = this.#element;
    const end = currentTime - seconds;
    if (buffered.length === 0 || !(buffered.start(0) < end)) return false;
    this.#buffer?.remove(0, end);
    return true;
  }

  /** Over a hole in the sound, at which browsers wait for ever. */
  #leap(): void {
    const { buffered, currentTime, readyState } = this.#element;
    if (readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
    for (let i = 0; i < buffered.length; i++) {
      if (currentTime < buffered.start(i)) {
        this.#element.currentTime = buffered.start(i);
        return;
      }
      if (currentTime < buffered.end(i) - EDGE_SECONDS) return;
    }
  }
}

const isFull = (error: unknown): boolean => error instanceof Error && error.name === 'QuotaExceededError';
