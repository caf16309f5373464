import { gzipSync } from 'node:zlib';
import { type Content, contentBytes, sizeOf } from './content.ts';

/** Something the test origin serves. */
export interface Resource {
  readonly content: Content;
  /** @default 'audio/mpeg' */
  readonly mediaType?: string;
  readonly etag?: string;
  readonly lastModified?: string;
  /**
   * What pages of other origins may do: nothing; read the body; also read every answer header; also send any request header.
   * @default 'exposed'
   */
  readonly cors?: 'none' | 'simple' | 'exposed' | 'preflighted';
  /** More answer headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** A redirect to this location instead of the content. */
  readonly redirect?: string;
}

/** How one answer goes wrong. The parts combine; `{}` is an honest answer. Offsets count body bytes of that answer. */
export interface Fault {
  /** How many requests it spoils (JSON has no Infinity: use a large number). @default 1 */
  readonly times?: number;
  readonly status?: number;
  /** Sets headers, or removes them with null. Lies about length and range are told here. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** Text sent instead of the content. */
  readonly body?: string;
  readonly ignoreRange?: boolean;
  readonly gzip?: boolean;
  /** No Content-Length. */
  readonly chunked?: boolean;
  /** Silence after so many bytes, the connection left open; -1: before the head. */
  readonly stallAfter?: number;
  /** The connection ends (FIN) after so many bytes; -1: before the head. */
  readonly cutAfter?: number;
  /** With `cutAfter`: end by RST. */
  readonly reset?: boolean;
  /** Milliseconds before the head. */
  readonly latency?: number;
  /** Bytes per second. */
  readonly rate?: number;
  /** The whole answer, head included, one byte per character; then FIN. */
  readonly raw?: string;
}

/** What is asked for, as far as the answer depends on it. */
export interface Asked {
  readonly range?: string;
  readonly ifRange?: string;
  readonly ifNoneMatch?: string;
  readonly ifModifiedSince?: string;
}

/** A head and the part of a content that follows it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly content: Content;
  readonly start: number;
  readonly end: number;
}

/** The answer to `asked` (RFC 9110 §14 and §13.1.5), spoilt by `fault`. */
export function answerTo(asked: Asked, resource: Resource, fault: Fault): Answer {
  const honest = fault.body === undefined ? honestAnswer(asked, resource, fault) : textAnswer(fault.body);
  const answer = fault.gzip ? gzipped(honest) : honest;
  const headers: Record<string, string> = { ...resource.headers, ...describe(resource), ...answer.headers };
  if (fault.chunked) delete headers['content-length'];
  for (const [name, value] of Object.entries(fault.headers ?? {})) {
    if (value === null) delete headers[name.toLowerCase()];
    else headers[name.toLowerCase()] = value;
  }
  return { ...answer, status: fault.status ?? answer.status, headers };
}

/** The CORS headers of an answer for `resource`. */
export function corsHeaders({ cors = 'exposed' }: Pick<Resource, 'cors'>): Record<string, string> {
  if (cors === 'none') return {};
  const headers: Record<string, string> = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };
  if (cors !== 'simple') headers['access-control-expose-headers'] = '*';
  if (cors === 'preflighted') headers['access-control-allow-headers'] = '*';
  return headers;
}

function honestAnswer(asked: Asked, resource: Resource, fault: Fault): Answer {
  const { content } = resource;
  const size = sizeOf(content);
  if (resource.redirect !== undefined) {
    return { status: 302, headers: { location: resource.redirect, 'content-length': '0' }, content, start: 0, end: 0 };
  }
  if (isUnchanged(asked, resource)) return { status: 304, headers: {}, content, start: 0, end: 0 };
  const range = fault.ignoreRange || !holds(asked.ifRange, resource) ? undefined : parseRange(asked.range, size);
  if (!range) return { status: 200, headers: { 'content-length': String(size) }, content, start: 0, end: size };
  const { start, end } = range;
  if (start >= end)
    return { status: 416, headers: { 'content-range': `bytes */${size}`, 'content-length': '0' }, content, start: 0, end: 0 };
  const headers = { 'content-range': `bytes ${start}-${end - 1}/${size}`, 'content-length': String(end - start) };
  return { status: 206, headers, content, start, end };
}

function textAnswer(text: string): Answer {
  const content = new TextEncoder().encode(text);
  return { status: 200, headers: { 'content-length': String(content.length) }, content, start: 0, end: content.length };
}

function gzipped({ status, headers, content, start, end }: Answer): Answer {
  const packed = new Uint8Array(gzipSync(contentBytes(content, start, end)));
  const added = { 'content-encoding': 'gzip', 'content-length': String(packed.length) };
  return { status, headers: { ...headers, ...added }, content: packed, start: 0, end: packed.length };
}

function describe(resource: Resource): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': resource.mediaType ?? 'audio/mpeg', 'accept-ranges': 'bytes' };
  if (resource.etag) headers.etag = resource.etag;
  if (resource.lastModified) headers['last-modified'] = resource.lastModified;
  return { ...headers, ...corsHeaders(resource) };
}

function holds(ifRange: string | undefined, { etag, lastModified }: Resource): boolean {
  return ifRange === undefined || (ifRange === etag && !ifRange.startsWith('W/')) || ifRange === lastModified;
}

/** RFC 9110 §13.1.2 and §13.1.3: tags compare weakly, and with a tag the date is not looked at. */
function isUnchanged({ ifNoneMatch, ifModifiedSince }: Asked, { etag, lastModified }: Resource): boolean {
  if (ifNoneMatch !== undefined) return ifNoneMatch.replace(/^W\//, '') === etag?.replace(/^W\//, '');
  return ifModifiedSince !== undefined && lastModified !== undefined && Date.parse(lastModified) <= Date.parse(ifModifiedSince);
}

function parseRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') return { start: Math.max(0, size - Number(match[2])), end: size };
  return { start: Number(match[1]), end: match[2] === '' ? size : Math.min(size, Number(match[2]) + 1) };
}
