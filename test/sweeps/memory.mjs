// `npm run memory`: gigabytes through a source, each in a process of its own, and how much memory it took at most, beside that of a bare
// undici loop that throws the same bytes away. GB sets the size of the plain file. Needs that much room in the temporary folder.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from '../../setup.mjs';

const PLAIN_BYTES = Number(process.env.GB ?? 6) * 1024 ** 3;
/** What passes through a store that is too small; there each MiB is a request of its own. */
const PASSING_BYTES = PLAIN_BYTES / 6;
/** 4 GiB in fragments of a second. */
const MOVIE = ['movie', 41_000, 2_400];
const MAX_OVER_BASELINE = 32 << 20;
/** An index keeps about 200 bytes of each fragment. */
const MAX_OVER_BASELINE_INDEXING = 64 << 20;
/** A guard against hanging, on a busy machine too. */
const MAX_SECONDS = 600;

const tasks = {
  async bare(url) {
    const { request } = await import('undici');
    const { body } = await request(url, { headers: { range: 'bytes=0-' } });
    let bytes = 0;
    for await (const { length } of body) bytes += length;
    return `${bytes} bytes`;
  },
  async whole(url, aulos) {
    const source = await aulos.source(url);
    await source.completed(AbortSignal.timeout(MAX_SECONDS * 1000));
    return `${source.held.size} bytes held`;
  },
  /** The store takes 64 MiB: the rest passes through memory as it is read. */
  async bounded(url, aulos) {
    const source = await aulos.source(url, { whole: false });
    const reader = source.reader();
    reader.playFrom(0);
    const signal = AbortSignal.timeout(MAX_SECONDS * 1000);
    let at = 0;
    for (let bytes; !bytes || bytes.length > 0; at += bytes.length)
      bytes = await reader.read({ start: at, end: at + (1 << 20) }, signal, 1);
    return `${at} bytes read`;
  },
  async index(url, aulos) {
    const source = await aulos.source(url);
    const index = await source.segmentIndex(AbortSignal.timeout(MAX_SECONDS * 1000));
    return `${index?.segments.length} segments, ${((100 * source.traffic.store) / source.length).toFixed(2)} % of it asked from the store`;
  },
};

async function work(task, url) {
  const { createAulos } = await import('../../dist/node.js');
  const cacheDir = mkdtempSync(path.join(tmpdir(), 'aulos-memory-'));
  const aulos = createAulos({ cacheDir, durability: 'none', limits: { maxBytes: task === 'bounded' ? 64 << 20 : 1024 ** 4 } });
  const startedAt = performance.now();
  try {
    const told = await tasks[task](url, aulos);
    process.send({ told, seconds: (performance.now() - startedAt) / 1000, rss: process.resourceUsage().maxRSS * 1024 });
  } finally {
    await aulos.close();
    rmSync(cacheDir, { recursive: true });
    process.disconnect();
  }
}

async function measure(task, ...served) {
  const origin = fork(fileURLToPath(new URL('virtual-origin.mjs', import.meta.url)), served.map(String));
  const [{ port }] = await once(origin, 'message');
  const worker = fork(fileURLToPath(import.meta.url), [task, `http://127.0.0.1:${port}/file.mp4`]);
  const [end] = await Promise.race([once(worker, 'message'), once(worker, 'exit')]);
  if (worker.exitCode === null) await once(worker, 'exit');
  origin.disconnect();
  if (end.rss === undefined) throw new Error(`${task} ended with ${end}`);
  return end;
}

async function sweep() {
  build();
  const mib = (bytes) => `${(bytes / (1 << 20)).toFixed(0)} MiB`;
  let isGood = true;
  for (const [name, served, contenders] of [
    [`plain file of ${mib(PLAIN_BYTES)}`, ['plain', PLAIN_BYTES], ['whole']],
    [`plain file of ${mib(PASSING_BYTES)}`, ['plain', PASSING_BYTES], ['bounded']],
    ['fragmented MP4 of 4 GiB', MOVIE, ['index']],
  ]) {
    const bare = await measure('bare', ...served);
    console.log(`${name}\n  bare     ${mib(bare.rss).padStart(8)}             ${bare.seconds.toFixed(1).padStart(6)} s  ${bare.told}`);
    for (const task of contenders) {
      const { rss, seconds, told } = await measure(task, ...served);
      const over = Math.max(0, rss - bare.rss);
      console.log(`  ${task.padEnd(8)} ${mib(rss).padStart(8)} (+${mib(over).padStart(7)}) ${seconds.toFixed(1).padStart(7)} s  ${told}`);
      isGood &&= over <= (task === 'index' ? MAX_OVER_BASELINE_INDEXING : MAX_OVER_BASELINE) && seconds <= MAX_SECONDS;
    }
  }
  console.log(isGood ? 'flat' : `NOT within ${mib(MAX_OVER_BASELINE)} (index: ${mib(MAX_OVER_BASELINE_INDEXING)}) and ${MAX_SECONDS} s`);
  process.exitCode = isGood ? 0 : 1;
}

const [task, url] = process.argv.slice(2);
await (task ? work(task, url) : sweep());
