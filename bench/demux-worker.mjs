// One measurement of `bench/demux.mjs`, bundled with the sources, which are not public. Prints JSON.
import { createFile, MP4BoxBuffer } from 'mp4box';
import { buildSegmentIndex } from '../src/demux/fragments.ts';
import { mp4Demuxer } from '../src/demux/mp4.ts';
import { longMovie } from '../test/fakes/long-movie.ts';
import { virtualMovie } from './virtual-movie.mjs';

const PACKETS = 465_117;
const never = new AbortController().signal;
const sourceOf = (bytes) => ({ length: bytes.length, mediaType: '', read: async ({ start, end }) => bytes.subarray(start, end) });

const openers = {
  async ours(bytes) {
    const demuxer = mp4Demuxer(sourceOf(bytes));
    const { frames } = await demuxer.info(never);
    if (frames % 1024 !== 0) throw new Error(`${frames} frames`);
    return demuxer;
  },
  async mp4box(bytes) {
    const file = createFile();
    let info;
    file.onReady = (told) => {
      info = told;
    };
    file.appendBuffer(MP4BoxBuffer.fromArrayBuffer(bytes.buffer, 0));
    file.flush();
    if (!info) throw new Error('mp4box is not ready');
    return file;
  },
};

function used() {
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function open(opener) {
  const movie = longMovie(PACKETS);
  await opener(longMovie(100));
  const before = used();
  const startedAt = performance.now();
  const begun = process.cpuUsage();
  const kept = await opener(movie);
  const { user, system } = process.cpuUsage(begun);
  const wallMs = performance.now() - startedAt;
  const grown = used() - before;
  if (!kept || movie.length === 0) throw new Error('nothing was opened');
  return { cpuMs: (user + system) / 1000, wallMs, grown };
}

async function index() {
  const movie = virtualMovie({ fragments: 3_500, sampleBytes: 372 });
  let asked = 0;
  const read = async ({ start, end }) => {
    const pieces = [];
    for (let at = start; at < Math.min(end, movie.size); at += pieces.at(-1).length) pieces.push(movie.read(at, Math.min(end, movie.size)));
    const bytes = Uint8Array.from(Buffer.concat(pieces));
    asked += bytes.length;
    return bytes;
  };
  const { segments } = await buildSegmentIndex({ length: movie.size, mediaType: '', read }, never);
  return { fragments: segments.length, share: asked / movie.size };
}

const [task] = process.argv.slice(2);
console.log(JSON.stringify(task === 'index' ? await index() : await open(openers[task])));
