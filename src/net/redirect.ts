import { AulosError, redactUrl } from '../errors.ts';

/** Redirects followed for one request. */
export const MAX_REDIRECTS = 10;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** One request on the way to its answer. */
export interface Hop {
  readonly target: URL;
  /** Headers of the application. */
  readonly headers: Readonly<Record<string, string>>;
  /** URLs asked before this one. */
  readonly passed: ReadonlySet<string>;
}

/**
 * Where an answer sends a request on (RFC 9110 §15.4); undefined if it is the final one. The application's headers go only to the origin that
 * they were meant for, and do not come back with a redirect to it.
 * @throws AulosError `http.redirect`: a loop, too many, or to what is not HTTP.
 */
export function nextHop({ target, headers, passed }: Hop, status: number, location: string | undefined): Hop | undefined {
  if (!REDIRECTS.has(status) || location === undefined) return undefined;
  const next = URL.canParse(location, target) ? new URL(location, target) : undefined;
  if (next?.protocol !== 'http:' && next?.protocol !== 'https:') throw redirectError(target, 'to what is not an http URL');
  next.username = next.password = '';
  const seen = new Set(passed).add(target.href);
  if (seen.has(next.href)) throw redirectError(target, 'in a circle');
  if (seen.size > MAX_REDIRECTS) throw redirectError(target, 'too many times');
  return { target: next, headers: next.origin === target.origin ? headers : {}, passed: seen };
}

function redirectError(target: URL, what: string): AulosError {
  const url = redactUrl(target.href);
  return new AulosError('http.redirect', { url }, `${url} redirects ${what}`);
}
