import { AulosError } from '../errors.ts';
import type { CodecConfig } from '../media.ts';
import { type ContextEvent, contextAction } from './context-state.ts';
import { suits } from './lane.ts';
import { type OutputOptions, WorkletOutput } from './output.browser.ts';
import type { OutputReport, PlayerOutput } from './output.ts';
import { Sound } from './sound.browser.ts';

/** What a speaker tells. */
export interface SpeakerListener {
  /** A new output is in use; its lane is for the worker. */
  onOutput(output: WorkletOutput): void;
  onReport(report: OutputReport): void;
  /** It cannot sound: `output.notAllowed` without a gesture, `output.device`. */
  onRefusal(error: AulosError): void;
  /** The context runs, from now on. */
  onRunning(): void;
  /** The system has taken the sound away while it plays, and will give it back. */
  onInterrupted(): void;
  /** The output is of no more use: `replace` makes another, which has to be fed from where the sound is. */
  onLost(): void;
}

/** So many outputs in a row may be lost without a sound before the device is given up. */
const MAX_LOST = 3;

/** A player's place in the Web Audio graph: one output at a time, another one when a track has another rate. */
export class Speaker implements PlayerOutput {
  readonly #options: Pick<OutputOptions, 'workletUrl' | 'rateUrl' | 'context' | 'loadAfter'>;
  readonly #listener: SpeakerListener;
  readonly kind = 'worklet';
  /** It plays what comes. */
  isOn = false;
  /** How it sounds, on whatever output. */
  readonly sound = new Sound((error) => this.#listener.onRefusal(error));
  #output: WorkletOutput;
  /** Aborts when the output is replaced. */
  #life = new AbortController();
  /** Aborts when it is stopped, or starts anew. */
  #start = new AbortController();
  #isRunning = false;
  #lost = 0;
  #earlierUnderruns = 0;
  #underruns = 0;

  constructor({ sampleRate, channels, ...options }: OutputOptions, listener: SpeakerListener) {
    this.#options = options;
    this.#listener = listener;
    this.#output = this.#create(sampleRate, channels);
  }

  get context(): AudioContext {
    return this.#output.context;
  }

  /** Whether anything can be heard, as was told last. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  get node(): AudioNode {
    return this.#output.node;
  }

  /** Time of the context that is being heard now, seconds. */
  get heardTime(): number {
    return this.#output.heardTime;
  }

  /** Silent render quanta in mid-track, of all outputs so far. */
  get underruns(): number {
    return this.#earlierUnderruns + this.#underruns;
  }

  /** Goes to another context if sound of this format would not come out as it is; true if it did. */
  suit({ sampleRate, channels }: CodecConfig): boolean {
    if (suits(this.#output.lane, sampleRate, channels)) return false;
    this.#change(sampleRate, Math.max(2, channels));
    return true;
  }

  goesOnWith(): boolean {
    return true;
  }

  /** Goes to another context of the same format, after `onLost`. */
  replace(): void {
    const { forSampleRate, channels } = this.#output.lane;
    this.#change(forSampleRate, channels);
  }

  /** Plays what comes. To be called in a gesture where the browser wants one. */
  start(): void {
    this.isOn = true;
    this.#start.abort();
    this.#output.wantsToPlay = true;
    if (this.context.state === 'closed') this.#lose(true);
    else this.#begin();
  }

  /** Has the context run before anything plays; to be called in a gesture. @throws AulosError `output.notAllowed`. */
  wake(): Promise<void> {
    if (this.context.state === 'closed') this.#lose(true);
    return this.#output.resume(this.#life.signal);
  }

  stop(): void {
    this.isOn = false;
    this.#start.abort();
    this.#output.wantsToPlay = false;
  }

  /** Stops, and lets go of the device while another output is in use. */
  rest(): void {
    this.stop();
    if (this.#output.ownsContext && this.context.state !== 'closed') void this.context.suspend().catch(() => {});
  }

  close(): Promise<void> {
    this.sound.close();
    this.#life.abort();
    this.#start.abort();
    return this.#output.close();
  }

  #begin(): void {
    this.#start = new AbortController();
    const { signal } = this.#start;
    Promise.all([this.#output.resume(signal), this.#output.ready]).catch((error: AulosError) => {
      if (!signal.aborted) this.#listener.onRefusal(error);
    });
  }

  #change(sampleRate: number, channels: number): void {
    this.#life.abort();
    this.#life = new AbortController();
    this.#start.abort();
    void this.#output.close();
    this.#earlierUnderruns += this.#underruns;
    this.#underruns = 0;
    this.#output = this.#create(sampleRate, channels);
    if (this.isOn) this.start();
  }

  #hear(event: ContextEvent): void {
    const wasRunning = this.#isRunning;
    const { isRunning } = this.#output;
    this.#isRunning = isRunning;
    if (event === 'statechange' && isRunning) this.#listener.onRunning();
    if (!this.isOn) return;
    if (wasRunning && !isRunning && this.context.state !== 'closed') this.#listener.onInterrupted();
    this.#act(event);
  }

  #act(event: ContextEvent): void {
    const { state } = this.context;
    const action = contextAction(state, event);
    if (action === 'resume') this.start();
    else if (action === 'rebuild') this.#lose(state === 'closed');
  }

  /** The application's own context is its own matter, unless it was closed while it should sound. */
  #lose(isClosed: boolean): void {
    if (this.#output.ownsContext && this.#lost++ < MAX_LOST) this.#listener.onLost();
    else if (this.#output.ownsContext || isClosed) {
      const reason = isClosed ? 'closed' : 'frozen';
      this.#listener.onRefusal(new AulosError('output.device', { reason }, `the browser gives no sound: its context is ${reason}`));
    }
  }

  #create(sampleRate: number, channels: number): WorkletOutput {
    const output = new WorkletOutput({ sampleRate, channels, ...this.#options });
    this.sound.attach(output);
    output.onReport = (report) => {
      this.#underruns = report.underruns;
      if (report.state === 'playing') this.#lost = 0;
      this.#listener.onReport(report);
    };
    this.#isRunning = output.isRunning;
    output.onEvent = (event) => this.#hear(event);
    this.#listener.onOutput(output);
    return output;
  }
}
