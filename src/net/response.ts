import type { ByteRange } from '../base/ranges.ts';
import { AulosError, redactUrl } from '../errors.ts';
import { type RangeResponse, wholeResource } from './client.ts';
import { parseContentRange } from './content-range.ts';

/** The head of an answer as the platform gave it. */
export interface ResponseHead {
  readonly status: number;
  /** By lower-case name; repeated ones joined by commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** Where it came from, after redirects. */
  readonly url: string;
  /** True if neither a length nor chunks tell where the body ends. Platforms that cannot know say false. */
  readonly endsWithConnection: boolean;
  /** True if the platform may have withheld headers (a cross-origin answer in a browser). */
  readonly hidesHeaders: boolean;
}

/**
 * Checks the head of an answer to a request for `asked` (`'plain'`: without a Range), before any of its body is believed. A 304 is an answer
 * only to `ifChanged`.
 * @throws AulosError `http.status`, `http.range`, `http.encoding`, `media.unsupported`.
 */
export function checkHead(asked: ByteRange | 'plain', head: ResponseHead, ifChanged = false): Omit<RangeResponse, 'body'> {
  const range = asked === 'plain' ? wholeResource : asked;
  if (head.status === 304 && ifChanged) return { ...factsOf(head), status: 304, range: { start: 0, end: 0 }, total: undefined };
  if (isEmptyResource(range, head)) return { ...factsOf(head), status: 200, range: { start: 0, end: 0 }, total: 0 };
  if (head.status >= 400) throw statusError(head);
  if (head.status !== 200 && head.status !== 206) throw rangeError(range, head, `status ${head.status}`);
  refuseEncoding(head);
  refusePage(head);
  if (head.status === 200) return whole(range, head);
  if (asked === 'plain') throw rangeError(range, head, '206 to a request without a range');
  return partial(range, head);
}

/** A 206 must say which bytes it holds, and they must be the ones asked for (RFC 9110 §15.3.7). */
function partial(asked: ByteRange, head: ResponseHead): Omit<RangeResponse, 'body'> {
  const header = head.headers['content-range'];
  if (header === undefined && head.hidesHeaders) return unverified(asked, head);
  const { range, total } = parseContentRange(header ?? '') ?? {};
  const isAsked = range !== undefined && range.start === asked.start && range.end <= asked.end;
  const length = contentLength(asked, head);
  const isWhole = range !== undefined && (length ?? range.end - range.start) === range.end - range.start;
  if (!isAsked || !isWhole || total === undefined) throw rangeError(asked, head, header ?? mediaTypeOf(head));
  return { ...factsOf(head), status: 206, range, total };
}

/** Without Content-Range, Content-Length (which CORS always shows) is all there is to go by. */
function unverified(asked: ByteRange, head: ResponseHead): Omit<RangeResponse, 'body'> {
  const length = contentLength(asked, head);
  const end = length === undefined ? asked.end : asked.start + length;
  const isOpen = asked.end === Number.POSITIVE_INFINITY;
  const saysNothing = isOpen && length === undefined;
  if (saysNothing || end > asked.end || end === asked.start || mediaTypeOf(head) === 'multipart/byteranges')
    throw rangeError(asked, head, `Content-Length: ${length}`);
  const total = isOpen ? end : undefined;
  return { ...factsOf(head), status: 206, range: { start: asked.start, end }, total, unverifiedRange: true };
}

function whole(asked: ByteRange, head: ResponseHead): Omit<RangeResponse, 'body'> {
  const contradiction = head.headers['content-range'];
  if (contradiction !== undefined) throw rangeError(asked, head, `200 with ${contradiction}`);
  const total = contentLength(asked, head);
  return { ...factsOf(head), status: 200, range: { start: 0, end: total ?? Number.POSITIVE_INFINITY }, total };
}

