// `npm run bench:decode`: CPU seconds (user + system) that fifteen minutes of each format take, ours against `ffmpeg -threads 1`,
// alternating, medians. The bars are those of decoding: from packets in memory to the planes that a decoder lends. "process" is Node from
// start to end, with reading, demuxing and blocks that the caller keeps, as ffmpeg's figure is; AAC and MP3 have a bar of 4 there. Both throw
// the samples away. WebAssembly decoders are measured as we are. "held" is the longest that a minute of decoding, in a fresh process, kept
// the thread from everything else. Last comes a cold process to the first PCM of a cached file, the median of fifteen. FORMATS=MP3,FLAC
// chooses rows (none: only the last), ROUNDS their rounds. Needs ffmpeg, flac and lame.
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import resolve from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';
import esbuild from 'rollup-plugin-esbuild';
import { build, root } from '../setup.mjs';
import { media } from './media.mjs';
import { median } from './median.mjs';

const ROUNDS = Number(process.env.ROUNDS ?? 5);
const CHOSEN = (process.env.FORMATS ?? '').split(',');
const SECONDS = 900;
const PROCESS_BAR = 4;
const FIRST_PCM_MS = 150;
const COLD_PROCESSES = 15;
const HELD_MS = 8;

const formats = [
  { name: 'FLAC 16/44.1', fixture: 'stereo.flac', bar: 1.2, peer: '@wasm-audio-decoders/flac' },
  { name: 'FLAC 24/96', fixture: 'hires.flac', bar: 1.8, peer: '@wasm-audio-decoders/flac' },
  { name: 'MP3 128k', fixture: 'cbr.mp3', bar: 2.2, peer: 'mpg123-decoder' },
  { name: 'MP3 V0', fixture: 'vbr.mp3', bar: 2.2, peer: 'mpg123-decoder' },
  { name: 'AAC ADTS', fixture: 'stereo.aac', bar: 2.2 },
  { name: 'AAC M4A', fixture: 'first.m4a', bar: 2.2 },
  { name: 'ALAC', fixture: 'alac.m4a', bar: 2 },
  { name: 'WAV', fixture: 'stereo.wav' },
];

build();
const folder = mkdtempSync(path.join(tmpdir(), 'aulos-kernels-'));
process.on('exit', () => rmSync(folder, { recursive: true }));
const decoders = await bundleDecoders();

console.log(`${SECONDS} s of music, ${ROUNDS} alternating rounds, medians of CPU seconds; × ffmpeg in brackets\n`);
console.log('format         ffmpeg   decoding         bar   process               held   peer, decoding');
let isWithinBars = true;
for (const format of formats) if (CHOSEN.some((start) => format.name.startsWith(start))) compare(format);
const { firstMs, firstCpuMs, nodeMs, nodeCpuMs } = await coldStart(media('cbr.mp3', SECONDS));
const ms = (value) => `${value.toFixed(0)} ms`;
console.log(
  `\ncold process to the first PCM of a cached MP3: ${ms(firstMs)} (bar ${FIRST_PCM_MS}), ${ms(firstCpuMs)} of CPU; ` +
    `of that Node until it runs anything: ${ms(nodeMs)}, ${ms(nodeCpuMs)}`,
);
process.exitCode = isWithinBars && firstMs <= FIRST_PCM_MS ? 0 : 1;

