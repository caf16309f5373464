import type { Effect, EffectNodes } from './effect.ts';

const GLIDE_SECONDS = 0.02;

/** Moves stereo to one side, or makes it mono. More channels than two are mixed down to them. */
export class Balance implements Effect {
  #balance = 0;
  #isMono = false;
  /** From left to left, left to right, right to left, right to right. */
  #gains: readonly GainNode[] = [];
  #ends: readonly AudioNode[] = [];

  /** −1 = only the left side, 1 = only the right one; the other side is turned down, none is turned up. */
  get balance(): number {
    return this.#balance;
  }

  /** @throws RangeError outside of −1..1. */
  set balance(balance: number) {
    if (!(Math.abs(balance) <= 1)) throw new RangeError(`the balance goes from -1 to 1, not to ${balance}`);
    this.#balance = balance;
    this.#apply();
  }

  /** Both sides on both speakers, for one ear. */
  get isMono(): boolean {
    return this.#isMono;
  }

  set isMono(isMono: boolean) {
    this.#isMono = isMono;
    this.#apply();
  }

  attach(context: BaseAudioContext): EffectNodes {
    this.detach();
    const input = new GainNode(context, { channelCount: 2, channelCountMode: 'explicit' }); // mono comes in on both sides
    const splitter = new ChannelSplitterNode(context, { numberOfOutputs: 2 });
    const output = new ChannelMergerNode(context, { numberOfInputs: 2 });
    input.connect(splitter);
    this.#gains = this.#matrix().map((gain, i) => {
      const node = new GainNode(context, { gain });
      splitter.connect(node, i >> 1).connect(output, 0, i & 1);
      return node;
    });
    this.#ends = [input, splitter, output];
    return { input, output };
  }

  detach(): void {
    for (const node of [...this.#ends, ...this.#gains]) node.disconnect();
    this.#ends = [];
    this.#gains = [];
  }

  #matrix(): readonly number[] {
    const left = Math.min(1, 1 - this.#balance);
    const right = Math.min(1, 1 + this.#balance);
    return this.#isMono ? [left / 2, right / 2, left / 2, right / 2] : [left, 0, 0, right];
  }

  #apply(): void {
    const matrix = this.#matrix();
    for (const [i, { gain, context }] of this.#gains.entries()) gain.setTargetAtTime(matrix[i], context.currentTime, GLIDE_SECONDS);
  }
}
