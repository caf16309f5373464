// `npm run bench:demux`: what it costs to open long MP4 files, ours beside mp4box, each run in a process of its own. Three hours of M4A: the
// sample tables of 465,117 packets; bars: 40 ms of CPU and 16 MB more memory (heap and buffers after a collection, the file itself not
// counted). An hour of fragmented MP4: the index may read 3 % of the file.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const MAX_MS = 40;
const MAX_BYTES = 16e6;
const MAX_SHARE = 0.03;
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(path.join(tmpdir(), 'aulos-demux-'));
const worker = path.join(folder, 'worker.mjs');

/** Runs `task` of the worker, which opens a small movie first, as a player that has played before. */
function run(task) {
  const out = execFileSync(process.execPath, ['--expose-gc', worker, task], { encoding: 'utf8', maxBuffer: 1 << 20 });
  return JSON.parse(out);
}

const entry = here('./demux-worker.mjs');
const define = { 'import.meta.url': JSON.stringify(pathToFileURL(entry).href) }; // the bundle finds the fixtures from where its parts lie
await build({ entryPoints: [entry], define, bundle: true, platform: 'node', format: 'esm', outfile: worker, logLevel: 'error' });
try {
  const tasks = { ours: [], mp4box: [] };
  for (let round = 0; round < ROUNDS; round++) for (const [task, runs] of Object.entries(tasks)) runs.push(run(task));
  const middle = (name, field) => median(tasks[name].map((one) => one[field]));
  console.log(`3 hours of M4A, ${ROUNDS} alternating rounds, medians`);
  for (const name of Object.keys(tasks)) {
    const [cpu, wall] = ['cpuMs', 'wallMs'].map((field) => middle(name, field).toFixed(1).padStart(7));
    console.log(`  ${name.padEnd(8)} ${cpu} ms of CPU ${wall} ms ${(middle(name, 'grown') / 1e6).toFixed(1).padStart(7)} MB more memory`);
  }
  const { share, fragments } = run('index');
  console.log(`1 hour of fragmented MP4\n  the index of ${fragments} fragments reads ${(100 * share).toFixed(2)} % of the file`);
  const isGood = middle('ours', 'cpuMs') <= MAX_MS && middle('ours', 'grown') <= MAX_BYTES && share <= MAX_SHARE;
  console.log(isGood ? 'within the bars' : `NOT within ${MAX_MS} ms, ${MAX_BYTES / 1e6} MB and ${100 * MAX_SHARE} %`);
  process.exitCode = isGood ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
