import fs from 'node:fs/promises';
import { createFile, namesIn, writeFully } from './disk-file.node.ts';
import { epochsAmong, journalFile } from './journal-reader.node.ts';
import { encodeRecord, RECORD_BYTES } from './journal-record.node.ts';
import type { OpenFiles } from './open-files.node.ts';
import type { Run } from './record.ts';

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
    for (const epoch of old) await fs.rm(journalFile(this.#folder, this.#generation, epoch), { force: true });
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
    return this.#files.use(journalFile(this.#folder, this.#generation, this.#epoch), action);
  }

  async #create(): Promise<void> {
    const epochs = epochsAmong(await namesIn(this.#folder), this.#generation);
    for (let epoch = (epochs.at(-1) ?? 0) + 1; ; epoch++) {
      if (!(await createFile(journalFile(this.#folder, this.#generation, epoch)))) continue; // another writer was faster
      this.#epoch = epoch;
      return;
    }
  }
}
