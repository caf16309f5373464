// Measures, in the page, the time from a seek to the first sound at the output, with one tap for all contenders. Each knows the file's head.
import { Player } from '/aulos/aulos.js';

const LIMIT_MS = 20_000;
const mediabunny = await import('./mediabunny.js').catch(() => undefined); // if it is installed

/** What has connected `node` to a tap, and gives a promise of the moment at which sound has passed it. */
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

const once = (target, name) => new Promise((resolve) => target.addEventListener(name, resolve, { once: true }));

const contenders = {
  async aulos(url, seconds) {
    const player = new Player();
    player.src = url;
    await once(player, 'loadedmetadata'); // the context has the rate of the track from now on
    await player.context.resume();
    const sound = await tapBehind(player.context, player.node);
    return {
      sound,
      seek() {
        player.currentTime = seconds;
        player.play().catch(() => {}); // closing it ends a play that has not resolved yet
      },
      close: () => player.close(),
    };
  },

  async '<audio>'(url, seconds) {
    const context = new AudioContext();
    await context.resume();
    const element = new Audio();
    const sound = await tapBehind(context, context.createMediaElementSource(element));
    element.preload = 'metadata';
    element.src = url;
    await once(element, 'loadedmetadata');
    return {
      sound,
      seek() {
        element.currentTime = seconds;
        element.play();
      },
      async close() {
        element.removeAttribute('src');
        element.load();
        await context.close();
      },
    };
  },

  async mediabunny(url, seconds) {
    const { ALL_FORMATS, AudioBufferSink, Input, UrlSource } = mediabunny;
    const context = new AudioContext();
    await context.resume();
    const gain = new GainNode(context);
    const sound = await tapBehind(context, gain);
    const input = new Input({ source: new UrlSource(url), formats: ALL_FORMATS });
    const track = await input.getPrimaryAudioTrack();
    const sink = new AudioBufferSink(track);
    await track.getDecoderConfig(); // not its duration: to know that it reads the whole of some files
    let isOver = false;
    return {
      sound,
      async seek() {
        let at = 0;
        for await (const { buffer } of sink.buffers(seconds)) {
          if (isOver) return;
          const source = new AudioBufferSourceNode(context, { buffer });
          source.connect(gain);
          at = Math.max(at, context.currentTime);
          source.start(at);
          at += buffer.duration;
        }
      },
      async close() {
        isOver = true;
        input.dispose();
        await context.close();
      },
    };
  },
};

globalThis.names = Object.keys(contenders).filter((name) => name !== 'mediabunny' || mediabunny);

/** Milliseconds from the seek to second `seconds` of the file to its sound. */
globalThis.measure = async (name, path, seconds) => {
  const url = new URL(path, location.href).href;
  const { sound, seek, close } = await contenders[name](url, seconds);
  const first = sound();
  const start = performance.now();
  Promise.resolve(seek()).catch(() => {}); // what was going to sound, or was closed before it ended
  const ms = (await first) - start;
  await close();
  return ms;
};
globalThis.isReady = true;
