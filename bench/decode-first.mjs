// For decode.mjs: `node decode-first.mjs CACHE-DIR URL` opens a cached file in a fresh process, then decodes a minute of it. Prints ms since
// the process began until the first PCM, the CPU of that, and the longest that decoding held the thread, in ms of CPU of all threads.
import { createAulos } from '../dist/node.js';

const [cacheDir, url] = process.argv.slice(2);
const aulos = createAulos({ cacheDir });
const track = await aulos.open(url);
let firstMs;
let firstCpuMs;
let longestMs = 0;
let since;
let isDecoding = true;
const cpuMs = ({ user, system }) => (user + system) / 1e3;
const watch = () => {
  longestMs = Math.max(longestMs, cpuMs(process.cpuUsage(since)));
  since = process.cpuUsage();
  if (isDecoding) setImmediate(watch);
};
for await (const _ of track.blocks({ signal: new AbortController().signal, end: 60 })) {
  if (firstMs !== undefined) continue;
  firstMs = performance.now();
  since = process.cpuUsage();
  firstCpuMs = cpuMs(since);
  setImmediate(watch);
}
isDecoding = false;
await track.close();
await aulos.close();
console.log(JSON.stringify({ firstMs, firstCpuMs, longestMs }));
