import { parseContentRange } from '../../../src/net/content-range.ts';
import { parseDigest } from '../../../src/net/digest-field.ts';
import { formatRange } from '../../../src/net/range-header.ts';
import { checkHead } from '../../../src/net/response.ts';
import { ifRangeOf, sameVersion } from '../../../src/net/validators.ts';
import { isStation } from '../../../src/source/endless.ts';
import { IcyStripper } from '../../../src/source/icy.ts';
import type { Random } from '../random.ts';
import { expectTyped, must, type Target } from '../target.ts';

/** What servers send, or might. */
const values: Readonly<Record<string, readonly string[]>> = {
  'content-range': [
    'bytes 0-99/1000',
    'bytes 100-199/*',
    'bytes */1000',
    'bytes 0-0/1',
    'items 0-1/2',
    'bytes 9007199254740990-9007199254740991/9007199254740993',
  ],
  'content-length': ['1000', '100, 100', '0', '-1', '9007199254740993'],
  'content-type': ['audio/mpeg', 'text/html; charset=utf-8', 'multipart/byteranges; boundary=x'],
  'content-encoding': ['identity', 'gzip', 'gzip, identity'],
  'content-digest': ['sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:', 'sha-512=:AAAA:, sha-256=:====:;p=1'],
  etag: ['"a"', 'W/"a"', 'a', '""', '"a"b"'],
  'last-modified': ['Wed, 21 Oct 2015 07:28:00 GMT', 'yesterday'],
  date: ['Wed, 21 Oct 2015 08:28:00 GMT', '0'],
  'retry-after': ['120', 'Wed, 21 Oct 2015 07:28:00 GMT', '1e9', '-1'],
  'icy-metaint': ['16', '16000', '0', 'NaN', '1e3', '-5'],
};

const PIECES = ['bytes', ' ', '-', '/', '*', ',', ';', ':', '=', '"', '\0', '\t', 'W/', '0', '18446744073709551616', '1e308', 'é', '𝄞'];

type Headers = Readonly<Record<string, string>>;

interface HeaderCase {
  readonly headers: Headers;
  readonly status: number;
  readonly asked: { readonly start: number; readonly end: number };
  readonly body: Uint8Array;
  readonly cuts: readonly number[];
}

/** The heads of answers: Content-Range, digests, validators, lengths, and titles in the bodies of stations. */
export const headersTarget: Target<HeaderCase> = {
  name: 'headers',
  perRound: 20,
  invent(random) {
    const names = Object.keys(values).filter(() => random.chance(0.5));
    const headers = Object.fromEntries(names.map((name) => [name, mutatedText(random, random.pick(values[name]))]));
    const start = random.pick([0, 100, random.below(1e6)]);
    const asked = { start, end: random.pick([Number.POSITIVE_INFINITY, start + 1 + random.below(1000)]) };
    const body = random.bytes(random.below(400));
    const cuts = Array.from({ length: random.below(8) }, () => random.below(body.length + 1)).sort((a, b) => a - b);
    return { headers, status: random.pick([200, 206, 304, 416, 404, 503, 0]), asked, body, cuts };
  },
  run: (input) => {
    checkParsers(input.headers);
    checkTitles(input);
    return expectTyped(/^(http\.(status|range|encoding)|media\.unsupported)$/, 0, () => checkAnswer(input));
  },
};

function mutatedText(random: Random, text: string): string {
  while (random.chance(0.5)) {
    const at = random.below(text.length + 1);
    const piece = random.chance(0.05) ? random.pick(PIECES).repeat(random.below(8000)) : random.pick(PIECES);
    text = text.slice(0, at) + (random.chance(0.7) ? piece : '') + text.slice(random.chance(0.5) ? at : at + random.below(4));
  }
  return text;
}

function checkParsers(headers: Headers): void {
  const { range, total } = parseContentRange(headers['content-range'] ?? '') ?? {};
  must(total === undefined || Number.isSafeInteger(total), `a total of ${total}`);
  if (range) {
    must(range.start >= 0 && range.start < range.end && Number.isSafeInteger(range.end), `the range ${range.start}–${range.end}`);
    must(range.end <= (total ?? range.end), 'a range that passes the total');
    must(/^bytes=\d+-\d+$/.test(formatRange(range)), 'a range that cannot be asked for');
  }
  const digest = parseDigest(headers['content-digest']);
  must(!digest || digest.value.length === (digest.algorithm === 'sha-256' ? 44 : 88), 'a digest of another length');
  const validator = { etag: headers.etag, lastModified: headers['last-modified'], date: headers.date };
  must(sameVersion(validator, validator) !== false, 'a version that is not itself');
  must(headers.etag === undefined || !/^W\//.test(ifRangeOf(validator) ?? ''), 'a weak tag in If-Range');
}

function checkAnswer({ headers, status, asked }: HeaderCase): void {
  const head = { status, headers, url: 'https://example.org/a.mp3', endsWithConnection: false, hidesHeaders: false };
  const { range, total } = checkHead(asked, head);
  must(range.start <= range.end && !Number.isNaN(range.end), `an answer of ${range.start}–${range.end}`);
  must(status !== 206 || (range.start === asked.start && range.end <= asked.end), 'other bytes than were asked for');
  must(total === undefined || Number.isSafeInteger(total), `a total of ${total}`);
}

/** Titles are taken out alike, however the bytes are cut. */
function checkTitles({ headers, body, cuts }: HeaderCase): void {
  isStation(headers);
  const [whole, titles] = split([...new IcyStripper(headers).strip(body)]);
  const stripper = new IcyStripper(headers);
  const parts = [0, ...cuts].map((start, i) => body.subarray(start, cuts[i] ?? body.length));
  const [joined, titlesInParts] = split(parts.flatMap((part) => [...stripper.strip(part)]));
  must(whole.equals(joined), 'other audio when it comes in pieces');
  must(titles.join() === titlesInParts.join(), 'other titles when they come in pieces');
  must(whole.length <= body.length, 'more audio than bytes');
}

/** The audio of a station, and the titles in it. */
function split(parts: readonly (Uint8Array | string)[]): [Buffer, string[]] {
  return [Buffer.concat(parts.filter((part) => typeof part !== 'string')), parts.filter((part) => typeof part === 'string')];
}
