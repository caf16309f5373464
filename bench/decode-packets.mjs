// Decodes the packets of one file from memory and prints the CPU that took, for decode.mjs: `node decode-packets.mjs BUNDLE FILE [PEER]`.
// A peer is a package with its own decoder; prints {} if it is not installed.
import { statSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { open } from '../dist/node.js';

const [bundle, file, peer] = process.argv.slice(2);
const signal = new AbortController().signal;
/** Packets given to a decoder at a time: about 100 ms. */
const BATCH = 5;

/** From the name of a package to a function that decodes a list of packets and gives the frames. */
const peers = {
  async 'mpg123-decoder'() {
    const { MPEGDecoder } = await import('mpg123-decoder');
    const decoder = new MPEGDecoder();
    await decoder.ready;
    return (packets) => decoder.decodeFrames(packets.map(({ data }) => data)).samplesDecoded;
  },
  async '@wasm-audio-decoders/flac'() {
    const { FLACDecoder } = await import('@wasm-audio-decoders/flac');
    const decoder = new FLACDecoder();
    await decoder.ready;
    return async (packets) => (await decoder.decodeFrames(packets.map(({ data }) => data))).samplesDecoded;
  },
};

const kernels = await import(pathToFileURL(bundle).href);
const track = await open(file);
const bytes = new Uint8Array(statSync(file).size); // one buffer for all, as thousands of small ones would keep the garbage collector busy
const packets = [];
let size = 0;
for await (const packet of track.packets({ signal })) {
  bytes.set(packet.data, size);
  packets.push({ ...packet, data: bytes.subarray(size, (size += packet.data.length)) });
}
await track.close();

const decode = peer ? await peers[peer]().catch(notInstalled) : await ours();
console.log(JSON.stringify(decode ? await measure(decode) : {}));

/** The decoder itself: from packets to the planes that it lends. */
async function ours() {
  const { config } = track.info;
  const kernel = new kernels[config.codec](config);
  return (batch) => batch.reduce((frames, { data }) => frames + kernel.decode(data).frames, 0);
}

async function measure(decode) {
  const before = process.cpuUsage();
  let frames = 0;
  for (let i = 0; i < packets.length; i += BATCH) frames += await decode(packets.slice(i, i + BATCH));
  const { user, system } = process.cpuUsage(before);
  return { frames, cpuSeconds: (user + system) / 1e6 };
}

function notInstalled(error) {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
}
