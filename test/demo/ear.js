// Listens on the page: every AudioContext made from now on is tapped at its destination, and what comes is compared with what ffmpeg decoded.

const QUANTUM = 128;
/** Frames that have to agree to know where in the sound we are. */
const WINDOW = 1_024;
/** As far as two decoders of a lossy format are apart, and more. */
const TOLERANCE = 1e-3;
/** A window begins with sound, for silence is everywhere. */
const LOUD = 0.02;

const { connect } = AudioNode.prototype;
const tapped = new WeakMap();

globalThis.AudioContext = class extends AudioContext {
  constructor(options) {
    super(options);
    const { audioWorklet } = this;
    const addModule = audioWorklet.addModule.bind(audioWorklet);
    const ready = addModule('/ear/tap.js');
    tapped.set(this, ready);
    // The tap is there before the page can make a node of its own module.
    audioWorklet.addModule = (url) => ready.then(() => addModule(url));
  }
};
AudioNode.prototype.connect = function (target, ...ports) {
  const { context } = this;
  const listen = () => {
    const tap = new AudioWorkletNode(context, 'ear-tap');
    tap.port.onmessage = ({ data }) => ear.hear(data);
    connect.call(this, tap);
    connect.call(tap, context.destination);
  };
  if (target === context.destination) tapped.get(context)?.then(listen);
  return connect.call(this, target, ...ports);
};

class Ear {
  /** What went wrong on the page. */
  errors = [];
  /** How much of the expected sound was heard, frames; all of it may still come. */
  frames = 0;
  /** Render quanta in the midst of it that were silent, in part at least. */
  holes = 0;
  /** The frame that was another one than expected; nothing is compared after it. */
  brokenAt;
  #expected = [];
  #quanta = [];
  #anchor = 0;
  /** Where in the recording the search, or after it the comparison, goes on, frames. */
  #at = 0;
  #isFound = false;
  /** Holes behind which no sound has come yet: it may be over. */
  #silent = 0;

  /** From now on expects this sound: 32-bit floats, interleaved, where `url` says. */
  async expect(url, channels) {
    const samples = new Float32Array(await (await fetch(url)).arrayBuffer());
    const frames = samples.length / channels;
    this.#expected = Array.from({ length: channels }, (_, c) => Float32Array.from({ length: frames }, (_, i) => samples[i * channels + c]));
    this.#anchor = this.#expected[0].findIndex((sample) => Math.abs(sample) > LOUD);
    this.#quanta = [];
    Object.assign(this, { frames: 0, holes: 0, brokenAt: undefined });
    this.#at = 0;
    this.#isFound = false;
  }

  /** Takes the next render quantum. */
  hear(planes) {
    this.#quanta.push(planes);
    if (!this.#isFound) this.#search();
    while (this.#isFound && this.#isOpen && this.#at < this.#quanta.length * QUANTUM) this.#compare();
  }

  get #isOpen() {
    return this.brokenAt === undefined && this.frames < (this.#expected[0]?.length ?? 0);
  }

  #sample(channel, frame) {
    const planes = this.#quanta[Math.floor(frame / QUANTUM)];
    return planes?.[Math.min(channel, planes.length - 1)]?.[frame % QUANTUM] ?? 0;
  }

  #agrees(heardAt, expectedAt) {
    return this.#expected.every((plane, c) => Math.abs(this.#sample(c, heardAt) - plane[expectedAt]) < TOLERANCE);
  }

  #search() {
    for (; this.#at + WINDOW <= this.#quanta.length * QUANTUM; this.#at++) {
      let agreed = 0;
      while (agreed < WINDOW && this.#agrees(this.#at + agreed, this.#anchor + agreed)) agreed++;
      if (agreed < WINDOW) continue;
      this.#isFound = true;
      this.#at -= this.#anchor; // what came before it is compared, too
      return;
    }
  }

  /** Compares up to the end of a quantum. A hole reaches up to it, and what it took away comes after it. */
  #compare() {
    const end = (Math.floor(this.#at / QUANTUM) + 1) * QUANTUM;
    const size = Math.min(end - this.#at, this.#expected[0].length - this.frames);
    let agreed = 0;
    while (agreed < size && this.#agrees(this.#at + agreed, this.frames + agreed)) agreed++;
    if (agreed < size) {
      // Before a hole, sound near zero agrees with silence.
      while (agreed > 0 && this.#isSilent(this.#at + agreed - 1)) agreed--;
      for (let frame = this.#at + agreed; frame < end; frame++) if (!this.#isSilent(frame)) return this.#break(agreed);
      this.#silent++;
    } else {
      this.holes += this.#silent;
      this.#silent = 0;
    }
    this.frames += agreed;
    this.#at = end;
  }

  #isSilent(frame) {
    return this.#expected.every((_, c) => this.#sample(c, frame) === 0);
  }

  #break(agreed) {
    this.brokenAt = this.frames + agreed;
  }
}

globalThis.ear = new Ear();
for (const name of ['error', 'unhandledrejection', 'securitypolicyviolation'])
  addEventListener(name, (event) => ear.errors.push(`${name}: ${event.message ?? event.reason ?? event.violatedDirective}`));
