// A child process that serves a file of gigabytes from no memory: `virtual-origin.mjs plain <bytes>` or `movie <fragments> <sample bytes>`.
// Tells its port to the parent.
import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { virtualMovie } from '../../bench/virtual-movie.mjs';

const PIECE = 1 << 20;
const [kind, ...numbers] = process.argv.slice(2);
const resource =
  kind === 'movie' ? virtualMovie({ fragments: Number(numbers[0]), sampleBytes: Number(numbers[1]) }) : plain(Number(numbers[0]));

function plain(size) {
  const block = Buffer.from(Array.from({ length: PIECE }, (_, i) => Math.imul(i, 2_654_435_761) >>> 24));
  return { size, read: (start, end) => block.subarray(0, Math.min(end - start, PIECE)) };
}

function* pieces(start, end) {
  for (let at = start; at < end; ) {
    const bytes = resource.read(at, end);
    yield bytes;
    at += bytes.length;
  }
}

const server = createServer(async ({ headers: { range } }, response) => {
  const { size } = resource;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Math.min(size, Number(last) + 1) : size;
  const partial = { 'content-range': `bytes ${start}-${end - 1}/${size}` };
  response.writeHead(range ? 206 : 200, { 'content-type': 'audio/mp4', etag: '"1"', 'content-length': end - start, ...(range && partial) });
  await pipeline(Readable.from(pieces(start, end)), response).catch(() => {}); // the client went away
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port, size: resource.size }));
process.on('disconnect', () => process.exit());
