import type { Effect, EffectNodes } from './effect.ts';
import type { LimiterOptions } from './limiter-worklet.browser.ts';

/** Keeps the sound below a ceiling without distorting it: for behind an equalizer or a gain above 1. Delays it by 5 ms. */
export class Limiter implements Effect {
  readonly #ceiling: number;
  readonly #moduleUrl: string | URL;
  readonly #loaded = new WeakSet<BaseAudioContext>();
  #node: AudioWorkletNode | undefined;

  /**
   * `ceilingDb` is that of samples, dB below full scale; `moduleUrl` is the worklet's, `limiter.js` beside the module of aulos.
   * @throws RangeError for a ceiling above full scale.
   */
  constructor({
    ceilingDb = -1,
    moduleUrl = new URL('./limiter.js', import.meta.url),
  }: { ceilingDb?: number; moduleUrl?: string | URL } = {}) {
    if (!(ceilingDb <= 0)) throw new RangeError(`a limiter's ceiling is at most 0 dB, not ${ceilingDb}`);
    this.#ceiling = 10 ** (ceilingDb / 20);
    this.#moduleUrl = moduleUrl;
  }

  async attach(context: BaseAudioContext): Promise<EffectNodes> {
    if (!this.#loaded.has(context)) await context.audioWorklet.addModule(this.#moduleUrl);
    this.#loaded.add(context);
    this.detach();
    const processorOptions: LimiterOptions = { ceiling: this.#ceiling };
    this.#node = new AudioWorkletNode(context, 'aulos-limiter', { processorOptions });
    return { input: this.#node, output: this.#node };
  }

  detach(): void {
    this.#node?.disconnect();
    this.#node = undefined;
  }
}
