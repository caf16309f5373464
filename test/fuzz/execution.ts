import { isAulosError } from '../../src/errors.ts';
import { allocations } from './allocations.ts';
import { Random } from './random.ts';
import type { SeedBook } from './seed-book.ts';
import { Finding, type Target } from './target.ts';
import { threadMs, threadNumber } from './thread-time.ts';

/** Longest that an execution may take. */
const MAX_MS = 1000;
/** What an asset may allocate at once (reliability: budget of an asset), and by how much the heap may grow. */
const MAX_ALLOCATION = 32 << 20;
/** Makes up case number `execution` of `target` in the run with `seed`. */
export function inventCase(target: Target, seed: number, execution: number, seeds: SeedBook): unknown {
  let hash = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);
  for (const character of target.name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return target.invent(new Random(Math.imul(hash ^ execution, 0xc2b2ae35)), seeds);
}

/** Runs a case within the bounds of time and memory. @throws Finding */
export async function execute(target: Target, input: unknown): Promise<'accepted' | 'rejected'> {
  const since = performance.now();
  const verdict = await boundedVerdictOf(target, input);
  if (performance.now() - since <= MAX_MS) return verdict;
  // The machine may have had other things to do.
  const thread = threadNumber();
  const before = threadMs(thread);
  await boundedVerdictOf(target, input);
  const ms = threadMs(thread) - before;
  if (ms > MAX_MS) throw new Finding(`it took ${Math.round(ms)} ms`);
  return verdict;
}

async function boundedVerdictOf(target: Target, input: unknown): Promise<'accepted' | 'rejected'> {
  allocations.begin();
  const verdict = await verdictOf(target, input);
  if (allocations.largest > MAX_ALLOCATION) throw new Finding(`${allocations.largest} bytes were allocated at once`);
  return verdict;
}

async function verdictOf(target: Target, input: unknown): Promise<'accepted' | 'rejected'> {
  try {
    await target.run(input);
    return 'accepted';
  } catch (error) {
    if (error instanceof Finding) throw error;
    if (isAulosError(error)) return 'rejected';
    throw new Finding(`an untyped error: ${error}`, { cause: error });
  }
}
