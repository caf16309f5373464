import { AulosError, isAulosError } from '../errors.ts';
import { DeniedAddress, deniedError } from './address-policy.node.ts';
import type { BodyProgress } from './body.ts';

const TLS = /^(ERR_TLS|ERR_SSL|CERT_|CRL_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH|EPROTO)/;
const DNS = /^(ENOTFOUND|ENODATA|EAI_)/;
const CONNECT = /^(ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|EMFILE|ENFILE|UND_ERR_CONNECT_TIMEOUT)/;
/** llhttp refuses the answer (sometimes without a code), its lengths disagree, or its headers are too large. */
const GARBLED = /^(HPE_|HTTPParserError|UND_ERR_RES_CONTENT_LENGTH_MISMATCH|UND_ERR_HEADERS_OVERFLOW)/;
/** A FIN before the body was complete, as undici tells it: with Content-Length, inside a chunked body, after `Connection: close`. */
const EARLY_END = /^(UND_ERR_SOCKET|HPE_INVALID_EOF_STATE|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)/;

/** Names what went wrong before there was an answer. `url` is redacted. */
export function nameHeadError(error: unknown, url: string): AulosError {
  if (isAulosError(error)) return error;
  if (error instanceof DeniedAddress) return deniedError(url, error.address);
  const { code, syscall, message } = factsOf(error);
  const cause = { cause: error };
  if (DNS.test(code) || syscall === 'getaddrinfo') return new AulosError('net.dns', { url }, `the host of ${url} is not known`, cause);
  if (TLS.test(code)) return new AulosError('net.tls', { url }, `no trusted connection to ${url}: ${message}`, cause);
  if (CONNECT.test(code) || syscall === 'connect') return new AulosError('net.connect', { url }, `no connection to ${url}: ${code}`, cause);
  if (code === 'UND_ERR_INVALID_ARG') return new AulosError('input.invalid', { input: url }, `${url} cannot be asked: ${message}`, cause);
  if (GARBLED.test(code)) {
    return new AulosError('http.range', { url, answered: message }, `${url} answers no proper HTTP: ${message}`, cause);
  }
  return new AulosError('net.reset', { url }, `the connection to ${url} broke before the answer: ${message}`, cause);
}

/** Names what ended a body too early. */
export function nameBodyError(error: unknown, { url, offset, received, expected }: BodyProgress): AulosError {
  const { code, message } = factsOf(error);
  if (!EARLY_END.test(code))
    return new AulosError('net.reset', { url, offset }, `${url} broke off at byte ${offset}: ${message}`, { cause: error });
  const what = `${url} ended after ${received} of ${expected ?? 'an unknown number of'} bytes`;
  return new AulosError('net.truncated', { url, expected, received }, what, { cause: error });
}

function factsOf(error: unknown): { code: string; syscall: string; message: string } {
  const { code, name, syscall, message } = error as NodeJS.ErrnoException;
  return { code: code ?? name, syscall: syscall ?? '', message: message ?? String(error) };
}
