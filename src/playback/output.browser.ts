import { allocatePcmRing } from '../base/pcm-ring-memory.ts';
import { AulosError } from '../errors.ts';
import { startContext } from './context-start.browser.ts';
import type { ContextEvent } from './context-state.ts';
import { ContextWatch } from './context-watch.browser.ts';
import { laneFrames, type OutputLane } from './lane.ts';
import type { Pace } from './rate.ts';
import type { WorkletCommand, WorkletReport } from './worklet.browser.ts';

/** Length of a change of volume, seconds: too short to notice, long enough not to click. */
const RAMP_SECONDS = 0.015;

export interface OutputOptions {
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly workletUrl: string | URL;
  /** The worklet's module for rates other than 1. */
  readonly rateUrl: string | URL;
  /** The application's context; it is not closed with the output, and the sound is resampled to its rate. */
  readonly context?: AudioContext;
  /** The worklet is loaded then. A worklet and a worker that begin at once keep each other from the processor; the worker is needed first. */
  readonly loadAfter?: Promise<void>;
}

/** The page's end of the sound: an AudioContext at the track's rate, the worklet, and a gain for the volume. */
export class WorkletOutput {
  readonly context: AudioContext;
  /** The last node before the destination. */
  readonly node: GainNode;
  /** For the worker: to be transferred once. */
  readonly lane: OutputLane;
  /** Resolves when the worklet runs. @throws AulosError `output.device` when its module cannot be loaded. */
  readonly ready: Promise<void>;
  onReport: (report: WorkletReport) => void = () => {};
  onEvent: (event: ContextEvent) => void = () => {};
  /** Whether another context may take the place of this one. */
  readonly ownsContext: boolean;
  readonly #watch: ContextWatch;
  readonly #workletPort: MessagePort;
  readonly #rateUrl: string | URL;
  /** The module for rates, once it is wanted. */
  #rate: Promise<void> | undefined;
  #pace: Pace | undefined;
  #worklet: AudioWorkletNode | undefined;
  #wantsToPlay = false;

  constructor({ sampleRate, channels, workletUrl, rateUrl, context, loadAfter }: OutputOptions) {
    this.#rateUrl = rateUrl;
    this.ownsContext = !context;
    this.context = context ?? createContext(sampleRate);
    this.node = new GainNode(this.context);
    this.node.connect(this.context.destination);
    this.#watch = new ContextWatch(this.context, (event) => this.onEvent(event));
    const { port1, port2 } = new MessageChannel();
    this.#workletPort = port2;
    const ring = globalThis.crossOriginIsolated ? allocatePcmRing(channels, laneFrames(this.context.sampleRate, channels)) : undefined;
    this.lane = { lane: { port: port1, ring }, sampleRate: this.context.sampleRate, channels, forSampleRate: sampleRate };
    this.ready = Promise.resolve(loadAfter).then(() => this.#start(workletUrl, channels, ring));
    this.ready.catch(() => {}); // whoever plays awaits it
  }

  /** What must be listed when `lane` is posted. */
  get transfer(): Transferable[] {
    return [this.lane.lane.port];
  }

  set wantsToPlay(wants: boolean) {
    this.#wantsToPlay = wants;
    this.#watch.isWanted = wants;
    this.#command({ type: wants ? 'play' : 'pause' });
  }

  /** 0..1 */
  set gain(gain: number) {
    this.ramp(gain, RAMP_SECONDS);
  }

  /** Goes to `gain`, 0..1, linearly. */
  ramp(gain: number, seconds: number): void {
    const { currentTime } = this.context;
    const { gain: param } = this.node;
    param.cancelScheduledValues(currentTime);
    if (param.value === gain) return;
    param.setValueAtTime(param.value, currentTime);
    param.linearRampToValueAtTime(gain, currentTime + seconds);
  }

  /** Plays at another pace, once its module is there; until then as before. @throws AulosError `output.device` when it cannot be loaded. */
  async setPace(pace: Pace): Promise<void> {
    if (!this.#rate && pace.rate === 1) return;
    this.#pace = pace;
    this.#rate ??= this.ready.then(() => this.#addModule(this.#rateUrl, 'rate'));
    await this.#rate;
    if (pace === this.#pace) this.#command({ type: 'pace', pace, channels: this.lane.channels });
  }

  /** Time of the context that is being heard now, seconds. */
  get heardTime(): number {
    return this.context.currentTime - (this.context.outputLatency || 0);
  }

  /** Whether anything can be heard. */
  get isRunning(): boolean {
    return this.context.state === 'running';
  }

  /** Starts the context, in the call of a gesture if the browser wants one. @throws AulosError `output.notAllowed`; `signal.reason`. */
  resume(signal: AbortSignal): Promise<void> {
    return startContext(this.context, signal);
  }

  async close(): Promise<void> {
    this.#command({ type: 'close' });
    this.#watch.close();
    this.onReport = () => {};
    this.onEvent = () => {};
    this.#worklet?.disconnect();
    this.node.disconnect();
    if (this.ownsContext && this.context.state !== 'closed') await this.context.close();
  }

  async #start(workletUrl: string | URL, channels: number, ring: SharedArrayBuffer | undefined): Promise<void> {
    await this.#addModule(workletUrl, 'worklet');
    if (this.context.state === 'closed') return;
    const worklet = new AudioWorkletNode(this.context, 'aulos-player', { numberOfInputs: 0, outputChannelCount: [channels] });
    worklet.port.onmessage = ({ data }: MessageEvent<WorkletReport>) => this.onReport(data);
    worklet.connect(this.node);
    this.#worklet = worklet;
    this.#command({ type: 'lane', lane: { port: this.#workletPort, ring } }, [this.#workletPort]);
    this.#command({ type: this.#wantsToPlay ? 'play' : 'pause' });
  }

  async #addModule(url: string | URL, reason: string): Promise<void> {
    try {
      await this.context.audioWorklet.addModule(url);
    } catch (cause) {
      throw new AulosError('output.device', { reason }, `the worklet module ${url} cannot be loaded`, { cause });
    }
  }

  #command(command: WorkletCommand, transfer: Transferable[] = []): void {
    this.#worklet?.port.postMessage(command, transfer);
  }
}

/** A context at `sampleRate`, or at the device's rate where the browser refuses that one. */
function createContext(sampleRate: number): AudioContext {
  try {
    return new AudioContext({ sampleRate });
  } catch {
    return new AudioContext();
  }
}
