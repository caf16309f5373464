import { isAulosError } from '../../src/errors.ts';
import type { Random } from './random.ts';
import type { SeedBook } from './seed-book.ts';

/** Something that takes bytes of strangers. `Case` survives a structured clone, so that a case can be kept and run again. */
export interface Target<Case = unknown> {
  readonly name: string;
  /** Executions in a round: the cheap ones get more. */
  readonly perRound: number;
  /** Makes up a case; the same for the same draws and seeds. Undefined if no seed is of use to it. */
  invent(random: Random, seeds: SeedBook): Case | undefined;
  /**
   * Takes a case. What it rejects it does by an {@link AulosError} that {@link isTyped} approves of.
   * @throws Finding for what is silently wrong.
   */
  run(input: Case): void | Promise<void>;
}

/** Something that must not be. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** @throws Finding `what` unless `holds`. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Finding(what);
}

/** True for a rejection as the contract has it: a code of `codes`, a sentence, and where there is a byte offset one inside the `length` bytes. */
export function isTyped(error: unknown, codes: RegExp, length = Number.POSITIVE_INFINITY): boolean {
  if (!isAulosError(error) || !codes.test(error.code) || error.message === '') return false;
  const { offset } = error.details as { readonly offset?: number };
  if (offset === undefined) return !error.code.startsWith('media.');
  return Number.isSafeInteger(offset) && offset >= 0 && offset <= length;
}

/** Lets typed rejections by, marked as such; everything else is a finding. */
export async function expectTyped(codes: RegExp, length: number, task: () => unknown): Promise<void> {
  try {
    await task();
  } catch (error) {
    if (error instanceof Finding || isTyped(error, codes, length)) throw error;
    throw new Finding(describe(error), { cause: error });
  }
}

function describe(error: unknown): string {
  if (!isAulosError(error)) return `an untyped error: ${error}`;
  return `${error.code} with ${JSON.stringify(error.details)}: ${error.message}`;
}
