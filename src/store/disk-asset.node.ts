import { typed } from './disk-error.node.ts';
import { readFacts } from './disk-meta.node.ts';
import { type Reading, readAside } from './disk-reading.node.ts';
import { DiskSidecars } from './disk-sidecars.node.ts';
import { JournalReader } from './journal-reader.node.ts';
import type { AssetRecord } from './medium.ts';
import type { Run } from './record.ts';

/** What the folder of an asset holds. */
export interface FoundAsset {
  readonly record: AssetRecord | undefined;
  /** Runs that `journals` had not read before. */
  readonly runs: readonly Run[];
  /** Highest generation that any file there belongs to: the next one is above it. */
  readonly highest: number;
  readonly journals: JournalReader;
  readonly sidecars: DiskSidecars;
}

/**
 * Reads what the folder of an asset holds; undefined if a later version of aulos wrote there. `journals` of the same generation are read
 * on from where they are.
 */
export async function findAsset(folder: string, journals?: JournalReader, reading: Reading = readAside): Promise<FoundAsset | undefined> {
  return await typed(async () => {
    const names = await reading.names(folder);
    const { record, highest, later } = await readFacts(folder, names, reading);
    if (later) return undefined;
    const generation = record?.generation ?? 0;
    const reader = journals?.generation === generation ? journals : new JournalReader(folder, generation);
    const runs = await reader.read(names, reading);
    return { record, runs, highest, journals: reader, sidecars: await DiskSidecars.find(folder, names, generation, reading) };
  });
}

/** True if `name` in the folder of an asset belongs to a generation below `generation`. */
export function isOlder(name: string, generation: number): boolean {
  const [, own] = /^(?:meta|data|journal|side)\.(\d+)\b/.exec(name) ?? [];
  return own !== undefined && Number(own) < generation;
}
