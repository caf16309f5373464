import path from 'node:path';
import { isDamage } from './disk-error.node.ts';
import { type Reading, readAside } from './disk-reading.node.ts';
import { decodeJournal, RECORD_BYTES } from './journal-record.node.ts';
import type { Run } from './record.ts';

const JOURNAL = /^journal\.(\d+)\.(\d+)$/;

/** Path of the journal of one writer. */
export const journalFile = (folder: string, generation: number, epoch: number): string =>
  path.join(folder, `journal.${generation}.${epoch}`);

/** Epochs of the journals of a generation, ascending; `names` are those in the folder. */
export function epochsAmong(names: readonly string[], generation: number): number[] {
  const matches = names.map((name) => JOURNAL.exec(name));
  return matches.flatMap((match) => (match && Number(match[1]) === generation ? Number(match[2]) : [])).sort((a, b) => a - b);
}

/** Reads the journals of a generation, and each time only what was appended since. */
export class JournalReader {
  readonly generation: number;
  readonly #folder: string;
  /** Epoch → sound records that were read. */
  readonly #counts = new Map<number, number>();

  constructor(folder: string, generation: number) {
    this.#folder = folder;
    this.generation = generation;
  }

  /** Epochs of all journals that were found. */
  get epochs(): readonly number[] {
    return [...this.#counts.keys()];
  }

  /** Runs that were not read before, in the order of their records; nothing behind one that is not sound. `names` are those in the folder. */
  async read(names: readonly string[], reading: Reading = readAside): Promise<Run[]> {
    const runs: Run[] = [];
    for (const epoch of epochsAmong(names, this.generation)) for (const run of await this.#readOn(epoch, reading)) runs.push(run);
    return runs;
  }

  async #readOn(epoch: number, reading: Reading): Promise<Run[]> {
    const count = this.#counts.get(epoch) ?? 0;
    this.#counts.set(epoch, count);
    try {
      const records = await reading.bytes(journalFile(this.#folder, this.generation, epoch), count * RECORD_BYTES);
      const runs = decodeJournal(records, { generation: this.generation, epoch }, count);
      this.#counts.set(epoch, count + runs.length);
      return runs;
    } catch (error) {
      if (!isDamage(error)) throw error;
      return []; // what it recorded is fetched again
    }
  }
}
