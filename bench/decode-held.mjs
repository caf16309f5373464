// For decode.mjs: `node decode-held.mjs FILE` decodes a minute and prints the longest that it held the thread in one go, ms: from one turn of
// the event loop to the next, as the CPU time of this thread where Linux tells it, since on a busy machine a clock tells more of the others.
import { openSync, readSync } from 'node:fs';
import { open } from '../dist/node.js';

const threadMs = process.platform === 'linux' ? threadClock() : () => performance.now();
const track = await open(process.argv[2]);
let heldMs = 0;
let since;
let isDecoding = true;
const watch = () => {
  const now = threadMs();
  if (since !== undefined) heldMs = Math.max(heldMs, now - since);
  since = now;
  if (isDecoding) setImmediate(watch);
};
setImmediate(watch);
for await (const _ of track.blocks({ signal: new AbortController().signal, end: 60 }));
isDecoding = false;
await track.close();
console.log(JSON.stringify({ heldMs }));

/** Reads schedstat: ns on the CPU, ns in the queue, turns. The kernel brings the first up to date at its ticks, and whenever usage is asked for. */
function threadClock() {
  const file = openSync('/proc/thread-self/schedstat', 'r');
  const text = Buffer.alloc(64);
  return () => {
    process.cpuUsage();
    return parseInt(text.latin1Slice(0, readSync(file, text, 0, text.length, 0)), 10) / 1e6;
  };
}
