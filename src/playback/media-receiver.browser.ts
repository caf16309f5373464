import { MediaBuffer } from './media-buffer.browser.ts';
import type { FromMedia, Splice, ToMedia } from './media-lane.ts';
import type { OutputReport } from './output.ts';
import type { PumpState } from './pump.ts';

/** What a receiver works with. */
export interface MediaReceiverParts {
  readonly element: HTMLMediaElement;
  readonly source: MediaSource;
  /** The page's end of the lane. */
  readonly port: MessagePort;
  /** It should sound. */
  wantsToPlay(): boolean;
  onReport(report: OutputReport): void;
  /** What is heard from now on is to be multiplied by `gain`. */
  onGain(gain: number): void;
  onFailure(error: unknown): void;
}

/** Time between two reports while it plays, ms. */
const REPORT_MS = 40;
/** Sound that browsers have decoded ahead of the listener at most, seconds. */
const DECODED_SECONDS = 3;
/** Sound before an edge, seconds, at which no more is waited for: browsers keep the last of it back until they know that it is the last. */
const EDGE_SECONDS = 0.2;
/** After what these tell, it may sound or not. */
const NEWS = ['playing', 'waiting', 'pause', 'play', 'seeked', 'ended', 'timeupdate'] as const;

/** Takes the sound from the worker into a Media Source, and reports on the element as the worklet reports on itself. */
export class MediaReceiver {
  readonly #parts: MediaReceiverParts;
  readonly #life = new AbortController();
  readonly #buffer: MediaBuffer;
  #timer: ReturnType<typeof setInterval> | undefined;
  #epoch = 0;
  /** Where the epoch begins, and ends if that is known. */
  #at = 0;
  #end: number | undefined;
  /** Where it ends if nothing more comes in time. */
  #edge: number | undefined;
  /** More comes behind an end that the browser knows of. */
  #isReopening = false;
  /** Factors of what comes, each from a second on. */
  #gains: { readonly at: number; readonly gain: number }[] = [];
  #state: 'filling' | 'playing' | 'starved' = 'filling';
  /** Where it last began to play. */
  #since = 0;
  #underruns = 0;
  /** What comes was taken back. */
  #isSkipping = false;

  constructor(parts: MediaReceiverParts) {
    const { element, source, port } = parts;
    const { signal } = this.#life;
    this.#parts = parts;
    this.#buffer = new MediaBuffer(element, source, { onFailure: parts.onFailure }, signal);
    for (const name of NEWS) element.addEventListener(name, () => this.#onNews(name), { signal });
    element.addEventListener('error', () => parts.onFailure(element.error), { signal });
    port.onmessage = ({ data }: MessageEvent<ToMedia>) => this.#obey(data);
  }

  close(): void {
    this.#life.abort();
    clearInterval(this.#timer);
    this.#parts.port.close();
  }

  #obey(message: ToMedia): void {
    if (message.type === 'begin') this.#begin(message.epoch, message.at);
    else if (message.type === 'stop') this.#stop();
    else if (message.type === 'resume') this.#isSkipping = false;
    else if (this.#isSkipping) return;
    else if (message.type === 'splice') this.#splice(message);
    else if (message.type === 'segment') this.#append(message.bytes);
    else if (message.type === 'cut') this.#cut(message.at);
    else if (message.type === 'edge') this.#edge = message.at;
    else this.#finish(message.at);
  }

  #begin(epoch: number, at: number): void {
    const { element, wantsToPlay } = this.#parts;
    this.#epoch = epoch;
    this.#at = at;
    this.#since = at;
    this.#end = undefined;
    this.#edge = undefined;
    this.#isReopening = false;
    this.#gains = [];
    this.#state = 'filling';
    this.#isSkipping = false;
    this.#buffer.begin(at);
    if (wantsToPlay() && element.paused) element.play().catch(() => {}); // it had come to an end; who wants it to play is told
  }

  #stop(): void {
    this.#state = 'filling'; // what it does from now on is no lack of sound
    this.#edge = undefined;
    this.#buffer.begin();
  }

