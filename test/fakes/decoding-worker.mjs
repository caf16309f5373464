/** Runs in a worker thread: decodes a URL with the built library, and sends its planes. */
import { parentPort, workerData } from 'node:worker_threads';

const { library, url, cacheDir } = workerData;
const { open } = await import(library);

const track = await open(url, { cacheDir });
const blocks = [];
for await (const { planes } of track.blocks({ signal: new AbortController().signal })) blocks.push(planes);
await track.close();

const frames = blocks.reduce((sum, [plane]) => sum + plane.length, 0);
const planes = blocks[0].map((_, channel) => {
  const whole = new Float32Array(frames);
  let at = 0;
  for (const block of blocks) {
    whole.set(block[channel], at);
    at += block[channel].length;
  }
  return whole;
});
parentPort.postMessage(planes);
