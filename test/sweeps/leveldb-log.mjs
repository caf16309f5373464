// Looks into the logs of LevelDB, in which Chromium keeps what is stored in IndexedDB.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const BLOCK_BYTES = 32 * 1024;
/** checksum 4, length 2, type 1 */
const HEADER_BYTES = 7;
/** A record that fits in its block, and the last part of one that does not. */
const ENDS = [1, 4];

/** Where the record begins in the middle of which a log ends; undefined if it ends with a whole one. */
function cutIn(log) {
  let begin;
  for (let at = 0; at < log.length; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEADER_BYTES) {
      at += left; // filled up with zeros
      continue;
    }
    begin ??= at;
    if (at + HEADER_BYTES > log.length) return begin;
    const type = log[at + 6];
    at += HEADER_BYTES + log.readUInt16LE(at + 4);
    if (at > log.length) return begin;
    if (ENDS.includes(type)) begin = undefined;
  }
  return begin;
}

/**
 * Follows the databases under `folder` from kill to kill. LevelDB passes over a record that was cut, but goes on writing right behind it
 * (https://github.com/google/leveldb/issues/1287): the log cannot be read from there on, and at its next start Chromium deletes a database
 * that it cannot read.
 */
export function createLogWatch(folder) {
  /** Log → where it was cut, and its size then. */
  const cuts = new Map();
  let found = 0;
  return {
    /** Looks at the logs after a kill. Gives those that will not be read again: for each where it was cut, and how much was appended. */
    async look() {
      const names = await readdir(folder, { recursive: true }).catch(() => []);
      const logs = names.filter((name) => /\.indexeddb\.leveldb\/(\d+\.log|MANIFEST-\d+)$/.test(name));
      for (const name of cuts.keys()) if (!logs.includes(name)) cuts.delete(name);
      const spoiled = [];
      for (const name of logs) {
        const log = await readFile(path.join(folder, name));
        const known = cuts.get(name);
        const at = known?.at ?? cutIn(log);
        if (known && log.length > known.size) spoiled.push(`${name}: cut at ${at}, ${log.length - known.size} bytes appended`);
        else if (!known && at !== undefined) {
          cuts.set(name, { at, size: log.length });
          found++;
        }
      }
      return spoiled;
    },
    /** How many logs were cut so far. */
    get cuts() {
      return found;
    },
    /** The databases are new ones. */
    forget: () => cuts.clear(),
  };
}
