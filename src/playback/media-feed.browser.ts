import { MediaBuffer } from './media-buffer.browser.ts';
import type { FromElement, FromMedia, ToElement, ToMedia } from './media-lane.ts';
import { Source } from './media-source.browser.ts';

/** Where nothing sounds, seconds: going there silences at once what was decoded already. */
const NOWHERE = 1e7;

/** Between whom a feed is. */
export interface MediaFeedPorts {
  readonly sender: MessagePort;
  /** Where the element is. */
  readonly element: MessagePort;
}

/** A Media Source of a worker; of a page it has no handle (Media Source Extensions 2, §3). */
interface WorkerSource extends MediaSource {
  readonly handle: MediaSourceHandle;
}

/** Has a Media Source of this worker fed, and sends its handle to the element. */
export function feedFromWorker(ports: MediaFeedPorts): void {
  const source = new Source() as WorkerSource;
  const { handle } = source;
  new MediaFeed(source, ports);
  const message: ToElement = { type: 'source', handle };
  ports.element.postMessage(message, [handle]);
}

/** Takes the sound from the sender into a Media Source, of whichever thread, and tells the element what was done. Lives until the sender closes. */
export class MediaFeed {
  readonly #ports: MediaFeedPorts;
  readonly #life = new AbortController();
  readonly #buffer: MediaBuffer;
  #epoch = 0;
  /** Where the next segments are to be heard from. */
  #at = 0;
  #seeks = 0;
  /** Where the sound ends if nothing more comes in time. */
  #edge: number | undefined;

  /** `source` is attached to the element by others. */
  constructor(source: MediaSource, ports: MediaFeedPorts) {
    this.#ports = ports;
    const listener = {
      onEmptied: () => this.#tell({ type: 'seek', number: ++this.#seeks, at: this.#at }),
      onAppended: () => this.#tell({ type: 'appended' }),
      onFailure: () => this.#tell({ type: 'failed' }),
    };
    this.#buffer = new MediaBuffer(source, listener, this.#life.signal);
    ports.sender.onmessage = ({ data }: MessageEvent<ToMedia>) => this.#obey(data);
    ports.element.onmessage = ({ data }: MessageEvent<FromElement>) => this.#hear(data);
  }

  #obey(message: ToMedia): void {
    if (message.type === 'mayCut') this.#tell(message);
    else if (message.type === 'close') this.#close();
    else if (message.type === 'segment') this.#buffer.append(message.bytes);
    else if (message.type === 'begin' || message.type === 'stop') this.#begin(message);
    else this.#continue(message);
  }

  #begin(message: Extract<ToMedia, { type: 'begin' | 'stop' }>): void {
    if (message.type === 'begin') this.#epoch = message.epoch;
    this.#at = message.type === 'begin' ? message.at : NOWHERE;
    this.#edge = undefined;
    this.#tell(message);
    this.#buffer.begin(this.#at);
  }

  /** The element hears of it when it is done. */
  #continue(message: Extract<ToMedia, { type: 'splice' | 'edge' | 'end' | 'cut' }>): void {
    this.#edge = message.type === 'edge' ? message.at : undefined;
    if (message.type === 'splice') this.#buffer.splice(message);
    else if (message.type === 'end') this.#buffer.end();
    else if (message.type === 'cut') this.#buffer.cut(message.at);
    const done: ToElement = message.type === 'splice' ? { type: 'splice', at: message.start, gain: message.gain } : message;
    this.#buffer.after(() => this.#tell(done));
  }

  #hear(message: FromElement): void {
    if (message.type === 'finish') {
      if (message.at === this.#edge) this.#continue({ type: 'end', at: message.at });
    } else if (message.type === 'sought') {
      if (message.number === this.#seeks) this.#buffer.arrive();
    } else {
      this.#answer(message);
      if (message.type === 'played' && message.epoch === this.#epoch) this.#buffer.heardTo(message.at);
    }
  }

  #close(): void {
    this.#life.abort();
    this.#ports.sender.close();
    this.#ports.element.close();
  }

  #tell(message: ToElement): void {
    this.#ports.element.postMessage(message);
  }

  #answer(message: FromMedia): void {
    this.#ports.sender.postMessage(message);
  }
}
