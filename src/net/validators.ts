import type { Validator } from '../base/validator.ts';

/** True if equal validators prove equal bytes: a strong entity tag, or without any tag a strong date (RFC 9110 §8.8). */
export function isStrong(validator: Validator): boolean {
  return ifRangeOf(validator) !== undefined;
}

/**
 * The If-Range value for a resume (RFC 9110 §13.1.5); undefined if there is none: a weak tag must not be sent, and a date only when
 * there is no tag at all and it is strong.
 */
export function ifRangeOf(validator: Validator): string | undefined {
  if (validator.etag !== undefined) return isStrongTag(validator.etag) ? validator.etag : undefined;
  return isStrongDate(validator) ? validator.lastModified : undefined;
}

/** The headers that ask for bytes only if the resource is another version (RFC 9110 §13.1.2 and, without a tag, §13.1.3). */
export function ifChangedHeaders({ etag, lastModified }: Validator): Record<string, string> {
  if (etag !== undefined) return { 'if-none-match': etag };
  return lastModified === undefined ? {} : { 'if-modified-since': lastModified };
}

/** True: surely the same bytes. False: surely (or by what the server says) another version. Undefined: only the bytes can tell. */
export function sameVersion(a: Validator, b: Validator): boolean | undefined {
  if (a.etag !== undefined && b.etag !== undefined) {
    if (opaqueTag(a.etag) !== opaqueTag(b.etag)) return false;
    return isStrongTag(a.etag) && isStrongTag(b.etag) ? true : undefined;
  }
  if (a.lastModified === undefined || b.lastModified === undefined) return undefined;
  if (a.lastModified !== b.lastModified) return false;
  return isStrongDate(a) && isStrongDate(b) ? true : undefined;
}

/** Quoted and without `W/` (RFC 9110 §8.8.3); what servers send without quotes cannot be sent back and proves nothing. */
function isStrongTag(etag: string): boolean {
  return /^"[^"]*"$/.test(etag);
}

function opaqueTag(etag: string): string {
  return etag.replace(/^W\//, '');
}

/** A resource may change twice within the second that a date counts, so the date must be at least one older than the answer (§8.8.2.2). */
function isStrongDate({ lastModified, date }: Validator): boolean {
  if (lastModified === undefined || date === undefined) return false;
  return Date.parse(date) - Date.parse(lastModified) >= 1000;
}