  #splice({ gain, ...splice }: Splice & { readonly gain: number }): void {
    this.#isReopening ||= this.#end !== undefined && this.#end - this.#position < DECODED_SECONDS;
    this.#end = undefined;
    this.#edge = undefined;
    this.#buffer.splice(splice);
    this.#gains.push({ at: splice.start, gain });
    this.#applyGain();
  }

  #append(segment: Uint8Array<ArrayBuffer>): void {
    this.#buffer.append(segment);
    if (this.#isReopening) this.#refresh();
    this.#isReopening = false;
  }

  #finish(at: number): void {
    this.#end = at;
    this.#edge = undefined;
    this.#buffer.end();
    this.#report();
  }

  /** Has the browser decode anew from where the listener is: what it has decoded is not to sound, or is taken for all there is. */
  #refresh(): void {
    const { element, wantsToPlay } = this.#parts;
    this.#buffer.after(() => {
      this.#since = this.#position;
      this.#state = 'filling';
      const { currentTime } = element;
      element.currentTime = currentTime;
      if (wantsToPlay() && element.paused) element.play().catch(() => {}); // who wants it to play is told
    });
  }

  #cut(at: number): void {
    const left = at - this.#position;
    const done = left > 0 && !this.#parts.element.ended;
    if (done) {
      this.#isSkipping = true;
      this.#end = undefined;
      this.#edge = undefined;
      this.#gains = this.#gains.filter((gain) => gain.at < at);
      this.#buffer.cut(at);
      if (left < DECODED_SECONDS) this.#refresh();
    }
    this.#tell({ type: 'cut', done });
  }

  #onNews(name: (typeof NEWS)[number]): void {
    const { element } = this.#parts;
    if (name === 'playing' && !element.seeking && this.#state !== 'playing') {
      this.#state = 'playing';
      this.#since = this.#position;
    } else if (name === 'waiting' && this.#state === 'playing') {
      this.#state = 'starved';
      this.#underruns++;
    } else if (name === 'timeupdate') this.#tell({ type: 'played', epoch: this.#epoch, at: this.#position });
    this.#look();
  }

  #applyGain(): void {
    const due = this.#gains.findLastIndex(({ at }) => at <= this.#position);
    for (const { gain } of this.#gains.splice(0, due + 1).slice(-1)) this.#parts.onGain(gain);
  }

  /** Reports; ends the sound if nothing came to an edge that is near. */
  #look(): void {
    this.#applyGain();
    if (this.#edge !== undefined && this.#edge - this.#position < EDGE_SECONDS) this.#finish(this.#edge);
    else this.#report();
  }

  #report(): void {
    const { element, onReport } = this.#parts;
    const state = this.#reportedState;
    clearInterval(this.#timer);
    if (state === 'playing') this.#timer = setInterval(() => this.#look(), REPORT_MS);
    onReport({
      state,
      epoch: this.#epoch,
      position: this.#position,
      since: this.#since,
      rate: 1, // the clock of an element is that of the media
      rateBefore: 0,
      contextTime: element.currentTime,
      queuedSeconds: this.#buffer.queuedSeconds,
      underruns: this.#underruns,
    });
  }

  get #reportedState(): PumpState {
    const { element } = this.#parts;
    if (this.#end !== undefined && (element.ended || this.#end <= this.#at)) return 'ended';
    return element.paused ? 'paused' : this.#state;
  }

  /** Second of the run at which the listener is. */
  get #position(): number {
    const { element } = this.#parts;
    if (this.#end !== undefined && element.ended) return this.#end;
    return this.#state === 'filling' || element.seeking ? this.#since : Math.max(this.#at, element.currentTime);
  }

  #tell(message: FromMedia): void {
    this.#parts.port.postMessage(message);
  }
}
