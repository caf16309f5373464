// A writer process, and the strace that lets system calls of it fail or kill it. strace is attached when the writer is ready, so that only
// the store's calls are met, and counted.
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('writer.mjs', import.meta.url));
/** No scenario takes so long: one that does hangs. */
const RUN_MS = 20_000;

/** Ends this process, loudly, where there is no strace. */
export function requireStrace() {
  if (spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0) return;
  console.error('\n*** NOTHING WAS TESTED: there is no strace here (on Debian: apt-get install strace)\n');
  process.exit(1);
}

export class TracedWriter {
  hasEnded = false;
  #child;
  #lines = [];
  #said = () => {};
  #closed;

  constructor(bundle) {
    // strace counts the calls of each thread: with one thread for files, the N-th call of it is the N-th of the store.
    const env = { ...process.env, UV_THREADPOOL_SIZE: '1' };
    this.#child = spawn(process.execPath, [program, bundle], { env, stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.stdin.on('error', () => {}); // the writer was killed: 'close' tells
    let rest = '';
    this.#child.stdout.setEncoding('utf8').on('data', (text) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop();
      this.#lines.push(...lines);
      this.#said();
    });
    this.#closed = new Promise((resolve) => this.#child.once('close', (_, signal) => resolve(signal))).finally(() => {
      this.hasEnded = true;
    });
  }

  /**
   * Runs a scenario, by its index, in the store at `root`, while strace injects `fault` into `call`. Gives what the writer told, the signal
   * that ended it, if any, and how many calls were hit.
   */
  async run(scenario, root, call, fault) {
    await this.#until('ready');
    const { hits, detach } = await attach(this.#child.pid, call, fault);
    this.#child.stdin.write(`${scenario} ${root}\n`);
    const timer = setTimeout(() => this.#child.kill('SIGABRT'), RUN_MS);
    const signal = await Promise.race([this.#until('ended'), this.#closed]);
    clearTimeout(timer);
    await detach();
    return { lines: this.#lines, signal, hits: hits() };
  }

  end() {
    this.#child.kill('SIGKILL');
    return this.#closed;
  }

  /** Waits for a line, and takes away all that came before it. */
  async #until(word) {
    while (!this.#lines.includes(word)) await new Promise((resolve) => (this.#said = resolve));
    if (word === 'ready') this.#lines = [];
  }
}

/** Resolves when strace has every thread of the process in its hands. */
async function attach(pid, call, fault) {
  const filter = ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}`, '-e', 'status=failed', '-e', 'signal=none'];
  const strace = spawn('strace', ['-f', ...filter, '-p', String(pid)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  await new Promise((resolve, reject) => {
    strace.stderr.setEncoding('utf8').on('data', (text) => {
      output += text;
      if (/Process \d+ attached/.test(output)) resolve();
    });
    strace.once('close', () => reject(new Error(`strace could not attach:\n${output}`)));
  });
  const closed = new Promise((resolve) => strace.once('close', resolve));
  const detach = () => {
    strace.kill('SIGINT');
    return closed;
  };
  return { hits: () => output.split('(INJECTED)').length - 1, detach };
}
