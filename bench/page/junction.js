// Plays the two halves of a signal in a row with each contender, tapes what reaches the destination of its context, and compares.
import { Gapless5 } from '@regosen/gapless-5';
import { Queue } from 'gapless';
import { Player } from '/aulos/aulos.js';

/** Frames of a stretch that is looked for on the tape. */
const STRETCH = 16_384;
/** What may be lost or added and still be found, frames; and how late on the tape the first half may begin. */
const REACH = 48_000;
/** As far around the junction the error is measured, frames. */
const AROUND = 2048;

/** A contender that does not play both halves by then does not play them. */
const LIMIT_MS = 30_000;

let rate;
/** The context that was made last: each contender makes one of its own. */
let current;

/** A context of which the tape gets everything. The contenders cannot tell. */
globalThis.AudioContext = class extends AudioContext {
  #way;

  constructor(options) {
    super({ ...options, sampleRate: rate });
    this.#way = new GainNode(this);
    this.#way.connect(super.destination);
    current = this;
  }

  get destination() {
    return this.#way ?? super.destination;
  }
};

/** Each gets ready to play both URLs, and gives what begins it. */
const contenders = {
  async aulos(urls) {
    const player = new Player({ sampleRate: rate });
    player.preload = 'auto';
    player.queue.add(...urls);
    return () => player.play();
  },

  /** Two elements, the second one loaded and started by the `ended` of the first: what pages do that have no library. */
  async '<audio> pair'(urls) {
    const context = new AudioContext();
    const elements = urls.map((url) => {
      const element = new Audio(url);
      element.preload = 'auto';
      context.createMediaElementSource(element).connect(context.destination);
      return element;
    });
    await Promise.all(elements.map((element) => new Promise((resolve) => element.addEventListener('canplaythrough', resolve))));
    elements[0].addEventListener('ended', () => elements[1].play());
    return async () => {
      await context.resume();
      await elements[0].play();
    };
  },

  /** With Web Audio throughout, which joins best. */
  async 'gapless.js'(urls) {
    const queue = new Queue({ tracks: urls, playbackMethod: 'WEBAUDIO_ONLY' });
    await queue.resumeAudioContext();
    return () => queue.play();
  },

  /** With Web Audio throughout, which joins best. */
  async 'Gapless-5'(urls) {
    const player = new Gapless5({ useHTML5Audio: false, useWebAudio: true });
    const loaded = new Promise((resolve) => {
      player.onload = (url) => url.endsWith(urls[1]) && resolve();
    });
    for (const url of urls) player.addTrack(url);
    await loaded;
    await player.context.resume();
    return () => player.play();
  },
};

/** The first channel of a 16-bit stereo WAV of ours. */
async function readWav(url) {
  const bytes = await (await fetch(url)).arrayBuffer();
  const view = new DataView(bytes);
  let at = 12;
  while (view.getUint32(at) !== 0x64617461) at += 8 + view.getUint32(at + 4, true); // 'data'
  const samples = new Int16Array(bytes.slice(at + 8, at + 8 + view.getUint32(at + 4, true)));
  return Float32Array.from({ length: samples.length >> 1 }, (_, i) => samples[2 * i] / 32_768);
}

/** Where on the tape the stretch of the signal from `start` on is most like itself, between two places. */
function find(tape, signal, start, from, to) {
  let [best, least] = [from, Infinity];
  for (let at = Math.max(0, from); at <= Math.min(to, tape.length - STRETCH); at++) {
    let error = 0;
    for (let i = 0; i < STRETCH && error < least; i++) error += (tape[at + i] - signal[start + i]) ** 2;
    if (error < least) [best, least] = [at, error];
  }
  return best;
}

function errorDb(tape, signal, offset, from, to) {
  let [error, energy] = [0, 0];
  for (let i = from; i < to; i++) {
    error += (tape[i + offset] - signal[i]) ** 2;
    energy += signal[i] ** 2;
  }
  return 10 * Math.log10(error / energy);
}

/**
 * Frames that were added (or, below zero, lost) between the first half and the second, and the error beside the signal, dB, around the
 * junction and in the midst of the first half: what the codec does is in both.
 */
globalThis.measure = async (name, sampleRate, whole, cut, urls) => {
  rate = sampleRate;
  const signal = await readWav(whole);
  const play = await contenders[name](urls);
  await current.audioWorklet.addModule('tape.js');
  const tapeNode = new AudioWorkletNode(current, 'tape', { processorOptions: { frames: signal.length + REACH } });
  current.destination
    .connect(tapeNode)
    .connect(new GainNode(current, { gain: 0 }))
    .connect(current.destination);
  const taped = new Promise((resolve, reject) => {
    tapeNode.port.onmessage = ({ data }) => resolve(data);
    setTimeout(() => reject(new Error('the tape does not fill')), LIMIT_MS);
  });
  await play();
  const tape = await taped;
  const [before, after] = [cut - AROUND - STRETCH, cut + AROUND];
  const offset = find(tape, signal, before, before - REACH, before + REACH) - before;
  const offsetAfter = find(tape, signal, after, after + offset - REACH, after + offset + REACH) - after;
  return {
    added: offsetAfter - offset,
    junctionDb: errorDb(tape, signal, offset, cut - AROUND, cut + AROUND),
    codecDb: errorDb(tape, signal, offset, before, before + STRETCH),
  };
};
globalThis.isReady = true;
