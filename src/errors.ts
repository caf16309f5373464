import type { ByteRange } from './base/ranges.ts';

/**
 * What each error code carries. Branch on `code`, never on the message.
 * URLs in details keep no query and no credentials (see {@link redactUrl}).
 */
export interface ErrorDetails {
  /** The host could not be reached and nothing more is known (in browsers: offline, DNS, TLS or CORS). */
  'net.unreachable': { url: string };
  'net.dns': { url: string };
  'net.tls': { url: string };
  /** No connection within `connectMs`, or refused. */
  'net.connect': { url: string };
  /** The connection broke while the response was arriving. */
  'net.reset': { url: string; offset?: number };
  /** No byte for `stallMs` (or `firstByteMs` before the first one). */
  'net.stall': { url: string; afterMs: number };
  /** Bytes arrive, but slower than the floor. */
  'net.slow': { url: string; bytesPerSecond: number };
  /** The body ended before the announced length. */
  'net.truncated': { url: string; expected?: number; received: number };
  'http.status': { url: string; status: number; retryAfterMs?: number };
  'http.redirect': { url: string };
  /** A range answer that contradicts the request or itself; nothing of it was written. */
  'http.range': { url: string; asked?: ByteRange; answered?: string };
  'http.encoding': { url: string; encoding: string };
  'http.length': { url: string; expected: number; received: number };
  /** 401, 403 or 410 after part of the resource had been downloaded. */
  'access.expired': { url: string; status: number };
  'access.denied': { url: string; status?: number; address?: string };
  /** The resource is another version than the one held. */
  'asset.changed': { url: string };
  'asset.integrity': { url: string };
  /** The text given is not an http(s) URL, nor a file. */
  'input.invalid': { input: string };
  /** A stream that was given as input failed at byte `offset`; the cause is its own. */
  'input.failed': { offset: number };
  'store.full': { needed?: number };
  /** Reading or writing the store failed; `syscall` and `errno` name the cause on disk. */
  'store.io': { path?: string; errno?: string };
  'store.denied': { path?: string; errno?: string };
  'store.unavailable': { reason: string };
  'store.locked': { key: string };
  'store.healed': { key: string; range: ByteRange };
  /** Not a format, codec or feature that aulos plays. */
  'media.unsupported': { offset: number; what: string };
  /** Breaks the rules of its format at byte `offset`. */
  'media.malformed': { offset: number; what: string };
  /** Well-formed, but above a safety bound (see `reliability`). */
  'media.limit': { offset: number; what: string };
  /** The resource ends inside a structure that begins at byte `offset`. */
  'media.truncated': { offset: number; what: string };
  'decode.failed': { offset?: number; what: string };
  'decode.unavailable': { codec: string };
  /** The browser wants a user gesture first. */
  'output.notAllowed': Record<string, never>;
  'output.suspended': Record<string, never>;
  'output.device': { reason: string };
  'engine.appNotFound': { app: string };
  'engine.appExists': { app: string };
  'engine.streamNotFound': { app: string; stream: string };
  'engine.alreadyPublishing': { app: string; stream: string };
  'engine.publisherLimit': { limit: number };
  'engine.subscriberLimit': { limit: number };
  'engine.closed': Record<string, never>;
  /** Used after `close()`. */
  'source.closed': { url: string };
  /** The reader of a stream without an end is so slow that what it wants is gone. */
  'source.behind': { url: string; lostBytes: number };
  /** A stream without an end cannot be had whole. */
  'source.live': { url: string };
}

export type ErrorCode = keyof ErrorDetails;

/** Codes after which trying the same thing again may succeed. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'net.unreachable',
  'net.dns',
  'net.connect',
  'net.reset',
  'net.stall',
  'net.slow',
  'net.truncated',
  'http.range',
  'http.encoding',
  'http.length',
  'store.unavailable',
  'store.locked',
]);

const RETRYABLE_STATUS: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504, 522, 524]);

/** The one error class of aulos. Aborts are not errors of ours: `signal.reason` passes through untouched. */
export class AulosError<C extends ErrorCode = ErrorCode> extends Error {
  override readonly name = 'AulosError';
  readonly code: C;
  readonly details: ErrorDetails[C];

  constructor(code: C, details: ErrorDetails[C], message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
    this.details = details;
  }

  /** True when the same request may succeed later. */
  get retryable(): boolean {
    if (this.code === 'http.status') return RETRYABLE_STATUS.has((this.details as ErrorDetails['http.status']).status);
    return RETRYABLE.has(this.code);
  }

  /** A structured-cloneable form, for crossing threads and for `--json`. */
  toJSON(): SerializedError {
    return { code: this.code, message: this.message, details: { ...this.details } };
  }
}

/** What {@link AulosError.toJSON} gives and {@link reviveError} takes. */
export interface SerializedError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Record<string, unknown>;
}

/** Rebuilds an error that crossed a thread. */
export function reviveError({ code, message, details }: SerializedError): AulosError {
  return new AulosError(code, details as unknown as ErrorDetails[ErrorCode], message);
}

/** True if `error` is ours and, when given, has that code; narrows `details`. */
export function isAulosError<C extends ErrorCode = ErrorCode>(error: unknown, code?: C): error is AulosError<C> {
  return error instanceof AulosError && (code === undefined || error.code === code);
}

/** `url` without query, fragment and credentials, fit for messages and logs. */
export function redactUrl(url: string): string {
  try {
    const u = new URL(url);
    return `${u.protocol}//${u.host}${u.pathname}`;
  } catch {
    return url.replace(/[?#].*$/s, '');
  }
}
