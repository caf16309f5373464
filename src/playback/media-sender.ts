import { Wake } from '../base/wake.ts';
import type { FromMedia, MediaLane, Splice, ToElement, ToMedia } from './media-lane.ts';

/** Sound that is sent ahead of the listener, seconds: a page in the background may run seldom. */
const AHEAD_SECONDS = 30;
/** And bytes of it: half of what Chromium keeps of sound (12 MiB), for it keeps what was heard, too. */
const AHEAD_BYTES = 6 * 2 ** 20;

/** The worker's end of a {@link MediaLane}: sends segments as far ahead of the listener as there is room for. */
export class MediaSender {
  readonly #port: MessagePort;
  readonly #changed = new Wake();
  #epoch = 0;
  #at = 0;
  #ahead: { readonly until: number; readonly bytes: number }[] = [];
  #onCut: ((done: boolean) => void) | undefined;

  constructor({ port, isMadeInWorker }: MediaLane) {
    this.#port = isMadeInWorker ? feedHere(port) : port;
    this.#port.onmessage = ({ data }: MessageEvent<FromMedia>) => this.#hear(data);
  }

  begin(epoch: number, at: number): void {
    this.#restart(epoch, at);
    this.#tell({ type: 'begin', epoch, at });
  }

  stop(): void {
    this.#restart(this.#epoch, 0);
    this.#tell({ type: 'stop' });
  }

  splice(splice: Splice, gain: number): void {
    this.#tell({ ...splice, type: 'splice', gain });
  }

  /** Sends a segment, which it takes over, with sound up to `until`. Resolves when there is room for another; rejects with `signal.reason`. */
  async segment(bytes: Uint8Array<ArrayBuffer>, until: number, signal: AbortSignal): Promise<void> {
    this.#ahead.push({ until, bytes: bytes.length });
    this.#tell({ type: 'segment', bytes }, [bytes.buffer]);
    for (;;) {
      const { count } = this.#changed;
      signal.throwIfAborted();
      if (this.#hasRoom) return;
      await this.#changed.after(count, signal);
    }
  }

  /** The sound may have to wait at `at` for what follows. */
  edge(at: number): void {
    this.#tell({ type: 'edge', at });
  }

  /** The sound ends at `at`, unless more is sent. */
  end(at: number): void {
    this.#tell({ type: 'end', at });
  }

  /** Takes back all sound behind `at`. On success `commit` is called, which is to end what is being sent; false if some of it is heard already. */
  async cut(at: number, commit: () => void): Promise<boolean> {
    const done = await new Promise<boolean>((resolve) => {
      this.#onCut?.(false);
      this.#onCut = resolve;
      this.#tell({ type: 'mayCut', at });
    });
    if (!done) return false;
    commit();
    this.#ahead = this.#ahead.filter(({ until }) => until <= at);
    this.#tell({ type: 'cut', at });
    return true;
  }

  close(): void {
    this.#onCut?.(false);
    this.#tell({ type: 'close' });
    this.#port.close();
  }

  get #hasRoom(): boolean {
    const bytes = this.#ahead.reduce((sum, segment) => sum + segment.bytes, 0);
    const until = this.#ahead.at(-1)?.until ?? 0;
    return bytes < AHEAD_BYTES && until - this.#at < AHEAD_SECONDS;
  }

  #restart(epoch: number, at: number): void {
    this.#epoch = epoch;
    this.#at = at;
    this.#ahead = [];
    this.#onCut?.(false);
    this.#onCut = undefined;
  }

  #hear(message: FromMedia): void {
    if (message.type === 'mayCut') {
      this.#onCut?.(message.answer);
      this.#onCut = undefined;
    } else if (message.epoch === this.#epoch) {
      this.#at = message.at;
      this.#ahead = this.#ahead.filter(({ until }) => until > message.at);
      this.#changed.signal();
    }
  }

  #tell(message: ToMedia, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer);
  }
}

/** The sender's way to a Media Source of this thread, whose element is behind `element`. */
function feedHere(element: MessagePort): MessagePort {
  const { port1, port2 } = new MessageChannel();
  const failed: ToElement = { type: 'failed' };
  import('./media-feed.browser.ts')
    .then(({ feedFromWorker }) => feedFromWorker({ sender: port2, element }))
    .catch(() => element.postMessage(failed));
  return port1;
}
