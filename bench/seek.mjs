// `npm run bench:seek`: what a seek to 90 % of a file costs of which only the head was read: requests, bytes taken from response bodies, and
// the error of the time that is told, in samples; ours beside mediabunny (if it is installed: npm i --no-save mediabunny) on one server.
// The files, of 10 minutes and of 10 hours, are made up as they are read. Bars: 2 requests and 256 kB, 5 requests for FLAC and Ogg
// without tables; no error that is not told; none at all once there is a frame index. Then the time to the sound: see seek-sound.mjs.
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const LENGTHS = { '10 min': 600, '10 h': 36_000 };
const PART = 0.9;
/** What a contender may take before it is stopped. */
const MAX_BYTES = 32e6;
const MAX_MS = 20_000;
const root = fileURLToPath(new URL('..', import.meta.url));
const never = new AbortController().signal;
const folder = mkdtempSync(path.join(tmpdir(), 'aulos-seek-'));

/** The parts that are measured are not public: they are bundled from the sources. */
async function bundle() {
  const contents = `
    export { createAulos } from './src/node.ts';
    export { openDemuxer } from './src/demux/probe.ts';
    export { virtualTracks } from './test/fakes/virtual/all.ts';
  `;
  const outfile = path.join(root, 'node_modules/.cache/aulos-bench/seek.mjs');
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  await build({ stdin, bundle: true, packages: 'external', platform: 'node', format: 'esm', outfile, logLevel: 'error' });
  return import(pathToFileURL(outfile));
}

const { createAulos, openDemuxer, virtualTracks } = await bundle();
const mediabunny = await import('mediabunny').catch(() => undefined);

const served = new Map();
function* piecesOf(track, start, end) {
  for (let at = start; at < end; ) {
    const piece = track.read(at, Math.min(end, at + 65_536));
    yield piece;
    at += piece.length;
  }
}
const server = createServer((request, response) => {
  const track = served.get(request.url);
  if (!track) return response.writeHead(404).end(); // a contender that was stopped still asks
  const [, from = '0', to = ''] = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? '') ?? [];
  const [start, end] = [Number(from), to === '' ? track.size : Math.min(track.size, Number(to) + 1)];
  response.writeHead(206, {
    'content-type': track.mediaType,
    'content-length': end - start,
    'content-range': `bytes ${start}-${end - 1}/${track.size}`,
    etag: '"1"',
  });
  pipeline(Readable.from(piecesOf(track, start, end)), response).catch(() => {}); // a client that goes away is no error here
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const origin = `http://127.0.0.1:${server.address().port}`;
let files = 0;

/** A new URL, of which nothing is in any cache. */
function serve(track) {
  const name = `/${files++}`;
  served.set(name, track);
  return origin + name;
}

/** Seeks, reads on to the packet that holds the target, and compares the time of the first packet with the true one. */
async function ours(track, index) {
  const aulos = createAulos({ cacheDir: path.join(folder, 'cache'), durability: 'none' });
  const source = await aulos.source(serve(track), { whole: false });
  const demuxer = await openDemuxer(source.reader(), source.url, never);
  const info = await demuxer.info(never);
  if (index) demuxer.frameIndex.adopt(index);
  const before = { ...source.traffic };
  const point = await demuxer.seek((PART * track.frames) / track.sampleRate, never);
  let first;
  for await (const packet of demuxer.packets(never, point)) {
    first ??= packet;
    if (packet.timestamp + packet.duration > point.target) break;
  }
  const requests = source.traffic.requests - before.requests;
  const bytes = source.traffic.network - before.network;
  await source.close();
  await aulos.close();
  const error = Math.abs(first.timestamp - track.timestampOf(first.data));
  return { open: before, requests, bytes, error, exact: point.exact, bound: Math.round(point.errorBound * info.config.sampleRate) };
}

/** The frame index of all of a track, made as a player makes it that has every byte at hand. */
async function indexOf(track) {
  const read = async ({ start, end }) => Buffer.concat([...piecesOf(track, start, Math.min(end, track.size))]);
  const source = { length: track.size, mediaType: track.mediaType, read };
  const demuxer = await openDemuxer(source, '', never);
  for await (const _ of demuxer.packets(never));
  return demuxer.frameIndex.toBytes();
}

async function theirs(track) {
  const { ALL_FORMATS, EncodedPacketSink, Input, UrlSource } = mediabunny;
  const traffic = { requests: 0, bytes: 0 };
  const stop = new AbortController();
  const fetchFn = async (url, init = {}) => {
    traffic.requests++;
    const response = await fetch(url, { ...init, signal: AbortSignal.any([stop.signal, ...(init.signal ? [init.signal] : [])]) });
    const count = (chunk, controller) => {
      traffic.bytes += chunk.length;
      if (traffic.bytes > MAX_BYTES) stop.abort(new Error('too much'));
      else controller.enqueue(chunk);
    };
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(new TransformStream({ transform: count })), { status, headers });
  };
  const source = new UrlSource(serve(track), { fetchFn, getRetryDelay: () => null });
  const input = new Input({ source, formats: ALL_FORMATS });
  const timer = setTimeout(() => stop.abort(new Error('too long')), MAX_MS);
  const before = { ...traffic };
  const run = async () => {
    const audio = await input.getPrimaryAudioTrack();
    const sink = new EncodedPacketSink(audio);
    await sink.getFirstPacket();
    Object.assign(before, traffic);
    const packet = await sink.getPacket((PART * track.frames) / track.sampleRate);
    const error = Math.abs(Math.round(packet.timestamp * track.sampleRate) + track.encoderDelay - track.timestampOf(packet.data));
    return { requests: traffic.requests - before.requests, bytes: traffic.bytes - before.bytes, error };
  };
  const stopped = new Promise((_, reject) => stop.signal.addEventListener('abort', () => reject(stop.signal.reason)));
  try {
    return await Promise.race([run(), stopped]);
  } catch (error) {
    return { requests: traffic.requests - before.requests, bytes: traffic.bytes - before.bytes, failed: error.message };
  } finally {
    clearTimeout(timer);
    input.dispose();
  }
}

