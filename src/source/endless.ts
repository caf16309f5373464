// What tells that a resource has no end; what is done then is in `live.ts`, which is only loaded then.

/** Bytes after which a body without a length counts as one without an end. */
export const ENDLESS_BYTES = 64 << 20;

/** True for an answer of SHOUTcast or Icecast: a station, which has no end. */
export const isStation = (headers: Readonly<Record<string, string>>): boolean =>
  Object.keys(headers).some((name) => name.startsWith('icy-'));