function factsOf(head: ResponseHead) {
  const { etag, 'last-modified': lastModified, date } = head.headers;
  const validator = { etag, lastModified, date };
  const { endsWithConnection } = head;
  return { unverifiedRange: false, endsWithConnection, validator, mediaType: mediaTypeOf(head), url: head.url, headers: head.headers };
}

/** No range of an empty resource can be satisfied, not even `0-` (RFC 9110 §14.1.2), but it is no error to have one. */
function isEmptyResource(asked: ByteRange, { status, headers }: ResponseHead): boolean {
  return status === 416 && asked.start === 0 && parseContentRange(headers['content-range'] ?? '')?.total === 0;
}

/** Identity was asked for, and of the transfer codings (RFC 9112 §7) the platforms undo only chunks. */
function refuseEncoding({ headers, url }: ResponseHead): void {
  const codings = [headers['content-encoding'], headers['transfer-encoding']].flatMap((field) => field?.split(',') ?? []);
  const encoding = codings.map((coding) => coding.trim().toLowerCase()).find((coding) => !['', 'identity', 'chunked'].includes(coding));
  if (encoding === undefined) return;
  throw new AulosError('http.encoding', { url: redactUrl(url), encoding }, `${redactUrl(url)} answered in encoding ${encoding}`);
}

/** A page where sound was expected is a login, an error or a captive portal: asking again would bring the same. */
function refusePage(head: ResponseHead): void {
  if (mediaTypeOf(head) !== 'text/html') return;
  throw new AulosError('media.unsupported', { offset: 0, what: 'text/html' }, `${redactUrl(head.url)} is a web page, not media`);
}

/**
 * Whether the first bytes of a resource are those of a web page (WHATWG MIME Sniffing §7.1, the two signatures that begin one), for answers
 * that do not say that they are media: a captive portal need not name its page's type.
 * @throws AulosError `media.unsupported`.
 */
export function refusePageBytes(bytes: Uint8Array, { url }: Pick<RangeResponse, 'url'>): void {
  const text = String.fromCharCode(...bytes.subarray(0, 64));
  if (!/^(\xef\xbb\xbf)?\s*<(!doctype html|html)[\s>]/i.test(text)) return;
  throw new AulosError('media.unsupported', { offset: 0, what: 'text/html' }, `${redactUrl(url)} is a web page, not media`);
}

/** True if the answer holds the start of the resource and its type does not claim media. */
export function mayBePage({ range, mediaType }: Pick<RangeResponse, 'range' | 'mediaType'>): boolean {
  return range.start === 0 && !/^(audio|video)\//.test(mediaType);
}

/** Undefined if there is none. Repeated equal values count as one (RFC 9110 §8.6). */
function contentLength(asked: ByteRange, head: ResponseHead): number | undefined {
  const header = head.headers['content-length'];
  if (header === undefined) return undefined;
  const values = new Set(header.split(',').map((value) => value.trim()));
  const [value] = values;
  if (values.size > 1 || !/^\d+$/.test(value) || !Number.isSafeInteger(Number(value))) {
    throw rangeError(asked, head, `Content-Length: ${header}`);
  }
  return Number(value);
}

function mediaTypeOf({ headers }: ResponseHead): string {
  return (headers['content-type'] ?? '').split(';', 1)[0].trim().toLowerCase();
}

function rangeError(asked: ByteRange, { url }: ResponseHead, answered: string): AulosError {
  const details = { url: redactUrl(url), asked, answered };
  return new AulosError('http.range', details, `${details.url}: asked for bytes ${asked.start}-${asked.end}, answered "${answered}"`);
}

function statusError({ status, headers, url }: ResponseHead): AulosError {
  const details = { url: redactUrl(url), status, retryAfterMs: retryAfterMs(headers) };
  return new AulosError('http.status', details, `${details.url} answered with status ${status}`);
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3), a date taken relative to the server's own clock. */
function retryAfterMs({ 'retry-after': value, date }: Readonly<Record<string, string>>): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1000;
  const ms = Date.parse(value) - (date === undefined ? Date.now() : Date.parse(date));
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}
