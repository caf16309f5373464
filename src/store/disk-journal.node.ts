import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { isSystemError } from './disk-error.node.ts';
import { namesIn } from './disk-layout.node.ts';
import type { OpenFiles } from './open-files.node.ts';
import { decodeJournal, encodeRecord, RECORD_BYTES, type Run } from './record.ts';

const JOURNAL = /^journal\.(\d+)\.(\d+)$/;

/** What the journals of a generation tell. */
export interface Recorded {
  /** In the order in which they were recorded; nothing behind a record that is not sound. */
  readonly runs: readonly Run[];
  readonly epochs: readonly number[];
}

/** Reads all journals of a generation; `names` are those in `folder`. */
export async function readJournals(folder: string, names: readonly string[], generation: number): Promise<Recorded> {
  const runs: Run[] = [];
  const epochs = epochsAmong(names, generation);
  for (const epoch of epochs) {
    // A link, or gone, or not to be read: what it recorded is fetched again.
    const file = await fs.open(nameOf(folder, generation, epoch), constants.O_RDONLY | constants.O_NOFOLLOW).catch(() => undefined);
    if (!file) continue;
    try {
      for (const run of decodeJournal(await file.readFile(), { generation, epoch })) runs.push(run);
    } catch (error) {
      if (!isSystemError(error)) throw error;
    } finally {
      await file.close();
    }
  }
  return { runs, epochs };
}

/**
 * The journal of one writer: an append-only list of runs, whose bytes were written before. Its file comes to be with the first append,
 * under a name that no other writer has, so that two processes never write to one journal.
 */
export class Journal {
  readonly #folder: string;
  readonly #generation: number;
  readonly #files: OpenFiles;
  readonly #syncFolder: () => Promise<void>;
  /** Of journals that were there before. */
  readonly #earlier: readonly number[];
  /** 0 until the file is there. */
  #epoch = 0;
  #length = 0;
  /** The name of the file survives a power cut. */
  #isNamed = false;

  /** `earlier` are the epochs that were read; `syncFolder` makes the names in `folder` durable. */
  constructor(folder: string, generation: number, files: OpenFiles, earlier: readonly number[], syncFolder: () => Promise<void>) {
    this.#folder = folder;
    this.#generation = generation;
    this.#files = files;
    this.#earlier = earlier;
    this.#syncFolder = syncFolder;
  }

  /**
   * One journal of just `runs` in place of this one and the earlier ones. Until they are gone they say what they always said: a kill in
   * between costs nothing but the tidying. What another process records meanwhile is in a journal of its own, which stays.
   */
  async rewrite(runs: readonly Run[], isDurable: boolean): Promise<void> {
    const old = this.#epoch === 0 ? this.#earlier : [...this.#earlier, this.#epoch];
    this.#epoch = 0;
    this.#length = 0;
    this.#isNamed = false;
    if (runs.length > 0) await this.append(runs);
    if (runs.length > 0 && isDurable) await this.sync();
    for (const epoch of old) await fs.rm(nameOf(this.#folder, this.#generation, epoch), { force: true });
  }

  /** Appends a record for each run. After a failure the same place is written again. */
  async append(runs: readonly Run[]): Promise<void> {
    if (this.#epoch === 0) await this.#create();
    const name = { generation: this.#generation, epoch: this.#epoch };
    const records = Buffer.concat(runs.map((run, i) => encodeRecord(run, name, this.#length + i)));
    await this.#use((handle) => writeFully(handle, records, this.#length * RECORD_BYTES));
    this.#length += runs.length;
  }

  /** Makes all records durable. */
  async sync(): Promise<void> {
    await this.#use((handle) => handle.datasync());
    if (!this.#isNamed) await this.#syncFolder();
    this.#isNamed = true;
  }

  #use<T>(action: (handle: fs.FileHandle) => Promise<T>): Promise<T> {
    return this.#files.use(nameOf(this.#folder, this.#generation, this.#epoch), action);
  }

  async #create(): Promise<void> {
    const epochs = epochsAmong(await namesIn(this.#folder), this.#generation);
    for (let epoch = (epochs.at(-1) ?? 0) + 1; ; epoch++) {
      if (!(await createFile(nameOf(this.#folder, this.#generation, epoch)))) continue; // another writer was faster
      this.#epoch = epoch;
      return;
    }
  }
}

/** Creates an empty file; false if the name is taken, by a link that leads nowhere too. */
export async function createFile(file: string): Promise<boolean> {
  try {
    const handle = await fs.open(file, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
    await handle.close();
    return true;
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return false;
    throw error;
  }
}

/** Writes all of `bytes` at `position`; a single call may write less. */
export async function writeFully(handle: fs.FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

function epochsAmong(names: readonly string[], generation: number): number[] {
  const matches = names.map((name) => JOURNAL.exec(name));
  return matches.flatMap((match) => (match && Number(match[1]) === generation ? Number(match[2]) : [])).sort((a, b) => a - b);
}

const nameOf = (folder: string, generation: number, epoch: number): string => path.join(folder, `journal.${generation}.${epoch}`);
