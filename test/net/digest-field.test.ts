import { expect, test } from 'vitest';
import { parseDigest } from '../../src/net/digest-field.ts';

/** Of RFC 9530, Appendix B: the digests of `{"hello": "world"}` and a line feed. */
const sha256 = 'RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=';
const sha512 = 'YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==';
const of256 = { algorithm: 'sha-256', value: sha256 };
const of512 = { algorithm: 'sha-512', value: sha512 };

test.each([
  ['one', `sha-256=:${sha256}:`, of256],
  ['the other algorithm', `sha-512=:${sha512}:`, of512],
  ['both: the cheaper', `sha-512=:${sha512}:, sha-256=:${sha256}:`, of256],
  ['one among unknown ones', `md5=:AAAAAAAAAAAAAAAAAAAAAA==:,unixsum=:GQU=:,sha-256=:${sha256}:`, of256],
  ['parameters', `sha-256=:${sha256}:;a=1;b="c"`, of256],
  ['no padding', `sha-256=:${sha256.slice(0, -1)}:`, of256],
  ['one said twice: the last', `sha-256=:${'A'.repeat(43)}=:, sha-256=:${sha256}:`, of256],
  ['unknown ones only', 'md5=:AAAAAAAAAAAAAAAAAAAAAA==:', undefined],
  ['the older field (RFC 3230)', `SHA-256=${sha256}`, undefined],
  ['too few bytes', 'sha-256=:AAAA:', undefined],
  ['a text in place of bytes', `sha-256="${sha256}"`, undefined],
  ['what is no base64', `sha-256=:${'?'.repeat(43)}=:`, undefined],
  ['nothing', '', undefined],
  ['no field', undefined, undefined],
])('of %s', (_, field, expected) => {
  expect(parseDigest(field)).toEqual(expected);
});