/** Prints the row of a format. */
function compare({ name, fixture, bar, peer }) {
  const file = media(fixture, SECONDS);
  const contenders = {
    ffmpeg: () => ffmpegCpu(file),
    decoding: () => cpuOf('decode-packets.mjs', decoders, file),
    process: () => cpuOf('decode-one.mjs', file),
    held: () => outputOf('decode-held.mjs', file).heldMs,
    ...(peer && { peer: () => cpuOf('decode-packets.mjs', decoders, file, peer) }),
  };
  const taken = {};
  for (let round = 0; round < ROUNDS; round++) for (const [who, run] of Object.entries(contenders)) (taken[who] ??= []).push(run());
  const ffmpeg = median(taken.ffmpeg);
  const beside = (cpu) => `${cpu.toFixed(2)} (${(cpu / ffmpeg).toFixed(2)}×)`.padEnd(14);
  const decoding = median(taken.decoding);
  const whole = median(taken.process);
  const held = median(taken.held);
  const isWithin = bar === undefined || decoding <= bar * ffmpeg;
  const isWholeWithin = !/AAC|MP3/.test(name) || whole <= PROCESS_BAR * ffmpeg;
  isWithinBars &&= isWithin && isWholeWithin && held <= HELD_MS;
  const isInstalled = peer && taken.peer[0] !== undefined;
  const columns = [
    name.padEnd(12),
    ffmpeg.toFixed(2).padStart(8),
    beside(decoding),
    `${bar ?? ''}`.padStart(4) + (isWithin ? ' ' : '!'),
    beside(whole) + (isWholeWithin ? ' ' : '!'),
    `${held.toFixed(1)} ms`.padStart(8) + (held <= HELD_MS ? ' ' : '!'),
    peer ? (isInstalled ? `${beside(median(taken.peer))} ${peer}` : `${peer} IS NOT INSTALLED`) : '',
  ];
  console.log(columns.join('  ').trimEnd());
}

function cpuOf(script, ...args) {
  return outputOf(script, ...args).cpuSeconds;
}

function outputOf(script, ...args) {
  const text = execFileSync(process.execPath, [fileURLToPath(new URL(script, import.meta.url)), ...args], { encoding: 'utf8' });
  return JSON.parse(text);
}

/** ffmpeg says what it used: `bench: utime=0.5s stime=0.01s rtime=0.5s`. */
function ffmpegCpu(file) {
  const { stderr } = spawnSync('ffmpeg', ['-hide_banner', '-threads', '1', '-benchmark', '-i', file, '-f', 'null', '-'], {
    encoding: 'utf8',
  });
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr);
  return Number(user) + Number(system);
}

/** Bundles the decoders as dist/ has them: a bundler that turns constants into variables would take a third from their speed. */
async function bundleDecoders() {
  const plugins = [resolve({ extensions: ['.ts'] }), esbuild({ target: 'es2022', tsconfig: path.join(root, 'tsconfig.json') })];
  const bundle = await rollup({ input: path.join(root, 'bench/kernels.mjs'), plugins });
  await bundle.write({ dir: folder, format: 'es', entryFileNames: '[name].mjs', chunkFileNames: '[name]-[hash].mjs' });
  return path.join(folder, 'kernels.mjs');
}

/** Medians of ms for a file that was fetched before, its server gone. */
async function coldStart(file) {
  const { createAulos } = await import('../dist/node.js');
  const bytes = readFileSync(file);
  const server = createServer((_, response) => response.writeHead(200, { 'content-length': bytes.length, etag: '"1"' }).end(bytes));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${server.address().port}/${path.basename(file)}`;
  const cacheDir = mkdtempSync(path.join(tmpdir(), 'aulos-cold-'));
  try {
    const aulos = createAulos({ cacheDir });
    const track = await aulos.open(url);
    await track.download({ signal: AbortSignal.timeout(60_000) });
    await track.close();
    await aulos.close();
    server.closeAllConnections();
    server.close();
    const rounds = [];
    for (let round = 0; round < COLD_PROCESSES; round++) rounds.push(await first(cacheDir, url));
    return Object.fromEntries(Object.keys(rounds[0]).map((field) => [field, median(rounds.map((round) => round[field]))]));
  } finally {
    rmSync(cacheDir, { recursive: true });
  }
}

async function first(cacheDir, url) {
  const child = spawn(process.execPath, [fileURLToPath(new URL('decode-first.mjs', import.meta.url)), cacheDir, url]);
  child.stderr.pipe(process.stderr);
  const text = await child.stdout.toArray();
  return JSON.parse(text.join(''));
}
