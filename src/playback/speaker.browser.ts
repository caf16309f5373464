import type { AulosError } from '../errors.ts';
import { suits } from './lane.ts';
import { type OutputOptions, WorkletOutput } from './output.browser.ts';
import type { WorkletReport } from './worklet.browser.ts';

/** What a speaker tells. */
export interface SpeakerListener {
  /** A new output is in use; its lane is for the worker. */
  onOutput(output: WorkletOutput): void;
  onReport(report: WorkletReport): void;
  /** It cannot sound: `output.notAllowed` without a gesture, `output.device`. */
  onRefusal(error: AulosError): void;
}

/** A player's place in the Web Audio graph: one output at a time, another one when a track has another rate. */
export class Speaker {
  readonly #options: Pick<OutputOptions, 'workletUrl' | 'context'>;
  readonly #listener: SpeakerListener;
  #output: WorkletOutput;
  /** Aborts when the output is replaced. */
  #life = new AbortController();
  #isOn = false;
  #gain = 1;
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

  /** 0..1 */
  set gain(gain: number) {
    this.#gain = gain;
    this.#output.gain = gain;
  }

  /** Goes to another context if sound of this format would not come out as it is; true if it did. */
  suit(sampleRate: number, channels: number): boolean {
    if (suits(this.#output.lane, sampleRate, channels)) return false;
    this.#life.abort();
    this.#life = new AbortController();
    void this.#output.close();
    this.#earlierUnderruns += this.#underruns;
    this.#underruns = 0;
    this.#output = this.#create(sampleRate, Math.max(2, channels));
    if (this.#isOn) this.start();
    return true;
  }

  /** Plays what comes. To be called in a gesture where the browser wants one. */
  start(): void {
    this.#isOn = true;
    const { signal } = this.#life;
    this.#output.wantsToPlay = true;
    Promise.all([this.#output.resume(signal), this.#output.ready]).catch((error: AulosError) => {
      if (!signal.aborted) this.#listener.onRefusal(error);
    });
  }

  stop(): void {
    this.#isOn = false;
    this.#output.wantsToPlay = false;
  }

  close(): Promise<void> {
    this.#life.abort();
    return this.#output.close();
  }

  #create(sampleRate: number, channels: number): WorkletOutput {
    const output = new WorkletOutput({ sampleRate, channels, ...this.#options });
    output.gain = this.#gain;
    output.onReport = (report) => {
      this.#underruns = report.underruns;
      this.#listener.onReport(report);
    };
    this.#listener.onOutput(output);
    return output;
  }
}
