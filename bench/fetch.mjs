// `npm run bench:fetch`: 500 MB on loopback into a file, alternating: curl, aria2c (where they are installed), a bare loop of undici, and
// aulos with both durabilities. Medians of wall and CPU time, and the largest memory; where others use the machine, only the CPU time tells.
// Bars: none ≤ 1.5 × curl and ≤ 1.15 × the bare loop, batched ≤ 2 × curl. Those beside curl are out of reach of whoever uses undici: the bare
// loop alone takes 2 × its wall time and 2.2 to 2.6 × its CPU (Node 20, two cores, ext4), so the one beside the loop is what tells.
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
  const ratio = (name, base, field) => (results[base] ? (of(name, field) / of(base, field)).toFixed(2) : '–');
  console.log(`${SIZE / 1e6} MB on loopback, ${ROUNDS} alternating rounds, medians\n`);
  console.log('            ms   × curl  × bare   CPU ms   × curl  × bare   RSS MiB');
  for (const name of Object.keys(results)) {
    const times = ['ms', 'cpuMs'].flatMap((field) => [of(name, field).toFixed(0), ratio(name, 'curl', field), ratio(name, 'bare', field)]);
    const cells = [...times, results[name][0].rssMiB === undefined ? '–' : of(name, 'rssMiB').toFixed(0)];
    console.log(name.padEnd(8) + cells.map((cell, i) => cell.padStart([6, 8, 8, 9, 8, 8, 10][i])).join(''));
  }
}

/** Wall and CPU time of the whole process, its start included. */
async function time(program, args) {
  const begun = performance.now();
  const child = spawn('sh', ['-c', '"$@" && times', 'sh', program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (text) => (output += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const ms = performance.now() - begun;
  if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}`);
  const [json, childTimes] = [output.split('\n').find((line) => line.startsWith('{')), output.trim().split('\n').at(-1)];
  const cpuMs = [...childTimes.matchAll(/(\d+)m([\d.]+)s/g)].reduce((sum, [, m, s]) => sum + 60_000 * Number(m) + 1000 * Number(s), 0);
  return { rssMiB: json && JSON.parse(json).rssMiB, ms, cpuMs };
}
