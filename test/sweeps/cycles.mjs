// `npm run cycles`: opens, decodes and closes a thousand times, each time another of the demo's formats, from a file or from the cache, and
// tells what memory that leaves behind once all garbage is collected. CYCLES sets how many. Fails on growth.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import v8 from 'node:v8';
import vm from 'node:vm';
import { build, root } from '../../setup.mjs';

const CYCLES = Number(process.env.CYCLES ?? 1000);
/** After these all code is loaded, compiled and has its tables. */
const WARM_UP = 100;
const SECONDS = 1;
/** By how much the objects may grow, and the buffers, that are left once all garbage is collected: a leak of 1 KiB a cycle is found. */
const MAX_GROWTH = 1 << 20;
/** Pages go back to the system as the allocator likes; what leaks outside of the heap comes again in each half. */
const MAX_RSS_GROWTH = 24 << 20;

build();
const { createAulos, open } = await import('../../dist/node.js');
v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc');

const media = path.join(root, 'demo/media');
const files = readdirSync(media).filter((name) => /\.(aac|flac|m4a|mp3|ogg|opus|wav)$/.test(name));
const server = createServer(({ url }, response) => response.setHeader('etag', '"1"').end(readFileSync(path.join(media, url))));
await once(server.listen(0, '127.0.0.1'), 'listening');
const cacheDir = mkdtempSync(path.join(tmpdir(), 'aulos-cycles-'));
const aulos = createAulos({ cacheDir, durability: 'none' });
try {
  for (let i = 0; i < WARM_UP; i++) await cycle(i);
  console.log(`${CYCLES} cycles over ${files.length} formats, ${SECONDS} s decoded in each\n`);
  console.log('cycles      objects     buffers         RSS');
  const before = await weigh(0);
  for (let i = 0; i < CYCLES / 2; i++) await cycle(i);
  const middle = await weigh(CYCLES / 2);
  for (let i = 0; i < CYCLES / 2; i++) await cycle(i);
  const after = await weigh(CYCLES);
  const isFlat = ['objects', 'buffers'].every((what) => after[what] - before[what] <= MAX_GROWTH);
  const isSettled = Math.min(middle.rss - before.rss, after.rss - middle.rss) <= MAX_RSS_GROWTH / 2;
  console.log(isFlat && isSettled ? '\nflat' : `\nNOT flat: ${isFlat ? 'the RSS' : 'what is in use'} grows`);
  process.exitCode = isFlat && isSettled ? 0 : 1;
} finally {
  await aulos.close();
  server.closeAllConnections();
  server.close();
  rmSync(cacheDir, { recursive: true });
}

/** Every other time from the cache, which asks the server once for each file. */
async function cycle(i) {
  const name = files[(i >> 1) % files.length];
  const isLocal = i % 2 === 0;
  const track = isLocal ? await open(path.join(media, name)) : await aulos.open(`http://127.0.0.1:${server.address().port}/${name}`);
  let frames = 0;
  for await (const block of track.blocks({ signal: AbortSignal.timeout(60_000), end: SECONDS })) frames += block.planes[0].length;
  await track.close();
  if (frames !== Math.ceil(SECONDS * track.info.config.sampleRate)) throw new Error(`${name} gave ${frames} frames`);
}

async function weigh(cycles) {
  // Twice, with a turn of the event loop between, for what finalizers and closed handles let go.
  for (let i = 0; i < 2; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const { heapUsed: objects, external: buffers, rss } = process.memoryUsage();
  console.log(`${String(cycles).padStart(6)} ${[objects, buffers, rss].map((bytes) => mib(bytes).padStart(11)).join(' ')}`);
  return { objects, buffers, rss };
}

function mib(bytes) {
  return `${(bytes / (1 << 20)).toFixed(1)} MiB`;
}
