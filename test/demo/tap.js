/** Hands on every render quantum that comes in, and gives silence. */
class Tap extends AudioWorkletProcessor {
  process([input]) {
    this.port.postMessage(input.map((plane) => plane.slice()));
    return true;
  }
}
registerProcessor('ear-tap', Tap);
