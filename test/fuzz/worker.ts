import v8 from 'node:v8';
import { parentPort, workerData } from 'node:worker_threads';
import { execute, inventCase } from './execution.ts';
import { type FoundCase, keepCase } from './findings.ts';
import { type Doing, Ledger } from './ledger.ts';
import { SeedBook } from './seed-book.ts';
import type { Seed } from './seeds.ts';
import { Finding, type Target } from './target.ts';
import { targetsNamed } from './targets/all.ts';
import { threadNumber } from './thread-time.ts';

/** What a worker is given. */
export interface Order {
  readonly worker: number;
  readonly workers: number;
  readonly seed: number;
  readonly only: string | undefined;
  readonly seeds: readonly Seed[];
  readonly ledger: SharedArrayBuffer;
  /** The round to begin with, and of that behind which execution. */
  readonly round: number;
  readonly behind: Doing | undefined;
  /** End of the run, as `Date.now()`; and after how many rounds at most. */
  readonly until: number;
  readonly rounds: number;
  /** Where cases with findings are kept. */
  readonly folder: string;
}

/** What a worker tells. */
export type Report = { readonly finding: FoundCase } | { readonly done: true };

/** By how much the memory that a worker keeps may grow. */
const MAX_GROWTH = 64 << 20;
/** Rounds from one look at the memory to the next. */
const ROUNDS_PER_LOOK = 200;

const order = workerData as Order;
const ledger = new Ledger(order.workers, targetsNamed(order.only).length, order.ledger);

ledger.run(order.worker, threadNumber());
await run();
parentPort?.postMessage({ done: true } satisfies Report);

async function run(): Promise<void> {
  const seeds = await SeedBook.open(order.seeds);
  const targets = targetsNamed(order.only);
  let least = Number.POSITIVE_INFINITY;
  for (let round = order.round; round < order.rounds && Date.now() < order.until; round += order.workers) {
    for (const [at, target] of targets.entries()) {
      for (let i = 0; i < target.perRound; i++) {
        const execution = round * target.perRound + i;
        if (round > order.round || isBehind(at, execution)) await runOne(target, at, execution, seeds);
      }
    }
    if (Math.floor(round / order.workers) % ROUNDS_PER_LOOK !== ROUNDS_PER_LOOK - 1) continue;
    const kept = await keptBytes();
    if (kept > least + MAX_GROWTH) tell({ target: 'memory', execution: round, what: `${kept - least} bytes more are kept`, stack: '' });
    least = Math.min(least, kept);
  }
}

function isBehind(target: number, execution: number): boolean {
  const { behind } = order;
  return !behind || target > behind.target || (target === behind.target && execution > behind.execution);
}

async function runOne(target: Target, at: number, execution: number, seeds: SeedBook): Promise<void> {
  const input = inventCase(target, order.seed, execution, seeds);
  if (input === undefined) return;
  ledger.begin(order.worker, { target: at, execution });
  ledger.count(at, 'executions');
  const before = heapBytes();
  try {
    ledger.count(at, await execute(target, input));
    const grown = heapBytes() - before > MAX_GROWTH ? (await keptBytes()) - before : 0;
    if (grown > MAX_GROWTH) throw new Finding(`${grown} bytes are kept`);
  } catch (error) {
    const { message, stack, cause } = error as Finding;
    ledger.count(at, 'findings');
    keepCase(order.folder, target.name, execution, input);
    tell({ target: target.name, execution, what: message, stack: (cause instanceof Error ? cause.stack : stack) ?? '' });
  }
}

function tell(finding: FoundCase): void {
  parentPort?.postMessage({ finding } satisfies Report);
}

function heapBytes(): number {
  const { used_heap_size, external_memory } = v8.getHeapStatistics();
  return used_heap_size + external_memory;
}

/** WebAssembly memory is let go a while after its instance. */
async function keptBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await new Promise(setImmediate);
  }
  return heapBytes();
}
