/** Where sound enters and leaves a part of a Web Audio graph. */
export interface EffectNodes {
  readonly input: AudioNode;
  readonly output: AudioNode;
}

/** Something between a player and the speaker. It keeps its settings when the player goes to another context. */
export interface Effect {
  /** Makes its nodes in `context`, instead of those that it had; whoever asks connects them. */
  attach(context: BaseAudioContext): EffectNodes | Promise<EffectNodes>;
  /** Lets its nodes go. */
  detach(): void;
}
