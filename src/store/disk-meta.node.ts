import path from 'node:path';
import { crc32 } from 'node:zlib';
import { isDamage } from './disk-error.node.ts';
import { type Reading, readAside } from './disk-reading.node.ts';
import type { AssetRecord } from './medium.ts';

/** Version of the layout; a later one is left untouched. */
const VERSION = 1;

/** What the folder of an asset says of it. */
export interface FolderFacts {
  /** The record of the newest sound generation. */
  readonly record: AssetRecord | undefined;
  /** Highest generation that any file there belongs to: the next one is above it. */
  readonly highest: number;
  /** A later version of aulos wrote here. */
  readonly later: boolean;
}

/** `meta.<gen>.json`: `{version, checksum, record}`, the checksum being that of the record's own JSON. */
export function encodeMeta(record: AssetRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify({ version: VERSION, checksum: crc32(JSON.stringify(record)), record })}\n`);
}

/**
 * Reads the newest sound meta file of a folder in which `names` lie. A damaged one counts as absent: the asset is fetched again. One that
 * cannot be read now, for want of a descriptor or a right, does not: that throws the system's error.
 */
export async function readFacts(folder: string, names: readonly string[], reading: Reading = readAside): Promise<FolderFacts> {
  const generations = names.flatMap((name) => /^(?:meta|data|journal|side)\.(\d+)/.exec(name)?.[1] ?? []).map(Number);
  const highest = Math.max(0, ...generations);
  const metas = names.flatMap((name) => /^meta\.(\d+)\.json$/.exec(name)?.[1] ?? []).map(Number);
  for (const generation of metas.sort((a, b) => b - a)) {
    const found = await readMeta(path.join(folder, `meta.${generation}.json`), reading);
    if (found === 'later') return { record: undefined, highest, later: true };
    if (found?.generation === generation && found.key === path.basename(folder)) return { record: found, highest, later: false };
  }
  return { record: undefined, highest, later: false };
}

async function readMeta(file: string, reading: Reading): Promise<AssetRecord | 'later' | undefined> {
  try {
    const { version, checksum, record } = JSON.parse((await readText(file, reading)) ?? '');
    if (typeof version === 'number' && version > VERSION) return 'later';
    return version === VERSION && checksum === crc32(JSON.stringify(record)) ? record : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined; // no JSON, or `null`
    throw error;
  }
}

async function readText(file: string, reading: Reading): Promise<string | undefined> {
  try {
    return Buffer.from(await reading.bytes(file, 0)).toString();
  } catch (error) {
    if (isDamage(error)) return undefined;
    throw error;
  }
}
