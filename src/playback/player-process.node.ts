import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { promisify } from 'node:util';
import { raceAbort } from '../base/abort.ts';
import { AulosError } from '../errors.ts';

/** What is kept of what a program complains. */
const STDERR_CHARACTERS = 4_096;

/**
 * A running program that plays what it is given on its standard input. It ends with its input, and so also when this process is killed;
 * what it plays then is what it holds.
 */
export class PlayerProcess {
  readonly #name: string;
  readonly #child: ChildProcess;
  #stderr = '';
  /** Resolves when it is gone, with its exit code, or what ended it; never rejects. */
  readonly ended: Promise<number | string>;
  /** Its input is over. */
  isEnding = false;

  constructor(name: string, file: string, args: readonly string[]) {
    this.#name = name;
    // In a group of its own: Ctrl-C is for us, who end it then, and with it what it has started itself.
    const child = spawn(file, args, { stdio: ['pipe', 'ignore', 'pipe'], detached: true });
    this.#child = child;
    child.stdin.on('error', () => {}); // the write that meets it tells
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARACTERS);
    });
    const kill = () => this.kill();
    process.once('exit', kill);
    this.ended = new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signal) => resolve(code ?? signal ?? 0));
    });
    void this.ended.then(() => process.off('exit', kill));
  }

  /** Resolves when the system has taken `bytes`, which then are not used any more. @throws AulosError `output.device`; `signal.reason`. */
  async write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const written = new Promise<unknown>((resolve) => this.#child.stdin?.write(bytes, resolve));
    const error = await raceAbort(written, signal);
    if (!error) return;
    this.kill(); // it may have closed its input and live on
    throw this.#failure(await this.ended, error);
  }

  /** Ends its input; resolves when it has played all and is gone. @throws AulosError `output.device`; `signal.reason`. */
  async finish(signal: AbortSignal): Promise<void> {
    this.isEnding = true;
    this.#child.stdin?.end();
    const exit = await raceAbort(this.ended, signal);
    if (exit !== 0) throw this.#failure(exit);
  }

  /** Ends it at once. */
  kill(): void {
    this.#child.stdin?.destroy();
    const { pid, exitCode, signalCode } = this.#child;
    if (pid === undefined || exitCode !== null || signalCode !== null) return;
    try {
      process.kill(-pid, 'SIGKILL');
    } catch {
      this.#child.kill('SIGKILL'); // there are no groups here
    }
  }

  #failure(exit: number | string, cause?: unknown): AulosError {
    const said = this.#stderr.trim().split('\n').at(-1);
    const reason = said || (typeof exit === 'number' ? `exit code ${exit}` : exit);
    return new AulosError('output.device', { reason }, `${this.#name} does not play: ${reason}`, { cause });
  }
}

/** It has so long to say what it can, ms. */
const HELP_MS = 5_000;

/** What a program says of itself; nothing, when it does not answer. @throws `signal.reason`. */
export async function helpOf(file: string, signal: AbortSignal): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(file, ['--help'], { signal, timeout: HELP_MS }).catch((error) => {
    signal.throwIfAborted();
    return error as { stdout: string; stderr: string };
  });
  return stdout + stderr;
}
