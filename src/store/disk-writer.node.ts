import fs from 'node:fs/promises';
import { isSystemError } from './disk-error.node.ts';
import { createFile, writeFully } from './disk-file.node.ts';
import { Journal } from './disk-journal.node.ts';
import type { DiskLayout } from './disk-layout.node.ts';
import type { Piece } from './medium.ts';
import type { OpenFiles } from './open-files.node.ts';
import { type Run, rangeOf } from './record.ts';

/** Bytes after which a durability of `batched` syncs without being asked. */
const SYNC_BYTES = 1024 * 1024;
/** A journal that has so many records, and this times as many as there are runs, is rewritten: opening an asset reads all of it. */
const LONG_RECORDS = 256;
const LONG_FACTOR = 2;

/** What a {@link GenerationWriter} is for. */
export interface WriterPlace {
  readonly key: string;
  readonly generation: number;
  /** Epochs of the journals that were read, and how many records they have. */
  readonly epochs: readonly number[];
  readonly records: number;
  /** True if another process has begun a newer generation. */
  isReplaced(): Promise<boolean>;
  /** There is more to read. */
  onRecorded(): void;
}

/** Writes the bytes of one generation. The order is data, sync, journal, sync: a recorded run is one whose bytes are there. */
export class GenerationWriter {
  readonly #place: WriterPlace;
  readonly #folder: string;
  readonly #file: string;
  readonly #layout: DiskLayout;
  readonly #files: OpenFiles;
  readonly #journal: Journal;
  /** Written runs that are not yet in the journal, by place: of a run that grew only the last form is recorded. */
  readonly #unrecorded = new Map<string, Run>();
  #unsyncedBytes = 0;
  #syncing: Promise<void> | undefined;
  /** Records in all journals. */
  #records: number;
  /** The journals record runs that were dropped. */
  #recordsDropped = false;
  /** A failed sync says nothing about which bytes are safe, and a second one would say that all are (fsyncgate): no more writing. */
  #poison: unknown;

  constructor(place: WriterPlace, layout: DiskLayout, files: OpenFiles) {
    this.#place = place;
    this.#folder = layout.folder(place.key);
    this.#file = layout.dataFile(place.key, place.generation);
    this.#layout = layout;
    this.#files = files;
    this.#records = place.records;
    this.#journal = new Journal(this.#folder, place.generation, files, place.epochs, () => layout.syncFolder(this.#folder));
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    if (this.#poison) throw this.#poison;
    // Side by side: one after the other, each would wait for a turn of the event loop, which the network keeps busy.
    await this.#useDataFile((handle) =>
      allEnded(pieces.map(({ run, bytes }) => writeFully(handle, bytes, rangeOf(run).end - bytes.length))),
    );
    for (const { run, bytes } of pieces) {
      this.#unrecorded.set(`${run.chunk}.${run.start}`, run);
      this.#unsyncedBytes += bytes.length;
    }
    if (this.#unsyncedBytes >= SYNC_BYTES) this.#sync().catch(() => {}); // the next `sync` tells
  }

  async sync(): Promise<void> {
    await this.settle();
    await this.#sync();
  }

  /** Waits for a running sync. */
  async settle(): Promise<void> {
    await this.#syncing?.catch(() => {});
  }

  /** Bytes that are fetched again lie at the same place and make the record true again; if they are not, tidying takes it away. */
  drop(): void {
    this.#recordsDropped = true;
  }

  /** True if the journals had better be rewritten. Not so when a failed sync has left them behind what is in memory. */
  isUntidy(runs: number): boolean {
    if (this.#place.generation === 0 || this.#poison || this.#unrecorded.size > 0) return false;
    return this.#recordsDropped || this.#records > Math.max(LONG_RECORDS, LONG_FACTOR * runs);
  }

  /** Leaves one journal, of just `runs`. */
  async tidy(runs: readonly Run[]): Promise<void> {
    await this.#journal.rewrite(runs, this.#layout.durable);
  }

  /** Single flight: what is written meanwhile is synced by the next one, so that a slow disk has few large syncs, not many small ones. */
  #sync(): Promise<void> {
    this.#syncing ??= this.#syncOnce().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    if (this.#poison) throw this.#poison;
    const runs = [...this.#unrecorded];
    if (runs.length === 0) return;
    this.#unrecorded.clear();
    this.#unsyncedBytes = 0;
    try {
      if (this.#layout.durable) await this.#files.use(this.#file, (handle) => handle.datasync());
      await this.#journal.append(runs.map(([, run]) => run));
      this.#records += runs.length;
      this.#place.onRecorded();
      if (this.#layout.durable) await this.#journal.sync();
    } catch (error) {
      if (isSystemError(error) && error.syscall === 'fdatasync') this.#poison = error;
      for (const [place, run] of runs) if (!this.#unrecorded.has(place)) this.#unrecorded.set(place, run);
      throw error;
    }
  }

  /** A data file that was deleted or replaced by something else is made anew: what it held turns out damaged and is fetched again. */
  async #useDataFile(action: (handle: fs.FileHandle) => Promise<void>): Promise<void> {
    try {
      await this.#files.use(this.#file, action);
    } catch (error) {
      if (!isMissing(error) || (await this.#place.isReplaced())) throw error;
      await fs.rm(this.#file, { recursive: true, force: true }); // of a link, the link
      await createFile(this.#file);
      await this.#layout.syncFolder(this.#folder);
      await this.#files.use(this.#file, action);
    }
  }
}

/** Resolves when all have, and fails when one has, but not before all have ended: until then they use their file. */
async function allEnded(writes: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(writes);
  await Promise.all(writes);
}

/** True if there is no such file: it was deleted, or a link or a folder lies in its place. */
export const isMissing = (error: unknown): boolean => ['ENOENT', 'ELOOP', 'EISDIR'].some((errno) => isSystemError(error, errno));
