// Measures, in the page, the time from play() to the first sample that is not silence at the output, with one tap for all contenders.
import { Player } from '/aulos/aulos.js';

const LIMIT_MS = 20_000;
/** Nobody presses play sooner after a page has come up: whatever goes on in the background has ended. */
const SETTLE_MS = 500;

const settle = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

/** A tap behind `node`, and a promise of the moment at which sound has passed it. */
async function tapBehind(context, node) {
  await context.audioWorklet.addModule('tap.js');
  const tap = new AudioWorkletNode(context, 'first-sound-tap');
  node.connect(tap).connect(context.destination);
  return () =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no sound')), LIMIT_MS);
      tap.port.onmessage = () => {
        clearTimeout(timer);
        resolve(performance.now());
      };
      tap.port.postMessage('arm');
    });
}

const contenders = {
  /** The element, its context running and its tap in place. */
  async audio(url) {
    const context = new AudioContext();
    await context.resume();
    const element = new Audio();
    const sound = await tapBehind(context, context.createMediaElementSource(element));
    await settle();
    const first = sound();
    const start = performance.now();
    element.src = url;
    element.play();
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
    const sound = await tapBehind(player.context, player.node);
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
    const sound = await tapBehind(player.context, player.node);
    const ms = (await sound()) - start;
    await player.close();
    return ms;
  },
};

globalThis.measure = (contender, url) => contenders[contender](new URL(url, location.href).href);
globalThis.isReady = true;
