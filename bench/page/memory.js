// Plays a queue without a gap in two ways: by a Player through the speaker, which hears the beginning and the end of each track, and many
// times faster, all of it, by a page's half that takes the sound as the AudioWorklet does and throws it away.
import { Player } from '/aulos/aulos.js';

const RATE = 44_100;
/** What is heard of the beginning of each track, and of its end, seconds. */
const HEARD_SECONDS = 3;

const once = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

async function until(player, seconds) {
  while (player.currentTime < seconds) await once(player, 'timeupdate');
}

let player;

/** How much faster than it sounds the sound is taken. Without a bound it would be the garbage of 100 players. */
const SPEED = 40;
const PACE_MS = 250;

/** The worklet's end of a lane, which takes the sound at a pace of its own, and nothing that it was told not to take yet. */
class Rush {
  #lane;
  #frames = 0;
  #until = 0;
  #held = [];
  #hasEnded = false;
  #settle = () => {};
  #refuse = () => {};

  constructor(lane) {
    this.#lane = lane;
    lane.onmessage = ({ data }) => data.type === 'pcm' && this.#held.push(data);
  }

  takeTo(seconds) {
    this.#until = seconds * RATE;
    const reached = new Promise((resolve, reject) => {
      this.#settle = () => resolve(this.#frames / RATE);
      this.#refuse = reject;
    });
    const timer = setInterval(() => this.#go(), PACE_MS);
    return reached.finally(() => clearInterval(timer));
  }

  end() {
    this.#hasEnded = true;
  }

  fail(error) {
    this.#refuse(error);
  }

  /** Takes the sound of one beat, as far as it has come. */
  #go() {
    const beatEnd = this.#frames + (SPEED * RATE * PACE_MS) / 1000;
    while (this.#held.length > 0 && this.#frames < Math.min(beatEnd, this.#until)) {
      const { frames, samples } = this.#held.shift();
      this.#frames += frames;
      this.#lane.postMessage({ type: 'taken', frames, buffers: [samples] }, [samples]);
    }
    if (this.#frames >= this.#until || (this.#hasEnded && this.#held.length === 0)) this.#settle();
  }
}

let rush;

globalThis.steps = {
  /** Plays the beginning of the first track: all code is loaded then, and every queue is full. */
  async begin(urls) {
    player = new Player();
    player.queue.add(...urls);
    await player.play();
    await until(player, HEARD_SECONDS);
  },

  /** Plays the end of the current track, and the beginning of the next. */
  async pass() {
    player.currentTime = player.duration - HEARD_SECONDS;
    await once(player, 'trackchange');
    await until(player, HEARD_SECONDS);
  },

  async finish() {
    player.currentTime = player.duration - HEARD_SECONDS;
    await once(player, 'ended');
    await player.close();
  },

  /** Has the worker decode all of the tracks; nothing is taken from it yet. */
  async rush(urls) {
    const worker = new Worker('/aulos/worker.js', { type: 'module' });
    const { port1: session, port2: theirs } = new MessageChannel();
    const { port1: lane, port2: sender } = new MessageChannel();
    worker.postMessage({ type: 'player', port: theirs }, [theirs]);
    rush = new Rush(lane);
    session.onmessage = ({ data }) => {
      if (data.type === 'junction') tell({ type: 'unload', load: data.after });
      if (data.type === 'failed') rush.fail(new Error(data.error.message));
      if (data.type === 'decoded' && data.isEnd) rush.end();
    };
    const tell = (message, transfer = []) => session.postMessage(message, transfer);
    tell({ type: 'output', output: { lane: { port: sender }, sampleRate: RATE, channels: 2, forSampleRate: RATE } }, [sender]);
    tell({ type: 'load', load: 0, url: urls[0] });
    tell({ type: 'decode', load: 0, run: 1, seconds: 0 });
    for (const [after, url] of urls.slice(1).entries()) tell({ type: 'follow', after, next: { load: after + 1, url } });
  },

  /** Takes its sound up to second `until`, or all of it; gives how far it came. */
  rushTo: (until) => rush.takeTo(until),
};
globalThis.isReady = true;
