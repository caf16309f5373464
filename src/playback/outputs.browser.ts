import type { CodecConfig } from '../media.ts';
import type { MediaLane } from './media-lane.ts';
import { MediaOutput, playableTypes } from './media-output.browser.ts';
import type { OutputKind, OutputListener, PlayerOutput } from './output.ts';
import type { Speaker } from './speaker.browser.ts';

/** What the outputs of a player tell. */
export interface OutputsListener extends OutputListener {
  /** The worker may send encoded sound there; or nowhere any more. */
  onMedia(lane: MediaLane | undefined): void;
  /** The system stopped it: headphones were pulled out, say. */
  onStopped(): void;
  /** The element is of no more use: `replace` goes to the worklet, which has to be fed from where the sound is. */
  onLost(): void;
}

/**
 * The outputs of a player that was to have a media element: that and the worklet, of which one is in use. What the browser does not play by
 * Media Source goes to the worklet all the same.
 */
export class Outputs implements PlayerOutput {
  readonly #speaker: Speaker;
  readonly #listener: OutputsListener;
  #media: MediaOutput | undefined;
  #hasMediaFailed = false;
  #isOn: boolean;
  #current: Speaker | MediaOutput;
  /** Holes in elements that were given up. */
  #earlierUnderruns = 0;

  /** Begins with `speaker`. */
  constructor(speaker: Speaker, listener: OutputsListener) {
    this.#speaker = speaker;
    this.#current = speaker;
    this.#isOn = speaker.isOn;
    this.#listener = listener;
  }

  get kind(): OutputKind {
    return this.#current === this.#speaker ? 'worklet' : 'media';
  }

  get heardTime(): number {
    return this.#current.heardTime;
  }

  get underruns(): number {
    return this.#earlierUnderruns + this.#speaker.underruns + (this.#media?.underruns ?? 0);
  }

  get isRunning(): boolean {
    return this.#current.isRunning;
  }

  /** Goes to the element where it can, or to the worklet; true if that is another output for sound of this kind. */
  choose(wantsMedia: boolean, config: CodecConfig | undefined): boolean {
    const before = this.#current;
    if (!wantsMedia) this.#withdrawMedia();
    else if (!this.#media && !this.#hasMediaFailed) this.#offerMedia();
    this.suit(config);
    return this.#current !== before;
  }

  suit(config: CodecConfig | undefined): boolean {
    if (this.#media && (!config || config.codecString in this.#media.lane.types)) return this.#use(this.#media);
    const isOther = this.#use(this.#speaker);
    return (config !== undefined && this.#speaker.suit(config)) || isOther;
  }

  goesOnWith({ codecString }: CodecConfig): boolean {
    return this.#current === this.#speaker || codecString in this.#media!.lane.types;
  }

  replace(): void {
    if (this.kind === 'media') this.#withdrawMedia();
    else this.#speaker.replace();
  }

  start(): void {
    this.#isOn = true;
    this.#current.start();
  }

  wake(): Promise<void> {
    return this.#current.wake();
  }

  stop(): void {
    this.#isOn = false;
    this.#current.stop();
  }

  async close(): Promise<void> {
    await Promise.all([this.#media?.close(), this.#speaker.close()]);
  }

  #offerMedia(): void {
    const types = playableTypes();
    if (Object.keys(types).length === 0) return;
    const media = new MediaOutput(types, {
      ...this.#listener,
      onReport: (report) => this.#current === media && this.#listener.onReport(report),
      onFailure: () => this.#onMediaFailure(),
    });
    this.#media = media;
    this.#speaker.sound.attachMedia(media);
    this.#listener.onMedia(media.lane);
  }

  #withdrawMedia(): void {
    const media = this.#media;
    if (!media) return;
    this.#use(this.#speaker);
    this.#media = undefined;
    this.#earlierUnderruns += media.underruns;
    this.#speaker.sound.attachMedia(undefined);
    this.#listener.onMedia(undefined);
    void media.close();
  }

  /** Our own decoders play it all the same. */
  #onMediaFailure(): void {
    this.#hasMediaFailed = true;
    if (this.kind === 'media') this.#listener.onLost();
    else this.#withdrawMedia();
  }

  #use(output: Speaker | MediaOutput): boolean {
    const before = this.#current;
    if (before === output) return false;
    this.#current = output;
    if (before === this.#speaker) this.#speaker.rest();
    else before.stop();
    if (this.#isOn) output.start();
    return true;
  }
}
