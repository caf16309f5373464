import { type ErrorCode, isAulosError } from '../errors.ts';

/** Exit codes of the command line; the README holds the same table. A signal gives 128 and its number: 130 is Ctrl-C. */
export const exitCodes = {
  ok: 0,
  internal: 1,
  /** The arguments, or an input that is neither a URL nor a file. */
  usage: 2,
  /** The server cannot be reached, or the download broke off for good. */
  network: 3,
  /** The server said no. */
  refused: 4,
  /** Not media, broken media, or media that aulos does not play. */
  media: 5,
  /** The cache or the output cannot be read or written. */
  storage: 6,
  /** Whoever read the output went away: 128 + SIGPIPE, as of any program in a pipe. */
  brokenPipe: 141,
} as const;

const byFamily: Readonly<Record<string, number>> = {
  input: exitCodes.usage,
  net: exitCodes.network,
  http: exitCodes.refused,
  access: exitCodes.refused,
  asset: exitCodes.refused,
  media: exitCodes.media,
  decode: exitCodes.media,
  source: exitCodes.media,
  store: exitCodes.storage,
  output: exitCodes.storage,
};

/** The exit code for an error, by the family of its code (`net.reset` → `net`). */
export function exitCodeOf(error: unknown): number {
  if (isBrokenPipe(error)) return exitCodes.brokenPipe;
  if (!isAulosError(error)) return exitCodes.internal;
  return byFamily[familyOf(error.code)] ?? exitCodes.internal;
}

/** True if the reader of stdout went away, told by the sink or by the stream itself. */
export function isBrokenPipe(error: unknown): boolean {
  if (isAulosError(error, 'store.io')) return error.details.errno === 'EPIPE';
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}

const familyOf = (code: ErrorCode): string => code.slice(0, code.indexOf('.'));
