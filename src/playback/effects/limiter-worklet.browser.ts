import { PeakLimiter } from './peak-limiter.ts';

// What AudioWorkletGlobalScope has and TypeScript's DOM library does not declare (Web Audio API §1.32).
declare const sampleRate: number;
declare class AudioWorkletProcessor {}
declare function registerProcessor(
  name: string,
  processor: new (options: { processorOptions: LimiterOptions }) => AudioWorkletProcessor,
): void;

/** What the node tells its processor. */
export interface LimiterOptions {
  /** Amplitude, 1 = full scale. */
  readonly ceiling: number;
}

/** One input, one output, of as many channels as come in. */
class LimiterProcessor extends AudioWorkletProcessor {
  readonly #ceiling: number;
  #limiter: PeakLimiter | undefined;
  #channels = 0;

  constructor({ processorOptions }: { processorOptions: LimiterOptions }) {
    super();
    this.#ceiling = processorOptions.ceiling;
  }

  process([input]: Float32Array[][], [output]: Float32Array[][]): boolean {
    if (!this.#limiter || output.length > this.#channels) {
      this.#channels = output.length;
      this.#limiter = new PeakLimiter(sampleRate, this.#channels, this.#ceiling);
    }
    this.#limiter.process(input, output);
    return true;
  }
}

registerProcessor('aulos-limiter', LimiterProcessor);
