import type { Effect } from './effect.ts';

/** The effects between a node and the destination of its context. While they load, and where there are none, the sound goes past them. */
export class EffectChain {
  readonly #from: AudioNode;
  /** What the node is connected to. */
  #next: AudioNode;
  #effects: readonly Effect[] = [];
  #changes = 0;

  /** `from` is connected to the destination. */
  constructor(from: AudioNode) {
    this.#from = from;
    this.#next = from.context.destination;
  }

  /** Sends the sound through `effects`, in their order, instead of those before. @throws what an effect throws when it cannot be made. */
  async use(effects: readonly Effect[]): Promise<void> {
    const change = ++this.#changes;
    const { context } = this.#from;
    this.#goTo(context.destination);
    for (const effect of this.#effects) if (!effects.includes(effect)) effect.detach();
    this.#effects = effects;
    const parts = await Promise.all(effects.map((effect) => effect.attach(context)));
    if (change !== this.#changes || context.state === 'closed') return;
    for (const [i, { output }] of parts.entries()) output.connect(parts[i + 1]?.input ?? context.destination);
    if (parts.length > 0) this.#goTo(parts[0].input);
  }

  #goTo(next: AudioNode): void {
    if (next === this.#next) return;
    this.#from.connect(next);
    this.#from.disconnect(this.#next);
    this.#next = next;
  }
}
