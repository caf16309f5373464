const TAP = `
registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input]) {
    if (input.length > 0) this.port.postMessage(input.map((plane) => plane.slice()));
    return true;
  }
});`;

/** Records what comes out of `node`, one plane per channel, from now on. */
export class Tap {
  readonly #quanta: Float32Array[][] = [];

  static async on(node: AudioNode): Promise<Tap> {
    const module = URL.createObjectURL(new Blob([TAP], { type: 'text/javascript' }));
    await (node.context as AudioContext).audioWorklet.addModule(module);
    return new Tap(node);
  }

  private constructor(node: AudioNode) {
    const recorder = new AudioWorkletNode(node.context, 'tap');
    recorder.port.onmessage = ({ data }: MessageEvent<Float32Array[]>) => this.#quanta.push(data);
    node.connect(recorder).connect(node.context.destination);
  }

  /** Everything so far, and nothing of it again. */
  take(): Float32Array[] {
    return planesOf(this.#quanta.splice(0));
  }

  /** So many frames from the first sound on, once they are here: they come from the audio thread, later than what the page knows. */
  async sound(frames: number): Promise<Float32Array[]> {
    for (;;) {
      const planes = fromFirstSound(planesOf(this.#quanta));
      if (planes[0]?.length >= frames) return planes.map((plane) => plane.subarray(0, frames));
      await new Promise(requestAnimationFrame);
    }
  }
}

function planesOf(quanta: readonly Float32Array[][]): Float32Array[] {
  const channels = Math.max(0, ...quanta.map((quantum) => quantum.length)); // a node that is silent for good gives a single one
  return Array.from({ length: channels }, (_, channel) => {
    const plane = new Float32Array(quanta.length * 128);
    for (const [i, quantum] of quanta.entries()) plane.set(quantum[channel] ?? quantum[0], i * 128);
    return plane;
  });
}

/** The planes from the first frame that is not silent in all of them. */
export function fromFirstSound(planes: readonly Float32Array[]): Float32Array[] {
  const first = Math.min(...planes.map((plane) => plane.findIndex((sample) => sample !== 0)).filter((index) => index >= 0));
  return planes.map((plane) => plane.subarray(Number.isFinite(first) ? first : plane.length));
}
