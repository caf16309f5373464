// Tapes so many frames of the first channel from the first one that is not silent, and posts them in one piece.
registerProcessor(
  'tape',
  class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      this.tape = new Float32Array(processorOptions.frames);
      this.length = 0;
    }

    process([[samples]]) {
      const hasBegun = this.length > 0;
      const first = hasBegun || !samples ? 0 : samples.findIndex((x) => x !== 0);
      if (first < 0 || (!hasBegun && !samples)) return true;
      const taken = Math.min(128 - first, this.tape.length - this.length);
      if (samples) this.tape.set(samples.subarray(first, first + taken), this.length);
      this.length += taken;
      if (this.length < this.tape.length) return true;
      this.port.postMessage(this.tape, [this.tape.buffer]);
      return false;
    }
  },
);
