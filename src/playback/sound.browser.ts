import { AulosError } from '../errors.ts';
import type { Effect } from './effects/effect.ts';
import type { EffectChain } from './effects/effect-chain.ts';
import type { MediaOutput } from './media-output.browser.ts';
import type { WorkletOutput } from './output.browser.ts';
import type { Pace } from './rate.ts';

/** A context whose device can be chosen, which TypeScript's DOM library does not know (Web Audio API 1.1 §1.2). */
interface SinkContext {
  setSinkId(id: string): Promise<void>;
}

/** How a player sounds: volume, rate, effects, device. It is kept when another output takes the place of the one before. */
export class Sound {
  readonly #onFailure: (error: AulosError) => void;
  #output: WorkletOutput | undefined;
  #media: MediaOutput | undefined;
  #chain: EffectChain | undefined;
  #gain = 1;
  #pace: Pace = { rate: 1, keepsPitch: true };
  #effects: readonly Effect[] = [];
  #sinkId = '';
  #endFade = () => {};

  /** `onFailure` hears why something cannot be had, `output.device`. */
  constructor(onFailure: (error: AulosError) => void) {
    this.#onFailure = onFailure;
  }

  /** Goes on with another output. */
  attach(output: WorkletOutput): void {
    this.#output = output;
    this.#chain = undefined;
    output.gain = this.#gain;
    if (this.#pace.rate !== 1) this.#applyPace();
    if (this.#effects.length > 0) this.#applyEffects();
    if (this.#sinkId) this.#tell(output, this.#applySink());
  }

  /** Goes on with an element, too: effects are not for it. */
  attachMedia(media: MediaOutput | undefined): void {
    this.#media = media;
    if (!media) return;
    media.gain = this.#gain;
    media.pace = this.#pace;
    if (this.#sinkId) media.setSinkId(this.#sinkId).catch(() => {}); // it is played on another device, as in `<audio>`
  }

  /** 0..1, at once but for a ramp that prevents a click. */
  set gain(gain: number) {
    this.#endFade();
    this.#gain = gain;
    if (this.#output) this.#output.gain = gain;
    if (this.#media) this.#media.gain = gain;
  }

  /** Goes to `gain`, 0..1, linearly; resolves when it is there, or something else was asked for. */
  fade(gain: number, seconds: number): Promise<void> {
    this.#endFade();
    this.#gain = gain;
    this.#output?.ramp(gain, seconds);
    this.#media?.ramp(gain, seconds);
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1e3);
      this.#endFade = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  get pace(): Pace {
    return this.#pace;
  }

  set pace(pace: Pace) {
    this.#pace = pace;
    if (this.#media) this.#media.pace = pace;
    this.#applyPace();
  }

  get effects(): readonly Effect[] {
    return this.#effects;
  }

  set effects(effects: readonly Effect[]) {
    this.#effects = [...effects];
    this.#applyEffects();
  }

  /** As `AudioContext.sinkId`; empty for the device that the system has chosen. */
  get sinkId(): string {
    return this.#sinkId;
  }

  /** @throws AulosError `output.device` when the browser has no such choice, or no such device, or does not allow it. */
  async setSinkId(id: string): Promise<void> {
    await this.#applySink(id);
    this.#sinkId = id;
  }

  close(): void {
    this.#endFade();
    this.#output = undefined;
    for (const effect of this.#effects) effect.detach();
  }

  #applyPace(): void {
    if (this.#output) this.#tell(this.#output, this.#output.setPace(this.#pace));
  }

  #applyEffects(): void {
    const refuse = (cause: unknown) => {
      throw new AulosError('output.device', { reason: 'effects' }, `an effect cannot be had: ${cause}`, { cause });
    };
    if (this.#output) this.#tell(this.#output, this.#route(this.#output).catch(refuse));
  }

  async #route(output: WorkletOutput): Promise<void> {
    const { EffectChain } = await import('./effects/effect-chain.ts'); // most pages have none
    if (output !== this.#output) return;
    this.#chain ??= new EffectChain(output.node);
    await this.#chain.use(this.#effects);
  }

  /** What fails because its output was given up is no failure. */
  #tell(output: WorkletOutput, done: Promise<void>): void {
    done.catch((error: AulosError) => {
      if (output === this.#output) this.#onFailure(error);
    });
  }

  async #applySink(id = this.#sinkId): Promise<void> {
    try {
      await (this.#output!.context as AudioContext & SinkContext).setSinkId(id);
      await this.#media?.setSinkId(id);
    } catch (cause) {
      throw new AulosError('output.device', { reason: 'sinkId' }, `the browser does not play on the device "${id}": ${cause}`, { cause });
    }
  }
}
