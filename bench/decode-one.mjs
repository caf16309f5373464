// Decodes one file and prints the CPU it took, for decode.mjs: `node decode-one.mjs FILE`, the whole process up to PCM.
import { open } from '../dist/node.js';

const track = await open(process.argv[2]);
let frames = 0;
for await (const block of track.blocks({ signal: new AbortController().signal })) frames += block.planes[0].length;
await track.close();
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ frames, cpuSeconds: (user + system) / 1e6 }));
