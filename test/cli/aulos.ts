import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { root } from '../tools.ts';

const program = path.join(root, 'dist/cli.js');

/** A command that has not ended by then hangs. */
const DEADLINE_MS = 25_000;

/** How a command ended. */
export interface Exit {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** One run of the built command line, as a user would start it. */
export class Run {
  readonly process: ChildProcess;
  readonly exited: Promise<Exit>;
  /** Resolves when the first byte comes on stdout; rejects when the command ends without one. */
  readonly firstOutput: Promise<void>;
  #stderr = '';
  readonly #waiters = new Set<() => void>();

  constructor(process: ChildProcess) {
    this.process = process;
    const stdout: Buffer[] = [];
    process.stdout?.on('data', (bytes: Buffer) => stdout.push(bytes));
    process.stderr?.on('data', (bytes: Buffer) => {
      this.#stderr += bytes.toString();
      for (const look of this.#waiters) look();
    });
    this.exited = once(process, 'close').then(([code]) => ({ code, stdout: Buffer.concat(stdout), stderr: this.#stderr }));
    this.firstOutput = new Promise((resolve, reject) => {
      process.stdout?.once('data', () => resolve());
      process.once('close', () => reject(new Error(`no output: ${this.#stderr}`)));
    });
    this.firstOutput.catch(() => {}); // not every test waits for it
  }

  /** Resolves when `isSo` holds for what stderr says so far; it is asked whenever more comes. */
  until(isSo: (stderr: string) => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = () => {
        if (!isSo(this.#stderr)) return;
        this.#waiters.delete(look);
        resolve();
      };
      this.#waiters.add(look);
      this.process.once('close', () => reject(new Error(`ended before that: ${this.#stderr}`)));
      look();
    });
  }
}

/** Starts `aulos` with these arguments. It is killed when the test ends, or when it takes too long. */
export function start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Run {
  if (!existsSync(program)) throw new Error('dist/cli.js is not there: run `npm run build` first (`npm test` does)');
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return new Run(child);
}

/** Runs `aulos` to its end. */
export const aulos = (args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Exit> => start(args, env).exited;

/** Runs `aulos` on a terminal, made by `script`. Gives what was shown. */
export async function onTerminal(args: readonly string[]): Promise<string> {
  const command = [process.execPath, program, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
    timeout: DEADLINE_MS,
    killSignal: 'SIGKILL',
  });
  child.stdin.end();
  return (await new Run(child).exited).stdout.toString();
}

/** The lines of JSON in what `--json` puts on stderr. */
export function jsonLines(stderr: string): { readonly event?: string; readonly [field: string]: unknown }[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
