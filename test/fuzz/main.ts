import { mkdtempSync, rmdirSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { execute, inventCase } from './execution.ts';
import { Findings, keepCase, readCase } from './findings.ts';
import { Ledger } from './ledger.ts';
import { SeedBook } from './seed-book.ts';
import { corpusSeeds, ownSeeds } from './seeds.ts';
import type { Finding } from './target.ts';
import { targetsNamed } from './targets/all.ts';
import { threadMs } from './thread-time.ts';
import type { Order, Report } from './worker.ts';

/** A worker that computes for so long hangs, and one that only waits; shorter times it measures itself. */
const HANG_CPU_MS = 1500;
const HANG_MS = 60_000;
const LOOK_MS = 100;
/** Mebibytes of objects beyond which a worker is ended by the engine. */
const MAX_HEAP_MIB = 512;
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '600' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    only: { type: 'string' },
    rounds: { type: 'string', default: 'Infinity' },
    workers: { type: 'string', default: String(availableParallelism()) },
    replay: { type: 'string' },
  },
});

/** Where fuzz.mjs has put this program. */
const bundle = path.dirname(process.argv[1]);

process.exitCode = (await (options.replay === undefined ? fuzz() : replay(options.replay))) ? 0 : 1;

async function fuzz(): Promise<boolean> {
  const [seed, workers, rounds] = [options.seed, options.workers, options.rounds].map(Number);
  const seeds = Number.isFinite(rounds) ? ownSeeds() : [...ownSeeds(), ...corpusSeeds()];
  const folder = mkdtempSync(path.join(tmpdir(), 'aulos-fuzz-'));
  const targets = targetsNamed(options.only);
  const ledger = new Ledger(workers, targets.length);
  const startedAt = Date.now();
  console.log(`fuzz: seed ${seed}, ${workers} workers, ${seeds.length} seed files`);
  const findings = new Findings(folder);
  const until = startedAt + 1000 * Number(options.seconds);
  const order = { behind: undefined, workers, seed, only: options.only, seeds, ledger: ledger.buffer, until, rounds, folder };
  await Promise.all(Array.from({ length: workers }, (_, worker) => keepWorking({ ...order, worker, round: worker }, ledger, findings)));
  printTable(ledger, (Date.now() - startedAt) / 1000);
  if (findings.count === 0) rmdirSync(folder);
  return findings.count === 0;
}

/** Runs a worker to the end of its order; when it dies or hangs, another goes on behind the case that did it. */
async function keepWorking(order: Order, ledger: Ledger, findings: Findings): Promise<void> {
  let { round, behind } = order;
  for (;;) {
    const end = await work({ ...order, round, behind }, ledger, findings);
    if (end === 'done') return;
    const { target: at, execution } = ledger.doing(order.worker);
    const target = targetsNamed(order.only)[at];
    ledger.count(at, 'findings');
    const input = inventCase(target, order.seed, execution, await SeedBook.open(order.seeds));
    keepCase(order.folder, target.name, execution, input);
    findings.add({ target: target.name, execution, what: end, stack: '' });
    behind = { target: at, execution };
    round = Math.floor(execution / target.perRound);
  }
}

/** Resolves to `done`, or to how it failed. */
function work(order: Order, ledger: Ledger, findings: Findings): Promise<string> {
  return new Promise((resolve) => {
    const worker = new Worker(path.join(bundle, 'worker.mjs'), {
      workerData: order,
      env: { ...process.env, TMPDIR: bundle }, // cleared away at the end, however a worker ends
      stderr: true, // libopus complains of every packet
      resourceLimits: { maxOldGenerationSizeMb: MAX_HEAP_MIB },
    });
    const start = ledger.beats(order.worker);
    let [beats, since, cpuSince] = [start, 0, 0];
    const watch = setInterval(() => {
      const now = ledger.beats(order.worker);
      const cpu = threadMs(ledger.thread(order.worker));
      if (now !== beats) [beats, since, cpuSince] = [now, Date.now(), cpu];
      else if (now !== start && cpu - cpuSince > HANG_CPU_MS) end('it hangs');
      else if (now !== start && Date.now() - since > HANG_MS) end('it waits for ever');
    }, LOOK_MS);
    const end = (how: string) => {
      clearInterval(watch);
      resolve(how);
      void worker.terminate();
    };
    worker.on('message', (report: Report) => ('done' in report ? end('done') : findings.add(report.finding)));
    worker.on('error', (error) => end(`the worker dies: ${error.stack}`));
    worker.on('exit', () => end('it never settles'));
  });
}

function printTable(ledger: Ledger, seconds: number): void {
  const columns = ['executions', 'accepted', 'rejected', 'findings'] as const;
  const row = (name: string, cells: readonly (string | number)[]) =>
    console.log(`${name.padEnd(18)}${cells.map((cell) => String(cell).padStart(12)).join('')}`);
  row('', columns);
  const sums = columns.map(() => 0);
  for (const [at, { name }] of targetsNamed(options.only).entries()) {
    const counts = columns.map((column) => ledger.counted(at, column));
    counts.forEach((count, i) => {
      sums[i] += count;
    });
    row(name, counts);
  }
  row('in all', sums);
  const { user, system } = process.cpuUsage();
  const cpuSeconds = (user + system) / 1e6;
  const mib = (process.resourceUsage().maxRSS / 1024).toFixed(0);
  // A busy machine gives only a part of its cores: the rate for a CPU second tells what a quiet one would do.
  const rates = `${Math.round((600 * sums[0]) / seconds)} executions in 10 minutes, ${Math.round(sums[0] / cpuSeconds)} in a CPU second`;
  console.log(`${seconds.toFixed(0)} s (CPU: ${cpuSeconds.toFixed(0)} s), ${rates}, at most ${mib} MiB`);
}

/** Runs one case that was kept, and tells how it ends. */
async function replay(file: string): Promise<boolean> {
  const { target: name, input } = readCase(file);
  const target = targetsNamed(name).find((one) => one.name === name);
  if (!target) throw new Error(`there is no target ${name}`);
  console.dir(input, { depth: 4 });
  const since = performance.now();
  try {
    console.log(`${name}: ${await execute(target, input)} in ${(performance.now() - since).toFixed(1)} ms`);
    return true;
  } catch (error) {
    console.log(
      `${name}: ${(error as Finding).message}\n${((error as Finding).cause as Error | undefined)?.stack ?? (error as Finding).stack}`,
    );
    return false;
  }
}
