// For decode.mjs: `node decode-held.mjs FILE` decodes a minute and prints the longest that it held the thread in one go, ms: from one turn of
// the event loop to the next, as the CPU time of this thread, since on a busy machine a clock tells more of the others.
import { readFileSync } from 'node:fs';
import { open } from '../dist/node.js';

/** On Linux: ns on the CPU, ns in the queue, turns. */
const threadMs = () => Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6;

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
