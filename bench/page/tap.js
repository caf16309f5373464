// Tells the page when the first sample that is not silence passes, once each time it is armed.
registerProcessor(
  'first-sound-tap',
  class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.isArmed = false;
      this.port.onmessage = () => {
        this.isArmed = true;
      };
    }

    process([input], [output]) {
      for (const [channel, samples] of input.entries()) output[channel]?.set(samples);
      if (this.isArmed && input.some((samples) => samples.some((x) => Math.abs(x) > 1e-4))) {
        this.isArmed = false;
        this.port.postMessage('sound');
      }
      return true;
    }
  },
);
