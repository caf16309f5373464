// `npm run bench:fetch`: 500 MB on loopback into a file, alternating: curl, aria2c (where they are installed), a bare loop of undici, and
// aulos with both durabilities. Medians of wall and CPU time, and the largest memory. Bars: none ≤ 1.5 × curl and ≤ 1.15 × the bare loop,
// batched ≤ 2 × curl.
import { spawn, spawnSync } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { build } from '../setup.mjs';
import { median } from './median.mjs';

const SIZE = Number(process.env.MB ?? 500) * 1_000_000;
const ROUNDS = Number(process.env.ROUNDS ?? 5);
const PIECE = randomFillSync(Buffer.alloc(1024 * 1024));

if (isMainThread) await compare();
else serve(workerData);

/** Answers with as many bytes as are asked for, from memory. */
function serve({ port }) {
  createServer((request, response) => {
    const [, from, to] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
    const [start, end] = [Number(from ?? 0), to ? Number(to) + 1 : SIZE];
    const range = from === undefined ? {} : { 'content-range': `bytes ${start}-${end - 1}/${SIZE}` };
    const headers = { 'content-length': end - start, 'content-type': 'audio/mpeg', etag: '"1"', 'accept-ranges': 'bytes', ...range };
    response.writeHead(from === undefined ? 200 : 206, headers);
    let at = start;
    const send = () => {
      for (let hasRoom = true; hasRoom && at < end; ) {
        const piece = PIECE.subarray(at % PIECE.length, Math.min(PIECE.length, (at % PIECE.length) + end - at));
        at += piece.length;
        hasRoom = response.write(piece);
      }
      if (at >= end) response.end();
    };
    response.on('drain', send);
    send();
  }).listen(0, '127.0.0.1', function () {
    new Int32Array(port)[0] = this.address().port;
    Atomics.notify(new Int32Array(port), 0);
  });
}

async function compare() {
  build();
  const port = new SharedArrayBuffer(4);
  const server = new Worker(fileURLToPath(import.meta.url), { workerData: { port } });
  await Atomics.waitAsync(new Int32Array(port), 0, 0).value;
  const url = `http://127.0.0.1:${new Int32Array(port)[0]}/a.mp3`;
  const one = fileURLToPath(new URL('fetch-one.mjs', import.meta.url));
  const node = (contender) => (folder) => [process.execPath, [one, contender, url, folder]];
  const contenders = {
    curl: (folder) => ['curl', ['-s', '-o', path.join(folder, 'curl'), url]],
    aria2c: (folder) => ['aria2c', ['-q', '-d', folder, '-o', 'aria2', url]],
    bare: node('bare'),
    none: node('none'),
    batched: node('batched'),
  };
  const results = {};
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, commandIn] of Object.entries(contenders)) {
      const folder = mkdtempSync(path.join(os.tmpdir(), 'aulos-fetch-'));
      const [program, args] = commandIn(folder);
      if (spawnSync('which', [program], { stdio: 'ignore' }).status === 0) (results[name] ??= []).push(await time(program, args));
      rmSync(folder, { recursive: true });
    }
  }
  await server.terminate();
  const of = (name, field) => median(results[name].map((result) => result[field]));
  const ratio = (name, base) => (results[base] ? (of(name, 'ms') / of(base, 'ms')).toFixed(2) : '–');
  console.log(`${SIZE / 1e6} MB on loopback, ${ROUNDS} alternating rounds, medians\n\n            ms   × curl  × bare   CPU ms   RSS MiB`);
  for (const name of Object.keys(results)) {
    const inside = results[name][0].cpuMs === undefined ? ['–', '–'] : [of(name, 'cpuMs').toFixed(0), of(name, 'rssMiB').toFixed(0)];
    const cells = [of(name, 'ms').toFixed(0), ratio(name, 'curl'), ratio(name, 'bare'), ...inside];
    console.log(name.padEnd(8) + cells.map((cell, i) => cell.padStart([6, 8, 8, 9, 10][i])).join(''));
  }
}

/** Wall time of the whole process: curl starts, too. */
async function time(program, args) {
  const begun = performance.now();
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const ms = performance.now() - begun;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  return { cpuMs: undefined, rssMiB: undefined, ...(output && JSON.parse(output)), ms };
}
