// `npm start`: sets up a fresh clone, proves on the terminal that a track is fetched through the cache and decoded, then serves the demo.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { build, installPackages, root } from '../setup.mjs';
import { startDemo } from './server.mjs';

const track = 'media/reed.mp3';

/** Runs the command line as a user would; gives what it printed as JSON. */
async function aulos(...args) {
  const { stdout } = await promisify(execFile)(process.execPath, [path.join(root, 'dist/cli.js'), ...args, '--json'], { cwd: root });
  return JSON.parse(stdout);
}

async function prove(demo) {
  const cache = await mkdtemp(path.join(tmpdir(), 'aulos-demo-'));
  const wav = path.join(cache, 'out.wav');
  try {
    const url = demo.url + track;
    const cold = await aulos('fetch', url, '--cache-dir', cache);
    console.log(`fetched    ${track}: ${cold.bytes} bytes held, ${cold.fetchedBytes} from the network in ${cold.requests} request(s)`);
    const warm = await aulos('decode', url, '-o', wav, '--cache-dir', cache);
    console.log(`decoded    ${warm.seconds.toFixed(2)} s to WAV, ${(await stat(wav)).size} bytes`);
    const { sampleRate, channels, codec } = await aulos('inspect', url, '--cache-dir', cache);
    console.log(`inspected  ${codec}, ${sampleRate} Hz, ${channels} channels; the origin saw ${demo.log.length} request(s) in all`);
  } finally {
    await rm(cache, { recursive: true });
  }
}

installPackages();
build();
const demo = await startDemo({ port: Number(process.env.PORT ?? 0) });
await prove(demo);
console.log(`\nThe demo is at ${demo.url}  (Ctrl-C ends it)`);
