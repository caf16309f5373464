import type { FromElement, ToElement } from './media-lane.ts';
import { MediaOpening } from './media-opening.browser.ts';
import type { OutputReport } from './output.ts';
import type { PumpState } from './pump.ts';

/** What a watch works with. */
export interface MediaWatchParts {
  readonly element: HTMLMediaElement;
  /** Leads to what feeds the element. */
  readonly port: MessagePort;
  /** It should sound. */
  wantsToPlay(): boolean;
  /** The Media Source is in the worker. */
  onSource(handle: MediaSourceHandle): void;
  onReport(report: OutputReport): void;
  /** What is heard from now on is to be multiplied by `gain`. */
  onGain(gain: number): void;
  /** The Media Source does not take it, or does not open; of its own errors the element tells. */
  onFailure(): void;
}

/** Time between two reports while it plays, ms. */
const REPORT_MS = 40;
/** Sound that browsers have decoded ahead of the listener at most, seconds. */
const DECODED_SECONDS = 3;
/** Sound before an edge, seconds, at which no more is waited for: browsers keep the last of it back until they know that it is the last. */
const EDGE_SECONDS = 0.2;
/** So near to the end of a stretch of sound, seconds, browsers wait for more. */
const STALL_SECONDS = 0.1;
/** What is so near, seconds, may be heard before it is taken back. */
const CUT_SECONDS = 0.1;
/** After what these tell, it may sound or not. */
const NEWS = ['playing', 'waiting', 'pause', 'play', 'seeked', 'ended', 'timeupdate'] as const;

/** Has an element go where its Media Source is fed, and reports on it as the worklet reports on itself. */
export class MediaWatch {
  readonly #parts: MediaWatchParts;
  readonly #life = new AbortController();
  readonly #opening: MediaOpening;
  #timer: ReturnType<typeof setInterval> | undefined;
  #epoch = 0;
  /** Where the epoch begins, and ends if that is known. */
  #at = 0;
  #end: number | undefined;
  /** Where it ends if nothing more comes in time. */
  #edge: number | undefined;
  /** Where it is to go. */
  #seek: Extract<ToElement, { type: 'seek' }> | undefined;
  /** More comes behind an end that the browser knows of. */
  #isReopening = false;
  /** Factors of what comes, each from a second on. */
  #gains: { readonly at: number; readonly gain: number }[] = [];
  /** `leaving`: it is still where it was before. */
  #state: 'leaving' | 'filling' | 'playing' | 'starved' = 'filling';
  /** Where it last began to play. */
  #since = 0;
  #underruns = 0;

  constructor(parts: MediaWatchParts) {
    const { element, port } = parts;
    const { signal } = this.#life;
    this.#parts = parts;
    this.#opening = new MediaOpening(parts);
    for (const name of ['waiting', 'progress']) element.addEventListener(name, () => this.#leap(), { signal });
    for (const name of NEWS) element.addEventListener(name, () => this.#onNews(name), { signal });
    element.addEventListener('durationchange', () => this.#go(), { signal });
    port.onmessage = ({ data }: MessageEvent<ToElement>) => this.#hear(data);
  }

  close(): void {
    this.#life.abort();
    clearInterval(this.#timer);
    this.#opening.end();
    this.#parts.port.close();
  }

  #hear(message: ToElement): void {
    if (message.type === 'begin') this.#begin(message.epoch, message.at);
    else if (message.type === 'stop') this.#stop();
    else if (message.type === 'splice') this.#splice(message.at, message.gain);
    else if (message.type === 'appended') this.#onAppended();
    else if (message.type === 'edge') this.#edge = message.at;
    else if (message.type === 'end') this.#finish(message.at);
    else if (message.type === 'mayCut') this.#tell({ type: 'mayCut', answer: this.#mayCut(message.at) });
    else if (message.type === 'cut') this.#cut(message.at);
    else if (message.type === 'source') this.#parts.onSource(message.handle);
    else if (message.type === 'failed') this.#parts.onFailure();
    else {
      this.#opening.end();
      this.#seek = message;
      this.#go();
    }
  }

  #begin(epoch: number, at: number): void {
    this.#epoch = epoch;
    this.#at = at;
    this.#since = at;
    this.#end = undefined;
    this.#edge = undefined;
    this.#isReopening = false;
    this.#gains = [];
    this.#state = 'leaving';
    this.#opening.begin(); // one that is open seeks at once
    this.#resume(); // it had come to an end
  }

  #stop(): void {
    this.#opening.end();
    this.#state = 'leaving'; // what it does from now on is no lack of sound
    this.#edge = undefined;
  }

  /** Goes where it is to, as soon as it has heard that there is such a place: of another thread it hears late how long its Media Source is. */
  #go(): void {
    const { element } = this.#parts;
    if (!this.#seek || element.duration < this.#seek.at) return;
    const { number, at } = this.#seek;
    this.#seek = undefined;
    this.#state = 'filling';
    element.currentTime = at;
    this.#tell({ type: 'sought', number });
  }

  #splice(at: number, gain: number): void {
    this.#isReopening ||= this.#end !== undefined && this.#end - this.#position < DECODED_SECONDS;
    this.#end = undefined;
    this.#edge = undefined;
    this.#gains.push({ at, gain });
    this.#applyGain();
  }

