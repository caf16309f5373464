// `npm run bench:segment-index`: the index of an hour of fragmented MP4 (3,500 fragments) out of a disk store, ours against handing all bytes
// to mp4box, alternating, medians of CPU time, since other programs disturb the clock. Bars: 3 × as fast, at most 3 % of the bytes asked.
// `npm run bench:segment-index -- --4gb`: the memory that the index of 4 GiB takes, without a store; the bar is 64 MiB (`npm run memory` measures it with one).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { createFile, MP4BoxBuffer } from 'mp4box';
import { median } from './median.mjs';
import { virtualMovie } from './virtual-movie.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 7);
const FRAGMENTS = 3_500;
const PIECE = 1 << 20;
const never = new AbortController().signal;
const movie = virtualMovie({ fragments: FRAGMENTS, sampleBytes: 372 });
const folder = mkdtempSync(path.join(tmpdir(), 'aulos-segment-index-'));

/** The parts that are measured are not public: they are bundled from the sources. */
async function bundle() {
  const contents = `
    export { segmentIndexer } from './src/demux/segment-indexer.ts';
    export { createDiskStore } from './src/store/disk.node.ts';
    export { assetKey } from './src/store/key.ts';
  `;
  const resolveDir = fileURLToPath(new URL('..', import.meta.url));
  const outfile = path.join(folder, 'aulos.mjs');
  await build({ stdin: { contents, resolveDir, loader: 'ts' }, bundle: true, platform: 'node', format: 'esm', outfile, logLevel: 'error' });
  return import(pathToFileURL(outfile));
}

const { segmentIndexer, createDiskStore, assetKey } = await bundle();
const url = 'https://example.org/hour.mp4';

/** Runs `task` on the stored movie as a process that has just begun has it: nothing in memory. */
async function onStored(task) {
  const store = createDiskStore({ root: path.join(folder, 'store'), durability: 'none' });
  const asset = await store.open(assetKey(url));
  let asked = 0;
  const read = async ({ start, end }) => {
    const bytes = await asset.read({ start, end: Math.min(end, movie.size) }, never);
    asked += bytes.length;
    return bytes;
  };
  const startedAt = performance.now();
  const begun = process.cpuUsage();
  const result = await task({ length: movie.size, mediaType: 'audio/mp4', read }, asset);
  const { user, system } = process.cpuUsage(begun);
  const wallMs = performance.now() - startedAt;
  await store.close();
  return { result, cpuMs: (user + system) / 1000, wallMs, asked };
}

const download = (_source, asset) => {
  const fill = async () => {
    const generation = await asset.begin({ url, mediaType: 'audio/mp4', validator: {}, length: movie.size });
    for (let at = 0; at < movie.size; ) {
      const bytes = movie.read(at, movie.size);
      await asset.write(generation, at, bytes);
      at += bytes.length;
    }
    await asset.commit(movie.size);
  };
  return fill();
};

const ours = async (source) => (await segmentIndexer(source, never)).segments.length;

const mp4box = async (source) => {
  const file = createFile();
  for (let at = 0; at < movie.size; at += PIECE) {
    const bytes = await source.read({ start: at, end: at + PIECE });
    file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes.slice().buffer, at));
  }
  file.flush();
  return file.moofs.length;
};

const MAX_GROWTH = 64 << 20;
const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(0)} MiB`;

/** What the peak of resident memory grows by while `movie` is indexed by a process that has indexed a small one. */
async function growthOfIndexing(movie) {
  const index = (movie) => {
    const read = async ({ start, end }, _signal, atLeast = end - start) => {
      const first = movie.read(start, Math.min(end, movie.size));
      if (first.length >= Math.min(atLeast, movie.size - start)) return first;
      return Buffer.concat([first, movie.read(start + first.length, Math.min(end, movie.size))]);
    };
    return segmentIndexer({ length: movie.size, mediaType: 'audio/mp4', read }, never);
  };
  await index(virtualMovie({ fragments: 100, sampleBytes: 372 }));
  const before = process.resourceUsage().maxRSS * 1024;
  const begun = process.cpuUsage();
  const built = await index(movie);
  const { user, system } = process.cpuUsage(begun);
  return { built, cpuMs: (user + system) / 1000, growth: process.resourceUsage().maxRSS * 1024 - before };
}

async function measureMemory() {
  const movie = virtualMovie({ fragments: 41_000, sampleBytes: 2_400 });
  const { built, cpuMs, growth } = await growthOfIndexing(movie);
  const isGood = growth <= MAX_GROWTH && built.segments.length === 41_000;
  console.log(`${built.segments.length} fragments, ${mib(movie.size)}: ${cpuMs.toFixed(0)} ms of CPU`);
  console.log(`peak resident memory grew by ${mib(growth)} (the bar: ${mib(MAX_GROWTH)}: ${isGood ? 'met' : 'NOT met'})`);
  process.exitCode = isGood ? 0 : 1;
}

async function compare() {
  await onStored(download);
  const contenders = { ours, mp4box };
  const runs = { ours: [], mp4box: [] };
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, task] of Object.entries(contenders)) {
      const run = await onStored(task);
      if (run.result !== FRAGMENTS) throw new Error(`${name} found ${run.result} fragments of ${FRAGMENTS}`);
      runs[name].push(run);
    }
  }
  const middle = (name, field) => median(runs[name].map((run) => run[field]));
  const share = (name) => (100 * runs[name][0].asked) / movie.size;
  console.log(`${FRAGMENTS} fragments, ${(movie.size / 1e6).toFixed(1)} MB, ${ROUNDS} alternating rounds, medians\n`);
  for (const name of Object.keys(contenders)) {
    const [cpu, wall] = ['cpuMs', 'wallMs'].map((field) => middle(name, field).toFixed(0).padStart(6));
    console.log(`${name.padEnd(8)} ${cpu} ms of CPU ${wall} ms   ${share(name).toFixed(2).padStart(6)} % of the bytes asked for`);
  }
  const ratio = middle('mp4box', 'cpuMs') / middle('ours', 'cpuMs');
  const isGood = ratio >= 3 && share('ours') <= 3;
  console.log(`\nours is ${ratio.toFixed(1)} × as fast (the bars: 3 ×, 3 % of the bytes: ${isGood ? 'met' : 'NOT met'})`);
  process.exitCode = isGood ? 0 : 1;
}

try {
  await (process.argv.includes('--4gb') ? measureMemory() : compare());
} finally {
  rmSync(folder, { recursive: true });
}
