import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { ErrorCode } from '../../src/errors.ts';
import { virtualBytes } from './content.ts';
import type { Asked, Spoilt, Version } from './fault-server.ts';

/** A way in which HTTP goes wrong, and what becomes of a download that meets it. */
export interface HttpFault {
  readonly name: string;
  /** The first one is served unless an answer says otherwise. */
  readonly versions: readonly Version[];
  readonly answer: (asked: Asked) => Spoilt;
  /** What ours does: has the bytes of one version, or ends with this error and nothing wrong kept. */
  readonly ends: 'recovered' | ErrorCode;
  /** Path of the URL that `refreshUrl` gives; absent: there is no such option. */
  readonly refreshTo?: string;
  /** Nothing but time tells that it is one. */
  readonly isSlow?: true;
}

const SIZE = 1_000_003;
/** Where bodies break: past the 64 KiB of an overlap, inside a chunk of the store. */
const CUT = 400_001;

const date = 'Mon, 06 Jul 2020 10:00:00 GMT';
const version = (seed: number, headers: Readonly<Record<string, string>>, size = SIZE): Version => ({ seed, size, headers });
const v1 = version(1, { ETag: '"v1"', 'Last-Modified': date });
const v2 = version(2, { ETag: '"v2"', 'Last-Modified': 'Tue, 07 Jul 2020 10:00:00 GMT' });
const plain = version(1, {});
const tagged = (seed: number, ETag: string) => version(seed, { ETag });

/** A date that clocks have not reached is no strong validator. */
const tomorrow = new Date(Date.now() + 86_400_000).toUTCString();
const soon = () => new Date(Date.now() + 2_000).toUTCString();
const series = Array.from({ length: 6 }, (_, i) => tagged(i + 1, `"v${i + 1}"`));
const bytes = (start: number, end = SIZE) => virtualBytes(start, end, 1);

type Answer = HttpFault['answer'];
/** The first `times` requests go wrong. */
const first =
  (spoilt: Spoilt, times = 1): Answer =>
  ({ n }) =>
    n <= times ? spoilt : {};
const always = (spoilt: Spoilt): Answer => first(spoilt, Number.POSITIVE_INFINITY);
/** The first body breaks off, then the next `times` requests go wrong. */
const thenWrong =
  (spoilt: Spoilt | Answer, times = 1): Answer =>
  (asked) => {
    if (asked.n === 1) return { cutAfter: CUT };
    if (asked.n > times + 1) return {};
    return typeof spoilt === 'function' ? spoilt(asked) : spoilt;
  };
const thenAlways = (spoilt: Spoilt | Answer): Answer => thenWrong(spoilt, Number.POSITIVE_INFINITY);
/** Only answers to a Range past the start go wrong. */
const ifResumed =
  (spoilt: Spoilt | Answer): Answer =>
  (asked) => {
    if (asked.n === 1) return { cutAfter: CUT };
    if (asked.start === 0) return {};
    return typeof spoilt === 'function' ? spoilt(asked) : spoilt;
  };
/** The first body breaks off, and everything after it is of another version. */
const changesTo = (next: Version, spoilt: Spoilt = {}): Answer => thenAlways({ of: next, ...spoilt });
const claim =
  (range: (asked: Asked) => string | null): Answer =>
  (asked) => ({ headers: { 'Content-Range': range(asked) } });

