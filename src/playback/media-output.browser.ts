import { AulosError } from '../errors.ts';
import type { MediaLane } from './media-lane.ts';
import { Source } from './media-source.browser.ts';
import type { MediaWatch } from './media-watch.browser.ts';
import type { Output, OutputListener } from './output.ts';
import type { Pace } from './rate.ts';

/** What a media output tells. */
export interface MediaOutputListener extends OutputListener {
  /** The browser does not play in this way after all. */
  onFailure(): void;
  /** The system stopped it: headphones were pulled out, say. */
  onStopped(): void;
}

/** Codec strings of what can be written for a Media Source, as demuxers give them. */
const CODECS = ['mp4a.40.2', 'mp4a.40.5', 'mp4a.40.29', 'flac', 'opus', 'mp3'];

/** Time between two steps of a fade, ms. */
const RAMP_MS = 20;

/** What this browser plays by Media Source. */
export function playableTypes(): MediaLane['types'] {
  const types = new Map<string, string>();
  for (const codec of Source ? CODECS : []) {
    const candidates = [`audio/mp4; codecs="${codec}"`, ...(codec === 'mp3' ? ['audio/mpeg'] : [])];
    const type = candidates.find((candidate) => Source.isTypeSupported(candidate));
    if (type) types.set(codec, type);
  }
  return Object.fromEntries(types);
}

/** An audio element that is fed from the worker, by way of a Media Source: one of the worker, where it can have one, for then nothing waits for the page. */
export class MediaOutput implements Output {
  /** For the worker: to be transferred once. */
  readonly lane: MediaLane;
  readonly #element = new Audio();
  readonly #listener: MediaOutputListener;
  readonly #life = new AbortController();
  #watch: MediaWatch | undefined;
  /** Of a Media Source of the page. */
  #url = '';
  #underruns = 0;
  #volume = 1;
  /** Of the track that is heard. */
  #trackGain = 1;
  #isOn = false;
  #isRefused = false;
  #ramp: ReturnType<typeof setInterval> | undefined;

  /** Loads what feeds it, which pages that never have one do without. */
  constructor(types: MediaLane['types'], listener: MediaOutputListener) {
    const { port1, port2 } = new MessageChannel();
    this.lane = { port: port1, types, isMadeInWorker: Boolean(Source.canConstructInDedicatedWorker) };
    this.#listener = listener;
    const { signal } = this.#life;
    this.#element.disableRemotePlayback = true; // without it a ManagedMediaSource does not open
    this.#element.addEventListener('playing', () => this.#onPlaying(), { signal });
    this.#element.addEventListener('pause', () => this.#onPause(), { signal });
    this.#element.addEventListener('error', () => listener.onFailure(), { signal }); // a policy that forbids the source tells at once
    const source = this.lane.isMadeInWorker ? undefined : new Source();
    if (source) {
      this.#url = URL.createObjectURL(source);
      this.#element.src = this.#url;
    }
    this.#open(port2, source).catch(() => listener.onFailure());
  }

  get heardTime(): number {
    return this.#element.currentTime;
  }

  get underruns(): number {
    return this.#underruns;
  }

  get isRunning(): boolean {
    return !this.#isRefused;
  }

  /** 0..1 */
  set gain(gain: number) {
    clearInterval(this.#ramp);
    this.#setVolume(gain);
  }

  set pace({ rate, keepsPitch }: Pace) {
    this.#element.preservesPitch = keepsPitch;
    this.#element.playbackRate = rate;
    this.#element.defaultPlaybackRate = rate;
  }

  /** Goes to `gain` linearly. */
  ramp(gain: number, seconds: number): void {
    const volume = this.#volume;
    const begin = performance.now();
    clearInterval(this.#ramp);
    this.#ramp = setInterval(() => {
      const done = Math.min(1, (performance.now() - begin) / (seconds * 1e3));
      this.#setVolume(volume + (gain - volume) * done);
      if (done === 1) clearInterval(this.#ramp);
    }, RAMP_MS);
  }

  setSinkId(id: string): Promise<void> {
    return this.#element.setSinkId(id);
  }

  start(): void {
    this.#isOn = true;
    this.#play().catch((error: AulosError) => this.#isOn && this.#listener.onRefusal(error));
  }

  stop(): void {
    this.#isOn = false;
    this.#element.pause();
  }

  wake(): Promise<void> {
    const waking = this.#play();
    if (!this.#isOn) this.#element.pause();
    return waking;
  }

  async close(): Promise<void> {
    this.#life.abort();
    clearInterval(this.#ramp);
    this.stop();
    this.#watch?.close();
    this.lane.port.close(); // if it was not transferred
    this.#element.srcObject = null;
    this.#element.removeAttribute('src');
    this.#element.load();
    URL.revokeObjectURL(this.#url);
  }

  /** `source` is that of the page, which `port` is to feed; where the worker has one, `port` comes from what feeds it. */
  async #open(port: MessagePort, source: MediaSource | undefined): Promise<void> {
    const [{ MediaWatch }, element] = await Promise.all([import('./media-watch.browser.ts'), source ? feedHere(source, port) : port]);
    if (this.#life.signal.aborted) return element.close();
    this.#watch = new MediaWatch({
      element: this.#element,
      port: element,
      wantsToPlay: () => this.#isOn,
      onSource: (handle) => {
        this.#element.srcObject = handle as MediaProvider; // which TypeScript's DOM library does not know
      },
      onReport: (report) => {
        this.#underruns = report.underruns;
        this.#listener.onReport(report);
      },
      onGain: (gain) => {
        this.#trackGain = gain;
        this.#setVolume(this.#volume);
      },
      onFailure: () => this.#listener.onFailure(),
    });
  }

  /** Elements cannot be louder than what they play. */
  #setVolume(volume: number): void {
    this.#volume = volume;
    this.#element.volume = Math.min(1, volume * this.#trackGain);
  }

  /** Resolves when it sounds, or was stopped. */
  async #play(): Promise<void> {
    if (this.#element.ended) return; // it would begin anew; when more comes, it plays
    try {
      await this.#element.play();
    } catch (cause) {
      if ((cause as Error).name !== 'NotAllowedError') return; // it was stopped; of what it cannot play an event tells
      this.#isRefused = true;
      throw new AulosError('output.notAllowed', {}, 'the browser wants a user gesture before it plays sound', { cause });
    }
  }

  /** Neither the end of the sound pauses it for good, nor one that was left again before this is told. */
  #onPause(): void {
    const { paused, ended } = this.#element;
    if (this.#isOn && paused && !ended) this.#listener.onStopped();
  }

  #onPlaying(): void {
    this.#isRefused = false;
    this.#listener.onRunning();
  }
}

/** Has a Media Source of the page fed by `sender`; gives the element's end. */
async function feedHere(source: MediaSource, sender: MessagePort): Promise<MessagePort> {
  const { MediaFeed } = await import('./media-feed.browser.ts');
  const { port1, port2 } = new MessageChannel();
  new MediaFeed(source, { sender, element: port1 });
  return port2;
}