  #onAppended(): void {
    this.#leap(); // what another thread has appended may be seen only later, at `progress`
    if (this.#isReopening) this.#refresh();
    this.#isReopening = false;
  }

  #finish(at: number): void {
    this.#end = at;
    this.#edge = undefined;
    this.#report();
  }

  /** Has the browser decode anew from where the listener is: what it has decoded is not to sound, or is taken for all there is. */
  #refresh(): void {
    const { element } = this.#parts;
    this.#since = this.#position;
    this.#state = 'filling';
    const { currentTime } = element;
    element.currentTime = currentTime;
    this.#resume();
  }

  /** Plays on; who wants it to play is told. */
  #resume(): void {
    const { element, wantsToPlay } = this.#parts;
    if (wantsToPlay() && element.paused) element.play().catch(() => {});
  }

  #mayCut(at: number): boolean {
    return at - this.#position > CUT_SECONDS && !this.#parts.element.ended;
  }

  #cut(at: number): void {
    this.#end = undefined;
    this.#edge = undefined;
    this.#gains = this.#gains.filter((gain) => gain.at < at);
    if (at - this.#position < DECODED_SECONDS) this.#refresh();
  }

  /** Over a hole in the sound, at which browsers wait for ever. */
  #leap(): void {
    const { element } = this.#parts;
    const { buffered, currentTime, readyState } = element;
    if (readyState >= HTMLMediaElement.HAVE_FUTURE_DATA) return;
    for (let i = 0; i < buffered.length; i++) {
      if (currentTime < buffered.start(i)) {
        element.currentTime = buffered.start(i);
        return;
      }
      if (currentTime < buffered.end(i) - STALL_SECONDS) return;
    }
  }

  #onNews(name: (typeof NEWS)[number]): void {
    const { element } = this.#parts;
    if (name === 'playing' && !element.seeking && (this.#state === 'filling' || this.#state === 'starved')) {
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

  /** Reports; has the sound end if nothing came to an edge that is near. */
  #look(): void {
    this.#applyGain();
    if (this.#edge !== undefined && this.#edge - this.#position < EDGE_SECONDS) {
      this.#tell({ type: 'finish', at: this.#edge });
      this.#edge = undefined;
    }
    this.#report();
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
      queuedSeconds: this.#queuedSeconds,
      underruns: this.#underruns,
    });
  }

  /** Sound after the listener, seconds. */
  get #queuedSeconds(): number {
    const { buffered, currentTime } = this.#parts.element;
    return buffered.length > 0 ? Math.max(0, buffered.end(buffered.length - 1) - currentTime) : 0;
  }

  get #reportedState(): PumpState {
    const { element } = this.#parts;
    if (this.#end !== undefined && (element.ended || this.#end <= this.#at)) return 'ended';
    if (element.paused) return 'paused';
    return this.#state === 'leaving' ? 'filling' : this.#state;
  }

  /** Second of the run at which the listener is. */
  get #position(): number {
    const { element } = this.#parts;
    if (this.#end !== undefined && element.ended) return this.#end;
    return this.#state === 'leaving' || this.#state === 'filling' || element.seeking
      ? this.#since
      : Math.max(this.#at, element.currentTime);
  }

  #tell(message: FromElement): void {
    this.#parts.port.postMessage(message);
  }
}
