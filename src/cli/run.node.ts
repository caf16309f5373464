import { constants } from 'node:os';
import { isAulosError } from '../errors.ts';
import { type Aulos, createAulos, type Revalidate } from '../node.ts';
import { exitCodeOf, exitCodes, isBrokenPipe } from './exit-codes.ts';

/** Options of every command. */
export interface CommonOptions {
  readonly cacheDir?: string;
  readonly json: boolean;
  /** How often in a row a request may be tried again. */
  readonly retries?: number;
  /** Refuse URLs that lead to this machine and to private networks. */
  readonly denyPrivate?: boolean;
  /** Ask whether what is held is still the server's version. */
  readonly revalidate?: Revalidate;
}

/** What a command leaves on the terminal when it succeeds. */
export interface CommandResult {
  readonly json: object;
  readonly text: string;
  /** True if stdout carries PCM, so that the result goes to stderr. */
  readonly stdoutIsTaken?: boolean;
}

export type Command<O extends CommonOptions> = (aulos: Aulos, options: O, signal: AbortSignal) => Promise<CommandResult>;

/**
 * Runs one command from the opened cache to the exit code. The first SIGINT or SIGTERM lets it keep what has arrived and leave; a second
 * one leaves at once. Never rejects: errors become one line on stderr.
 */
export async function run<O extends CommonOptions>(options: O, command: Command<O>): Promise<number> {
  const interrupt = new AbortController();
  const onSignal = (name: NodeJS.Signals) => {
    if (interrupt.signal.aborted) process.exit(128 + constants.signals[name]);
    interrupt.abort(name);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    const { cacheDir, retries, denyPrivate, revalidate } = options;
    const retry = retries === undefined ? {} : { attempts: retries + 1 };
    await using aulos = createAulos({ cacheDir, retry, allowPrivate: !denyPrivate, revalidate });
    // A page plays on from memory; whoever runs a command wants the bytes kept.
    aulos.events.on('store.unavailable', ({ payload: { error } }) => interrupt.abort(error));
    const { json, text, stdoutIsTaken } = await command(aulos, options, interrupt.signal);
    const stream = stdoutIsTaken ? process.stderr : process.stdout;
    await print(stream, options.json ? JSON.stringify(json) : text);
    return exitCodes.ok;
  } catch (error) {
    if (interrupt.signal.aborted && error === interrupt.signal.reason && !isAulosError(error)) {
      process.stderr.write('aulos: interrupted; what arrived is kept\n');
      return 128 + constants.signals[interrupt.signal.reason as NodeJS.Signals];
    }
    if (!isBrokenPipe(error))
      process.stderr.write(options.json ? `${JSON.stringify({ error: describe(error) })}\n` : `aulos: ${oneLine(error)}\n`);
    return exitCodeOf(error);
  } finally {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Rejects when nobody reads `stream` any more. */
function print(stream: NodeJS.WriteStream, line: string): Promise<void> {
  return new Promise((resolve, reject) => stream.write(`${line}\n`, (error) => (error ? reject(error) : resolve())));
}

const describe = (error: unknown) => (isAulosError(error) ? error.toJSON() : { code: 'internal', message: String(error) });

function oneLine(error: unknown): string {
  if (isAulosError(error)) return `${error.message} (${error.code})`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
