import { AulosError, redactUrl } from '../errors.ts';

/** What besides the URL names an asset. */
export interface AssetKeyOptions {
  /**
   * Replaces the URL: a text of the caller's own, or a function of the canonical URL (to drop a signature from its query, say).
   * The query counts by default, since two queries may well be two resources.
   */
  readonly cacheKey?: string | ((url: string) => string);
  /** Keeps apart what one URL gives to different askers (a language, an account). */
  readonly discriminator?: string;
}

/** What is hashed to the key of the asset behind `url`. @throws AulosError `input.invalid` when `url` is needed and is none. */
export function keyText(url: string, { cacheKey, discriminator }: AssetKeyOptions = {}): Uint8Array<ArrayBuffer> {
  const name = typeof cacheKey === 'string' ? cacheKey : cacheKey ? cacheKey(canonicalUrl(url)) : canonicalUrl(url);
  // A URL holds no line feed, so a discriminator cannot imitate a longer URL.
  return new TextEncoder().encode(discriminator === undefined ? name : `${name}\n${discriminator}`);
}

/** The key that 32 bytes make: 52 characters of `[a-z2-7]`, so that nothing of a URL ever becomes a path. */
export const keyOf = (bytes: Uint8Array): string => base32(bytes);

/** True if `key` has the shape of one; the stores take no other. */
export const isAssetKey = (key: string): boolean => /^[a-z2-7]{52}$/.test(key);

/** The URL as the WHATWG parser writes it (host in lower case, default port and dot segments gone), without fragment. */
function canonicalUrl(url: string): string {
  if (!URL.canParse(url)) throw new AulosError('input.invalid', { input: redactUrl(url) }, `not a URL: ${redactUrl(url)}`);
  const parsed = new URL(url);
  parsed.hash = '';
  return parsed.href;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';

/** RFC 4648 §6, lower case, without padding. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += ALPHABET[(value >>> (bits - 5)) & 31];
  }
  return bits > 0 ? text + ALPHABET[(value << (5 - bits)) & 31] : text;
}