/** Without a length: the end of the connection is the end of the body. */
const closing: Spoilt = { ignoreRange: true, close: true, headers: { 'Content-Length': null } };
const partOf = (start: number, end = SIZE): Spoilt => ({
  status: 206,
  body: bytes(start, end),
  headers: { 'Content-Range': `bytes ${start}-${end - 1}/${SIZE}` },
});
const badChunk: Spoilt = {
  ignoreRange: true,
  body: Buffer.concat([Buffer.from('10000\r\n'), bytes(0, 65_536), Buffer.from('\r\nzz\r\n')]),
  headers: { 'Transfer-Encoding': 'chunked', 'Content-Length': null },
};
const redirect = (location: string): Spoilt => ({ status: 302, body: '', headers: { Location: location, 'Content-Range': null } });
const page = '<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body>Welcome to the hotel network.</body></html>\n';
const html: Spoilt = {
  status: 200,
  body: page,
  headers: { 'Content-Type': 'text/html; charset=utf-8', ETag: null, 'Last-Modified': null, 'Content-Range': null },
};
const gzipped = (asked: Asked): Spoilt => {
  const body = gzipSync(bytes(asked.start));
  return { status: 200, body, headers: { 'Content-Encoding': 'gzip', 'Content-Range': null } };
};
const onePart = (asked: Asked): Spoilt => {
  if (!asked.hasRange) return {};
  const head = `--b\r\nContent-Type: audio/mpeg\r\nContent-Range: bytes ${asked.start}-${SIZE - 1}/${SIZE}\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), bytes(asked.start), Buffer.from('\r\n--b--\r\n')]);
  return { body, headers: { 'Content-Type': 'multipart/byteranges; boundary=b', 'Content-Range': null } };
};
const refuse = (status: number): Spoilt => ({ status, body: 'no', headers: { 'Content-Range': null, 'Content-Type': 'text/plain' } });

/** A field of RFC 9530. */
const digest = (of: Uint8Array, algorithm: 'sha-256' | 'sha-512' = 'sha-256') =>
  `${algorithm}=:${createHash(algorithm.replace('-', '')).update(of).digest('base64')}:`;
/** Wrong in its middle, and honest in all that a client can see but the digests. */
const flipped = ({ start, end }: Pick<Asked, 'start' | 'end'>): Uint8Array => {
  const body = bytes(start, Math.min(end, SIZE));
  body[body.length >> 1] ^= 1;
  return body;
};
const promising = (headers: Spoilt['headers']): Spoilt => ({ headers });
const ofAnswer = ({ start, end }: Asked) => promising({ 'Content-Digest': digest(bytes(start, Math.min(end, SIZE))) });
const ofWhole = version(1, { ...v1.headers, 'Repr-Digest': digest(bytes(0)) });
/** Two versions that are alike where a resume looks at them, and differ before it. */
const alike = (seed: number): Version => version(seed, { 'Repr-Digest': digest(virtualBytes(0, SIZE, seed)) });

const slow = { isSlow: true } as const;

const fault = (name: string, answer: Answer, ends: HttpFault['ends'] = 'recovered', more: Partial<HttpFault> = {}): HttpFault => ({
  name,
  versions: [v1],
  answer,
  ends,
  ...more,
});
const changed = (name: string, from: Version, to: Version, spoilt?: Spoilt): HttpFault =>
  fault(name, changesTo(to, spoilt), 'recovered', { versions: [from, to] });

/** The faults of `npm run faults`. */
export const httpFaults: readonly HttpFault[] = [
  // Connections that end.
  fault('reset before the head', first({ cutAfter: -2, by: 'reset' })),
  fault('reset inside the head', first({ cutAfter: -1, by: 'reset' })),
  fault('reset after one byte', first({ cutAfter: 1, by: 'reset' })),
  fault('reset midway, four times', first({ cutAfter: 150_000, by: 'reset' }, 4)),
  fault('FIN before the head', first({ cutAfter: -2 })),
  fault('FIN midway, three times', first({ cutAfter: CUT / 2 }, 3)),
  fault('FIN one byte before the end', first({ cutAfter: SIZE - 1 })),
  fault('FIN midway, no validators', first({ cutAfter: CUT }, 2), 'recovered', { versions: [plain] }),
  fault('FIN midway in a body without length', ({ n }) => (n === 1 ? { ...closing, cutAfter: CUT } : closing)),
  fault('FIN midway in a body without length, ranges later', first({ ...closing, cutAfter: CUT })),
  fault('the end of the connection as the end of the body, then 416', first({ ...closing, protocol: 'HTTP/1.0' })),
  fault('the end of the connection as the end of the body, no validators', first({ ...closing, protocol: 'HTTP/1.0' }), 'recovered', {
    versions: [plain],
  }),
  fault('FIN midway in a chunked body', first({ ignoreRange: true, chunked: true, cutAfter: CUT })),
  fault('reset midway in a chunked body', first({ ignoreRange: true, chunked: true, cutAfter: CUT, by: 'reset' })),
  fault('chunk size is garbage midway', first(badChunk)),
  fault('FIN always at the same byte', ({ start }) => ({ cutAfter: Math.max(0, CUT - start) }), 'net.truncated'),
  fault('FIN every 100,000 bytes', always({ cutAfter: 100_000 })),
  fault('FIN after every answer, unannounced', ({ start }) =>
    start < SIZE ? { ...partOf(start, Math.min(SIZE, start + 100_000)), close: true } : {},
  ),
  fault('connection refused for a second, midway', ({ n }) => [{ cutAfter: CUT }, { awayMs: 1000 }][n - 1] ?? {}),

  // Time.
  fault('silence before the head', first({ cutAfter: -2, by: 'silence' }), 'recovered', slow),
  fault('silence midway', first({ cutAfter: CUT, by: 'silence' }), 'recovered', slow),
  fault('silence always at the same byte', ({ start }) => ({ cutAfter: Math.max(0, CUT - start), by: 'silence' }), 'net.stall', slow),
  fault('body at ten bytes a second', thenWrong({ bodyDripMs: 100 }), 'recovered', slow),
  fault('head at five bytes a second', first({ headDripMs: 200 }), 'recovered', slow),

  // Status codes.
  ...[500, 502, 503, 504, 522, 524, 408, 425].map((status) => fault(`${status} twice`, first(refuse(status), 2))),
  fault('503 midway', thenWrong(refuse(503), 2)),
  fault('429 with Retry-After in seconds', first({ ...refuse(429), headers: { ...refuse(429).headers, 'Retry-After': '1' } })),
  fault('503 with Retry-After as a date', ({ n }) =>
    n === 1 ? { ...refuse(503), headers: { ...refuse(503).headers, 'Retry-After': soon() } } : {},
  ),
  fault('404 midway', thenAlways(refuse(404)), 'http.status'),
  fault('204, once', first({ status: 204, body: '', headers: { 'Content-Range': null, 'Content-Length': null } })),
  fault('304 midway, once', thenWrong({ status: 304, body: '', headers: { 'Content-Range': null, 'Content-Length': null } })),
  fault('103 before the answer', always({ before: 'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n' })),

  // Ranges.
  fault('200 for a range', thenAlways({ ignoreRange: true })),
  fault(
    '206 from another place, once',
    thenWrong(({ start }) => partOf(start + 1000)),
  ),
  fault(
    '206 from another place, always',
    ifResumed(({ start }) => partOf(start + 1000)),
  ),
  fault(
    '206 from an earlier block boundary, always',
    ifResumed(({ start }) => partOf(start - (start % 65_536))),
  ),
  fault('another total, once', thenWrong(claim(({ start }) => `bytes ${start}-${SIZE - 1}/${SIZE + 5}`))),
  fault('another total, always', ifResumed(claim(({ start }) => `bytes ${start}-${SIZE - 1}/${SIZE + 5}`))),
  fault('another total, no validators, once', thenWrong(claim(({ start }) => `bytes ${start}-${SIZE - 1}/${SIZE + 5}`)), 'recovered', {
    versions: [plain],
  }),
  fault('no Content-Range, once', thenWrong(claim(() => null))),
  fault('no Content-Range, always', ({ hasRange, n }) => ({
    ...(hasRange && { headers: { 'Content-Range': null } }),
    ...(n === 1 && { cutAfter: CUT }),
  })),
  fault('total is *', ({ hasRange, start }) => (hasRange ? { headers: { 'Content-Range': `bytes ${start}-${SIZE - 1}/*` } } : {})),
  fault('unit is items', ifResumed(claim(({ start }) => `items ${start}-${SIZE - 1}/${SIZE}`))),
  fault('206 nobody asked for', ({ n }) => (n <= 2 ? { ...partOf(500_000) } : {})),
  fault('206 with half of what was asked', ({ hasRange, start }) =>
    hasRange && start < SIZE ? partOf(start, start + Math.ceil((SIZE - start) / 2)) : {},
  ),
  fault('206 that ends a byte early', ({ hasRange, start }) => (hasRange && start < SIZE - 1 ? partOf(start, SIZE - 1) : {})),
  fault('several ranges for one', thenWrong(onePart)),
  fault('several ranges for one, always', onePart),
  fault('416 where bytes are missing, once', thenWrong({ status: 416, body: '', headers: { 'Content-Range': `bytes */${SIZE}` } })),
  fault('416 to every resume', ifResumed({ status: 416, body: '', headers: { 'Content-Range': null } })),

  // Lengths.
  fault('Content-Length shorter than the range', thenWrong({ headers: { 'Content-Length': '1000' }, close: true })),
  fault(
    'Content-Length longer than the body',
    first({ ignoreRange: true, headers: { 'Content-Length': String(SIZE + 999) }, close: true }),
  ),
  fault(
    '206 with more than its range',
    thenWrong(({ start }) => ({ chunked: true, body: Buffer.concat([bytes(start), Buffer.alloc(1000)]) })),
  ),
  fault('bytes after the body', first({ after: 'and so on and on' })),
  fault(
    'the same Content-Length twice',
    always({ headers: { 'Content-Length': [String(SIZE), String(SIZE)] }, ignoreRange: true }),
    'http.range',
  ),
  fault('two Content-Lengths', first({ headers: { 'Content-Length': [String(SIZE), String(CUT)] } })),
  fault('Content-Length beside chunks', first({ chunked: true, headers: { 'Content-Length': '5' } })),
  fault('chunks without a length', always({ chunked: true, ignoreRange: true })),
  fault('HTTP/1.0 until the end of the connection', always({ ...closing, protocol: 'HTTP/1.0' })),
  fault('an empty body, once', first({ ignoreRange: true, body: '' }), 'media.truncated'),
  fault('an empty 206 for a resume', thenWrong({ body: '', headers: { 'Content-Length': '0' } })),

  // Versions.
  changed('another version midway, strong tag', v1, v2),
  changed('another version midway, strong tag, If-Range ignored', v1, v2, { ignoreIfRange: true }),
  changed('another version midway, weak tag', tagged(1, 'W/"1"'), tagged(2, 'W/"2"')),
  changed(
    'another version midway, Last-Modified only',
    version(1, { 'Last-Modified': date }),
    version(2, { 'Last-Modified': v2.headers['Last-Modified'] }),
    {
      ignoreIfRange: true,
    },
  ),
  changed(
    'another version midway, same Last-Modified',
    version(1, { 'Last-Modified': tomorrow }),
    version(2, { 'Last-Modified': tomorrow }),
  ),
  changed('another version midway, the tag is gone', v1, version(2, {}), { ignoreIfRange: true }),
  changed('another version midway, no validators', plain, version(2, {})),
  changed('another version midway, weak tag kept', tagged(1, 'W/"1"'), tagged(2, 'W/"1"')),
  changed('another version midway, no ranges', plain, version(2, {}), { ignoreRange: true }),
  changed('another version midway, tags without quotes', tagged(1, 'one'), tagged(2, 'two')),
  changed('a shorter version midway', v1, version(2, { ETag: '"v2"' }, CUT - 1000)),
  changed('a shorter version midway, no validators', plain, version(2, {}, CUT - 1000)),
  changed('a longer version midway, no validators', plain, version(2, {}, SIZE + 1000)),
  fault(
    'a version a request, for five requests',
    ({ n }) => ({ of: series[Math.min(n, 6) - 1], cutAfter: n < 6 ? CUT : undefined }),
    'recovered',
    {
      versions: series,
    },
  ),
  fault('a version a request, for ever', ({ n }) => ({ of: version(n, {}), cutAfter: CUT }), 'asset.changed', {
    versions: Array.from({ length: 20 }, (_, i) => version(i + 1, {})),
  }),
  fault('a tag per backend, same bytes', ({ n }) => ({ of: tagged(1, `"backend-${n % 3}"`), cutAfter: n < 8 ? 150_000 : undefined })),
  fault('a tag per backend, same bytes, If-Range ignored', ({ n }) => ({
    of: tagged(1, `"backend-${n % 3}"`),
    ignoreIfRange: true,
    cutAfter: n < 12 ? 150_000 : undefined,
  })),
  fault('a weak tag per answer, same bytes', ({ n }) => ({ of: tagged(1, `W/"${n}"`), cutAfter: n < 12 ? 150_000 : undefined })),

  // Codings.
  fault('gzip despite identity, once', thenWrong(gzipped)),
  fault('gzip despite identity, always', gzipped, 'http.encoding'),
  fault(
    'gzip as a transfer coding, once',
    first({ ignoreRange: true, chunked: true, body: gzipSync(bytes(0)), headers: { 'Transfer-Encoding': 'gzip, chunked' } }),
  ),

  // Digests.
  fault('a Content-Digest that is right', (asked) => ({ ...ofAnswer(asked), cutAfter: asked.n < 4 ? 150_000 : undefined })),
  fault('a Content-Digest of other bytes, once', thenWrong(promising({ 'Content-Digest': digest(bytes(0)) }))),
  fault('a Content-Digest of other bytes, always', always(promising({ 'Content-Digest': digest(bytes(1)) })), 'asset.integrity'),
  fault('a flipped bit under a Content-Digest, once', (asked) => ({ ...ofAnswer(asked), ...(asked.n === 1 && { body: flipped(asked) }) })),
  fault('a flipped bit under a Content-Digest, always', (asked) => ({ ...ofAnswer(asked), body: flipped(asked) }), 'asset.integrity'),
  fault('a flipped bit in a resume under a Content-Digest', (asked) => ({
    ...ofAnswer(asked),
    ...[{ cutAfter: CUT }, { body: flipped(asked) }][asked.n - 1],
  })),
  fault('a Repr-Digest that is right, over three answers', ({ n }) => ({ cutAfter: n < 3 ? CUT : undefined }), 'recovered', {
    versions: [ofWhole],
  }),
  fault(
    'a Repr-Digest in SHA-512 among others that is right',
    always(promising({ 'Repr-Digest': `md5=:AAAAAAAAAAAAAAAAAAAAAA==:, ${digest(bytes(0), 'sha-512')}` })),
  ),
  fault('a flipped bit under a Repr-Digest, once', (asked) => (asked.n === 1 ? { body: flipped(asked) } : {}), 'recovered', {
    versions: [ofWhole],
  }),
  fault('a flipped bit under a Repr-Digest, always', (asked) => ({ body: flipped(asked) }), 'asset.integrity', { versions: [ofWhole] }),
  fault(
    'another version midway, alike at the resume, under Repr-Digests',
    ({ n, start }) => {
      if (n === 1) return { cutAfter: CUT };
      // Once only: a resume after a stall would find the first version again, and again.
      return {
        of: alike(2),
        ...(n === 2 && start > 0 && start < CUT && { body: Buffer.concat([bytes(start, CUT), virtualBytes(CUT, SIZE, 2)]) }),
      };
    },
    'recovered',
    { versions: [alike(1), alike(2)] },
  ),
  fault('a digest that makes no sense', always(promising({ 'Content-Digest': 'sha-256=oops', 'Repr-Digest': 'sha-256=:AAAA:, =:,' }))),

  // Somebody else answers.
  fault('a sign-in page midway', thenAlways(html), 'media.unsupported'),
  fault(
    'a sign-in page midway, without its type',
    thenAlways({ ...html, headers: { ...html.headers, 'Content-Type': null } }),
    'media.unsupported',
  ),
  fault(
    'a redirect to a sign-in page midway',
    (asked) => (asked.path.startsWith('/sign-in') ? html : asked.n === 1 ? { cutAfter: CUT } : redirect('/sign-in')),
    'media.unsupported',
  ),
  fault('an answer that is no HTTP, once', first({ protocol: 'ICY' })),
  fault('100 KB of headers, once', first({ headers: { 'X-Padding': Array.from({ length: 2000 }, () => 'x'.repeat(50)) } })),

  // Redirects.
  fault('redirect in a circle', ({ path }) => redirect(path === '/a' ? '/b' : '/a'), 'http.redirect'),
  fault('redirect to another origin', ({ path, host }) =>
    path.startsWith('/away') ? {} : redirect(`http://localhost:${host.split(':')[1]}/away`),
  ),
  fault('redirect to a place without TLS', ({ host }) => redirect(`https://${host}/`), 'net.tls'),
  fault('redirect to a file', always(redirect('file:///etc/passwd')), 'http.redirect'),

  fault('redirect to a place that is gone, once', ({ n }) => (n === 1 ? redirect('http://127.0.0.1:1/') : {})),
  fault('redirect to another place each time', ({ n, path }) =>
    path === '/a' ? redirect(`/signed/${n}`) : { cutAfter: n < 8 ? 200_000 : undefined },
  ),

  // Access that ends.
  fault('403 midway', thenAlways(refuse(403)), 'access.expired'),
  ...[401, 403, 410].map((status) =>
    fault(
      `${status} midway, the URL can be refreshed`,
      (asked) => (asked.path === '/fresh' ? {} : thenAlways(refuse(status))(asked)),
      'recovered',
      { refreshTo: '/fresh' },
    ),
  ),
];
