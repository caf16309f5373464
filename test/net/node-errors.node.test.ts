import { expect, test } from 'vitest';
import { AulosError } from '../../src/errors.ts';
import { nameBodyError, nameHeadError } from '../../src/net/node-errors.node.ts';

const url = 'https://host/a.mp3';
const failure = (code: string, syscall?: string) => Object.assign(new Error('why'), { code, syscall });

test.each([
  ['ENOTFOUND', 'getaddrinfo', 'net.dns'],
  ['EAI_AGAIN', 'getaddrinfo', 'net.dns'],
  ['ECONNREFUSED', 'connect', 'net.connect'],
  ['EHOSTUNREACH', 'connect', 'net.connect'],
  ['ETIMEDOUT', 'connect', 'net.connect'],
  ['UND_ERR_CONNECT_TIMEOUT', undefined, 'net.connect'],
  ['EMFILE', 'connect', 'net.connect'],
  ['CERT_HAS_EXPIRED', undefined, 'net.tls'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', undefined, 'net.tls'],
  ['SELF_SIGNED_CERT_IN_CHAIN', undefined, 'net.tls'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', undefined, 'net.tls'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', undefined, 'net.tls'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', undefined, 'net.tls'],
  ['EPROTO', 'write', 'net.tls'],
  ['ECONNRESET', 'read', 'net.reset'],
  ['EPIPE', 'write', 'net.reset'],
  ['UND_ERR_SOCKET', undefined, 'net.reset'],
  ['HPE_INVALID_CONSTANT', undefined, 'http.range'],
  ['UND_ERR_HEADERS_OVERFLOW', undefined, 'http.range'],
  ['UND_ERR_INVALID_ARG', undefined, 'input.invalid'],
  ['ESOMETHING', undefined, 'net.reset'],
])('%s of %s before the answer is %s', (code, syscall, named) => {
  const cause = failure(code, syscall);
  expect(nameHeadError(cause, url)).toMatchObject({ name: 'AulosError', code: named, cause });
});

test.each([
  ['UND_ERR_SOCKET', 'net.truncated', { url, expected: 100, received: 40 }],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'net.truncated', { url, expected: 100, received: 40 }],
  ['HPE_INVALID_EOF_STATE', 'net.truncated', { url, expected: 100, received: 40 }],
  ['ECONNRESET', 'net.reset', { url, offset: 1040 }],
  ['HPE_INVALID_CHUNK_SIZE', 'net.reset', { url, offset: 1040 }],
])('%s in a body is %s', (code, named, details) => {
  expect(nameBodyError(failure(code), { url, offset: 1040, received: 40, expected: 100 })).toMatchObject({ code: named, details });
});

test('an error of ours passes through', () => {
  const denied = new AulosError('access.denied', { url }, 'denied');
  expect(nameHeadError(denied, url)).toBe(denied);
});
