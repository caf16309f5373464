import type { ByteRange } from '../base/ranges.ts';
import type { Validator } from '../base/validator.ts';

/** What goes to other origins with a request: as in HTML, cookies and the like only as 'use-credentials'. */
export type CrossOrigin = 'anonymous' | 'use-credentials';

export interface RangeRequest {
  readonly url: string;
  /** Bytes wanted; `end: Infinity` for an open end. Absent: the whole resource, as one `Range: bytes=0-`. */
  readonly range?: ByteRange;
  /**
   * Asks without a Range header, for a server that answers ranges wrongly; goes without `range` and `validator`. A 206 is then refused.
   * @default false
   */
  readonly plain?: boolean;
  /** Extra request headers of the application, such as Authorization. Dropped on a redirect to another origin. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Says whether pages send cookies to other origins; nothing else does. @default 'anonymous' */
  readonly crossOrigin?: CrossOrigin;
  /**
   * Asks a station to put what it says between the sound (`Icy-MetaData: 1`), which the answer tells by `icy-metaint`. Another origin has to allow
   * that header, and to expose that one; where a page is not, it asks again without. @default false
   */
  readonly titles?: boolean;
  /** Of what is held: sent as If-Range where it is strong and the platform allows it. */
  readonly validator?: Validator;
  /**
   * Asks for bytes only if the resource is not what `validator` names (If-None-Match, else If-Modified-Since: RFC 9110 §13.1): if it is, the
   * answer is a 304. Nothing is sent where the platform does not allow it, and then bytes come. @default false
   */
  readonly ifChanged?: boolean;
  /** Bits per second of the media, if known: asked for while the body comes, since it is learned from its first bytes. */
  readonly bitRate?: () => number | undefined;
  readonly signal: AbortSignal;
}

/**
 * An answer whose head has been checked. Either `status` is 206 and `range` starts where was asked (its end clipped to the total; a server
 * may also send less), or 200 and the body is the whole resource. Everything else is thrown before a byte of the body is given, except that
 * a 416 to an empty resource asked from its start is a 200 without bytes, and a 304 to `ifChanged` has none.
 */
export interface RangeResponse {
  readonly status: 200 | 206 | 304;
  /** Where the body lies in the resource: for a 200 `[0, length or Infinity)`. */
  readonly range: ByteRange;
  /** Bytes of the whole resource, when said; of an unverified range with an open end, where its Content-Length says that it ends. */
  readonly total: number | undefined;
  /** True if a browser hid Content-Range (CORS): the range is what was asked for, unconfirmed. */
  readonly unverifiedRange: boolean;
  /** True if only the end of the connection ends the body (RFC 9112 §6.3): when it ends, it may have been cut. */
  readonly endsWithConnection: boolean;
  readonly validator: Validator;
  /** Media type without parameters, lower case; '' if none. */
  readonly mediaType: string;
  /** Final URL after redirects. */
  readonly url: string;
  /** Answer headers by lower-case name, for what only some callers need (icy-*). */
  readonly headers: Readonly<Record<string, string>>;
  /**
   * The bytes, in order; each view is the receiver's to keep. Ends only after exactly the announced length (or, without one, at a clean
   * terminator). Leaving the loop cancels the transfer and frees the connection; so does `return()` of an iterator that was never asked for
   * a byte. What arrived before an error is given before it, and a Content-Digest (RFC 9530) can be held against it only at its end.
   * @throws AulosError `net.reset`, `net.stall`, `net.slow`, `net.truncated`, `http.length`, `asset.integrity` (not what was promised).
   */
  readonly body: AsyncIterableIterator<Uint8Array>;
}

/** Every byte, as an open range. */
export const wholeResource: ByteRange = { start: 0, end: Number.POSITIVE_INFINITY };

/** Bounds on the time of one request. Only time spent waiting for the network counts, not what the receiver takes. */
export interface NetTimeouts {
  /** Until connected. @default 8000 */
  readonly connectMs: number;
  /** From connected to the first byte of the answer. @default 10000 */
  readonly firstByteMs: number;
  /** Longest silence inside a body. @default 8000 */
  readonly stallMs: number;
  /** Bytes per second below which a body is given up, or a quarter of what the media plays if that is more… @default 256 */
  readonly slowBytesPerSecond: number;
  /** …when it stays below for so long. @default 20000 */
  readonly slowMs: number;
}

export const defaultTimeouts: NetTimeouts = {
  connectMs: 8_000,
  firstByteMs: 10_000,
  stallMs: 8_000,
  slowBytesPerSecond: 256,
  slowMs: 20_000,
};

/**
 * Takes a URL and a range, gives response bytes. One attempt, no retry. Never sends HEAD; always asks for identity encoding.
 * Owned by whoever made it; `close` ends its connections.
 */
export interface RangeClient {
  /**
   * @throws AulosError `net.*`, `http.status` (400 and up), `http.range` (an answer that contradicts the request, such as a 204),
   * `http.encoding`, `http.redirect`, `access.denied`, `media.unsupported` (a web page), `input.invalid`, `source.closed` (after
   * `close`); `signal.reason`.
   */
  get(request: RangeRequest): Promise<RangeResponse>;
  close(): Promise<void>;
}
