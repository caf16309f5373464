// Measures, in the page, the time from play() to the first sample that is not silence at the output, with one instrument for all contenders.
import { Player } from '/aulos/aulos.js';

const LIMIT_MS = 20_000;
/** Nobody presses play sooner after a page has come up: whatever goes on in the background has ended. */
const SETTLE_MS = 500;

/** As loud as what a decoder leaves of silence may be. */
const SILENCE = 1e-4;

const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

/**
 * Gives what waits for sound to come out of `node`, which it connects. By an analyser, at which the page looks each few milliseconds: a worklet
 * of ours would be loaded while a player starts cold, and be measured with it.
 */
function listenTo(context, node) {
  const analyser = new AnalyserNode(context, { fftSize: 2048 });
  const samples = new Float32Array(analyser.fftSize);
  node.connect(analyser).connect(context.destination);
  return () =>
    new Promise((resolve, reject) => {
      const limit = performance.now() + LIMIT_MS;
      const look = () => {
        analyser.getFloatTimeDomainData(samples);
        if (samples.some((sample) => Math.abs(sample) > SILENCE)) resolve(performance.now());
        else if (performance.now() > limit) reject(new Error('no sound'));
        else setTimeout(look); // of 4 ms, as browsers hold it
      };
      look();
    });
}

const contenders = {
  /** The element, its context running. */
  async audio(url) {
    const context = new AudioContext();
    await context.resume();
    const element = new Audio();
    const sound = listenTo(context, context.createMediaElementSource(element));
    await settle();
    const first = sound();
    const start = performance.now();
    element.src = url;
    element.play().catch(() => {}); // taking the source away ends one that has not resolved yet
    const ms = (await first) - start;
    element.removeAttribute('src');
    element.load();
    await context.close();
    return ms;
  },

  /** A player that was made a while ago. */
  async warm(url) {
    const player = new Player();
    await player.context.resume();
    const sound = listenTo(player.context, player.node);
    await settle();
    const first = sound();
    const start = performance.now();
    player.src = url;
    player.play().catch(() => {}); // closing it ends a play that has not resolved yet
    const ms = (await first) - start;
    await player.close();
    return ms;
  },

  /** `new Player()` and play() in one task. */
  async cold(url) {
    await settle();
    const start = performance.now();
    const player = new Player();
    player.src = url;
    player.play().catch(() => {}); // closing it ends a play that has not resolved yet
    const sound = listenTo(player.context, player.node);
    const ms = (await sound()) - start;
    await player.close();
    return ms;
  },
};

globalThis.measure = (contender, url) => contenders[contender](new URL(url, location.href).href);
globalThis.isReady = true;
