// The demo's server: the page, the built library, and the origin of its tracks with ranges, over a network that the page can make worse.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adjust, Networks, sendOver } from './network.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
/** Path prefix → folder; the longest prefix that fits wins. */
const ownRoots = { '/': here, '/aulos/': path.join(here, '../dist/browser/') };

const types = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.svg': 'image/svg+xml',
  '.mp3': 'audio/mpeg',
  '.aac': 'audio/aac',
  '.m4a': 'audio/mp4',
  '.flac': 'audio/flac',
  '.wav': 'audio/wav',
};

/** The page works under a strict policy: no eval, no inline script, no blob worker. A media element knows Media Source by a blob: URL alone. */
const policy =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; media-src 'self' blob:; object-src 'none'; base-uri 'none'";

/**
 * Starts the server on loopback; `port` 0 takes a free one, `roots` adds folders to serve; browsers keep what they are sent for `maxAgeSeconds`,
 * by default for no time, since the library may be built anew. Gives its address, the network that it
 * imitates for requests to /media/ that name no session of their own, the log of media requests, and what stops it.
 */
export async function startDemo({ port = 0, roots = {}, maxAgeSeconds = 0 } = {}) {
  const mounts = Object.entries({ ...ownRoots, ...roots }).sort(([a], [b]) => b.length - a.length);
  const networks = new Networks();
  const log = [];
  const server = createServer((request, response) => {
    const network = networks.of(request.headers['x-demo-session']);
    answer(request, response, { mounts, network, log, maxAgeSeconds }).catch(() => response.destroy());
  });
  await new Promise((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const close = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { url, network: networks.common, log, close };
}

async function answer(request, response, { mounts, network, log, maxAgeSeconds }) {
  const { pathname } = new URL(request.url, 'http://localhost');
  if (pathname === '/network') return answerNetwork(request, response, network);
  const file = fileOf(pathname, mounts);
  const info = file && (await stat(file).catch(() => undefined));
  if (!info?.isFile()) return response.writeHead(404, { 'content-type': 'text/plain' }).end('not found\n');
  if (request.method !== 'GET' && request.method !== 'HEAD') return response.writeHead(405).end();
  const isMedia = pathname.startsWith('/media/');
  const range = isMedia ? rangeOf(request.headers.range, info.size) : undefined;
  if (isMedia) log.push({ path: pathname, range: request.headers.range });
  if (isMedia && network.latencyMs > 0) await wait(network.latencyMs);
  if (isMedia && network.offline) return response.destroy();
  const headers = {
    'content-type': types[path.extname(file)] ?? 'application/octet-stream',
    'cache-control': maxAgeSeconds > 0 ? `max-age=${maxAgeSeconds}` : 'no-cache',
    'content-security-policy': policy,
    etag: `"${info.size.toString(36)}-${Math.floor(info.mtimeMs).toString(36)}"`,
    ...(isMedia && { 'accept-ranges': 'bytes' }),
  };
  if (range === 'unsatisfiable') return response.writeHead(416, { ...headers, 'content-range': `bytes */${info.size}` }).end();
  const { start, end } = range ?? { start: 0, end: info.size };
  if (range) headers['content-range'] = `bytes ${start}-${end - 1}/${info.size}`;
  response.writeHead(range ? 206 : 200, { ...headers, 'content-length': end - start });
  if (request.method === 'HEAD') return response.end();
  if (isMedia) return sendOver(network, response, file, { start, end });
  createReadStream(file, { start, end: Math.max(start, end - 1) }).pipe(response);
}

/** The file that a path names inside one of the mounted folders, or undefined. */
function fileOf(pathname, mounts) {
  const [prefix, folder] = mounts.find(([prefix]) => pathname.startsWith(prefix));
  const relative = decodeURIComponent(pathname.slice(prefix.length)) || 'index.html';
  const file = path.join(folder, relative);
  return file.startsWith(path.join(folder, path.sep)) && !relative.includes('\0') ? file : undefined;
}

/** RFC 9110 §14: one byte range, half-open here; anything else is answered whole. */
function rangeOf(header, size) {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  const start = match[1] === '' ? Math.max(0, size - Number(match[2])) : Number(match[1]);
  const end = match[1] === '' || match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return start < end ? { start, end } : 'unsatisfiable';
}

/** `GET /network` tells the imitated network of a tab, `PUT /network?rate=…&latency=…&drop=…&offline=…` sets it. */
function answerNetwork(request, response, network) {
  if (request.method === 'PUT') adjust(network, new URL(request.url, 'http://localhost').searchParams);
  response.writeHead(200, { 'content-type': types['.json'], 'cache-control': 'no-store' }).end(JSON.stringify(network));
}