const kB = (bytes) => `${(bytes / 1e3).toFixed(0)} kB`;
const telling = ({ failed, error, exact, bound }) =>
  failed ?? `${error}${exact === undefined ? '' : exact ? ', exact' : `, told ±${bound}`}`;
const cells = (run) => `${String(run.requests).padStart(4)} ${kB(run.bytes).padStart(9)}  ${telling(run).padEnd(24)}`;

/** Formats in which bisection is the only way. */
const isBisected = (name) => /Ogg|without SEEKTABLE|fMP4$|TS/.test(name);
const isWithinBars = (name, { requests, bytes, error, exact, bound }) =>
  requests <= (isBisected(name) ? 5 : 2) && (isBisected(name) || bytes <= 262_144) && error <= (exact ? 0 : bound);

let misses = 0;
console.log(`seek to ${100 * PART} %, head read: requests, bytes, error in samples\n`);
console.log(`${''.padEnd(34)}${'aulos'.padEnd(40)} mediabunny${mediabunny ? '' : ' (not installed)'}`);
try {
  for (const [length, seconds] of Object.entries(LENGTHS)) {
    for (const make of virtualTracks) {
      const track = make(seconds);
      const rows = [[track.name, await ours(track)]];
      if (/MP3 VBR|ADTS/.test(track.name)) rows.push([`${track.name}, indexed`, await ours(track, await indexOf(track))]);
      for (const [name, run] of rows) {
        const isGood = isWithinBars(name, run) && (!name.endsWith('indexed') || (run.exact && run.error === 0));
        if (!isGood) misses++;
        const peer = mediabunny && name === track.name ? cells(await theirs(track)) : '';
        console.log(`${isGood ? ' ' : '!'}${length.padEnd(7)}${name.padEnd(26)}${cells(run)} ${peer}`);
      }
      served.clear();
    }
  }
} finally {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
}
console.log(misses === 0 ? '\nall within the bars' : `\n${misses} beyond the bars (!)`);
process.exitCode = misses === 0 ? 0 : 1;

await import('./seek-sound.mjs'); // the time to the sound, in a browser
