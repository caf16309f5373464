import { type AulosError, isAulosError } from '../errors.ts';

/** True if the server refuses access, which may have expired. */
export function isRefusal(error: unknown): error is AulosError<'http.status'> {
  return hasStatus(error, 401, 403, 410);
}

/** True if the server says that it is asked too much: it may still answer one connection. */
export function isOverload(error: unknown): boolean {
  return hasStatus(error, 429, 503);
}

/** True if the server has nothing where it was asked (RFC 9110 §15.5.17). */
export function isOutOfRange(error: unknown): error is AulosError<'http.status'> {
  return hasStatus(error, 416);
}

function hasStatus(error: unknown, ...statuses: readonly number[]): error is AulosError<'http.status'> {
  return isAulosError(error, 'http.status') && statuses.includes(error.details.status);
}
