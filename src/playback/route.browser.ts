import type { CodecConfig } from '../media.ts';
import type { OutputOptions } from './output.browser.ts';
import type { OutputChoice, PlayerOutput } from './output.ts';
import type { Outputs, OutputsListener } from './outputs.browser.ts';
import type { PlayerOptions } from './player-options.ts';
import { Speaker, type SpeakerListener } from './speaker.browser.ts';

/** What a route tells. */
export interface RouteListener extends Omit<OutputsListener & SpeakerListener, 'onLost'> {
  /**
   * The sound is to come out of another output: `move` has it so, for sound of this kind, and gives true if it is another one, which has to be
   * fed from where the sound was before.
   */
  onMove(move: (config: CodecConfig | undefined) => boolean): void;
}

/** Where the sound of a player goes: to the speaker, until a media element is wanted; from then on, to either. */
export class Route {
  readonly speaker: Speaker;
  /** What sounds. */
  output: PlayerOutput;
  #outputs: Outputs | undefined;
  #choices = 0;
  readonly #isForBackground: boolean;
  readonly #listener: OutputsListener & RouteListener;
  readonly #signal: AbortSignal;

  /** Begins with what the options choose; the choices end with `signal`. */
  constructor(
    {
      workletUrl = new URL('./worklet.js', import.meta.url),
      rateUrl = new URL('./rate.js', import.meta.url),
      context,
      sampleRate = 44_100,
      output = 'auto',
      background = false,
      loadAfter,
    }: PlayerOptions & Pick<OutputOptions, 'loadAfter'>,
    signal: AbortSignal,
    listener: RouteListener,
  ) {
    this.#signal = signal;
    this.#isForBackground = background;
    this.#listener = { ...listener, onLost: () => listener.onMove(() => this.#replace()) };
    this.speaker = new Speaker(
      { sampleRate, channels: 2, workletUrl, rateUrl, context, loadAfter },
      { ...this.#listener, onReport: (report) => this.output.kind === 'worklet' && listener.onReport(report) },
    );
    this.output = this.speaker;
    void this.choose(output);
  }

  /** Has the sound come out of another output, from where it is. */
  async choose(choice: OutputChoice): Promise<void> {
    const number = ++this.#choices;
    const isAutomatic = this.#isForBackground || !('AudioWorkletNode' in globalThis);
    const wantsMedia = choice === 'media' || (choice === 'auto' && isAutomatic);
    if (!wantsMedia && !this.#outputs) return;
    const part = await import('./outputs.browser.ts').catch(() => undefined); // the worklet plays it all the same
    if (!part || number !== this.#choices || this.#signal.aborted) return;
    const outputs = (this.#outputs ??= new part.Outputs(this.speaker, this.#listener));
    this.output = outputs;
    this.#listener.onMove((config) => outputs.choose(wantsMedia, config));
  }

  /** Another output takes the place of the one that was lost. */
  #replace(): boolean {
    this.output.replace();
    return true;
  }
}
