import fs from 'node:fs/promises';
import path from 'node:path';
import { AulosError } from '../errors.ts';
import { type FoundAsset, findAsset, isOlder } from './disk-asset.node.ts';
import { isSystemError, typed } from './disk-error.node.ts';
import { createFile, namesIn, writeFully } from './disk-file.node.ts';
import { Journal } from './disk-journal.node.ts';
import type { DiskLayout } from './disk-layout.node.ts';
import { encodeMeta, readFacts } from './disk-meta.node.ts';
import { DiskSidecars } from './disk-sidecars.node.ts';
import { JournalReader } from './journal-reader.node.ts';
import { type Lease, takeLease } from './lease.node.ts';
import type { AssetRecord, Piece, Stored, Volume } from './medium.ts';
import type { OpenFiles } from './open-files.node.ts';
import { type Run, rangeOf } from './record.ts';

/** Bytes after which a durability of `batched` syncs without being asked. */
const SYNC_BYTES = 1024 * 1024;
/** A journal that has so many records, and this times as many as there are runs, is rewritten: opening an asset reads all of it. */
const LONG_RECORDS = 256;
const LONG_FACTOR = 2;

/**
 * Opens an asset; undefined if a later version of aulos wrote it. One process at a time fetches what is missing, the others follow it. Of
 * a whole asset nothing is missing: there the lease only says that it is open, so that nobody deletes it.
 */
export async function openDiskVolume(key: string, layout: DiskLayout, files: OpenFiles): Promise<DiskVolume | undefined> {
  const before = await findAsset(layout.folder(key));
  if (!before) return undefined;
  const purpose = before.record?.committed ? 'read' : 'fetch';
  let volume: DiskVolume | undefined;
  const lease = await takeLease(layout.root, key, purpose, () => volume?.onChanged?.());
  try {
    const found = purpose === 'read' ? before : await findAsset(layout.folder(key)); // another process may have stored more until now
    volume = found && new DiskVolume(key, found, layout, files, lease);
    return volume;
  } finally {
    if (!volume) await lease.close();
  }
}

/** One asset on disk. The order of writing is data, sync, journal, sync: a recorded run is one whose bytes are there. */
export class DiskVolume implements Volume {
  readonly volatile = false;
  onChanged: (() => void) | undefined;
  readonly record: AssetRecord | undefined;
  readonly runs: readonly Run[];
  readonly #key: string;
  readonly #folder: string;
  readonly #layout: DiskLayout;
  readonly #files: OpenFiles;
  readonly #lease: Lease;
  #journals: JournalReader;
  #sidecars: DiskSidecars;
  #generation: number;
  #highest: number;
  #journal: Journal;
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

  #closed = false;

  constructor(key: string, { record, runs, highest, journals, sidecars }: FoundAsset, layout: DiskLayout, files: OpenFiles, lease: Lease) {
    this.record = record;
    this.runs = runs;
    this.#records = runs.length;
    this.#key = key;
    this.#folder = layout.folder(key);
    this.#layout = layout;
    this.#files = files;
    this.#journals = journals;
    this.#sidecars = sidecars;
    this.#lease = lease;
    this.#generation = record?.generation ?? 0;
    this.#highest = highest;
    this.#journal = this.#newJournal();
  }

  get follows(): boolean {
    return this.#lease.purpose === 'fetch' && !this.#lease.isHeld;
  }

  get sidecarBytes(): number {
    return this.#sidecars.bytes;
  }

  async isOpenElsewhere(): Promise<boolean> {
    return await this.#lease.isShared();
  }

  async reread(): Promise<Stored> {
    const found = await findAsset(this.#folder, this.#journals);
    if (!found?.record) return { record: undefined, runs: [] };
    const { record, runs, journals, sidecars } = found;
    if (record.generation > this.#generation) await this.#moveTo(record.generation, journals);
    this.#sidecars = sidecars;
    return { record, runs };
  }

  async begin(record: AssetRecord): Promise<number> {
    return await typed(async () => {
      await this.#settle();
      await this.#layout.makeFolder(this.#key);
      let generation = Math.max(this.#highest, record.generation) + 1;
      while (!(await createFile(this.#dataFile(generation)))) generation++; // another process began that one
      // From here on the new generation is the one that an opening finds.
      await this.#replaceMeta({ ...record, generation });
      await this.#removeOlder(generation);
      await this.#moveTo(generation, new JournalReader(this.#folder, generation));
      this.#lease.tell();
      return generation;
    });
  }

  async describe(record: AssetRecord): Promise<void> {
    await typed(async () => {
      if (await this.#newer()) throw new AulosError('store.locked', { key: this.#key }, 'another process has taken over this asset');
      await this.#replaceMeta(record);
    });
    this.#lease.tell();
  }

  async mark(record: AssetRecord): Promise<void> {
    await typed(async () => {
      if (record.generation === 0) await this.#layout.makeFolder(this.#key);
      const { pinned, sequence } = record;
      await this.#replaceMeta({ ...((await this.#newer()) ?? record), pinned, sequence });
    });
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    await typed(async () => {
      if (this.#poison) throw this.#poison;
      await this.#useDataFile(async (handle) => {
        for (const { run, bytes } of pieces) await writeFully(handle, bytes, rangeOf(run).end - bytes.length);
      });
      for (const { run, bytes } of pieces) {
        this.#unrecorded.set(`${run.chunk}.${run.start}`, run);
        this.#unsyncedBytes += bytes.length;
      }
      if (this.#unsyncedBytes >= SYNC_BYTES) this.#sync().catch(() => {}); // the next `sync` tells
    });
  }

  async sync(): Promise<void> {
    await typed(async () => {
      await this.#syncing?.catch(() => {});
      await this.#sync();
    });
  }

  async load(run: Run): Promise<Uint8Array | undefined> {
    if (this.#closed) return undefined; // nobody would close the file again
    return await typed(async () => {
      const bytes = Buffer.allocUnsafeSlow(run.length); // all that is not read is cut off
      try {
        const { bytesRead } = await this.#files.use(this.#dataFile(), (handle) => handle.read(bytes, 0, run.length, rangeOf(run).start));
        return bytes.subarray(0, bytesRead);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }

  /** Bytes that are fetched again lie at the same place and make the record true again; if they are not, closing tidies it away. */
  async drop(): Promise<void> {
    this.#recordsDropped = true;
  }

  async erase(): Promise<void> {
    await typed(async () => {
      await this.#settle();
      await this.#layout.remove(this.#key);
      await this.#moveTo(0, new JournalReader(this.#folder, 0));
    });
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    return await this.#sidecars.read(name);
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    await typed(() => this.#sidecars.write(name, bytes, this.#layout));
  }

  async close(runs: readonly Run[]): Promise<void> {
    this.#closed = true;
    try {
      // A process that was only frozen may still write to one of the earlier journals. Tidying that fails leaves what was there, which is right.
      const isUntidy = this.#isUntidy(runs.length) && !(await this.#lease.isShared());
      if (isUntidy) await typed(() => this.#journal.rewrite(runs, this.#layout.durable)).catch(() => {});
      await typed(() => this.#settle());
    } finally {
      await this.#lease.close();
    }
  }

  /** A poisoned file is not written to, nor is a journal that a failed sync has left behind what is in memory. */
  #isUntidy(runs: number): boolean {
    if (this.#generation === 0 || this.follows || this.#poison || this.#unrecorded.size > 0) return false;
    return this.#recordsDropped || this.#records > Math.max(LONG_RECORDS, LONG_FACTOR * runs);
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
      if (this.#layout.durable) await this.#files.use(this.#dataFile(), (handle) => handle.datasync());
      await this.#journal.append(runs.map(([, run]) => run));
      this.#records += runs.length;
      this.#lease.tell();
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
      await this.#files.use(this.#dataFile(), action);
    } catch (error) {
      if (!isMissing(error) || (await this.#newer())) throw error;
      await fs.rm(this.#dataFile(), { recursive: true, force: true }); // of a link, the link
      await createFile(this.#dataFile());
      await this.#files.use(this.#dataFile(), action);
    }
  }

  /** The record of a newer generation, that another process began. */
  async #newer(): Promise<AssetRecord | undefined> {
    const { record } = await readFacts(this.#folder, await namesIn(this.#folder));
    return record && record.generation > this.#generation ? record : undefined;
  }

  /** Waits for a running sync and closes the files. */
  async #settle(): Promise<void> {
    await this.#syncing?.catch(() => {});
    await this.#files.closeIn(this.#folder);
  }

  /** From here on this is about `generation`. */
  async #moveTo(generation: number, journals: JournalReader): Promise<void> {
    await this.#syncing?.catch(() => {});
    this.#generation = generation;
    this.#highest = Math.max(this.#highest, generation);
    this.#journals = journals;
    this.#journal = this.#newJournal();
    this.#records = 0;
    this.#recordsDropped = false;
    this.#sidecars = new DiskSidecars(this.#folder, generation);
    this.#unrecorded.clear();
    this.#unsyncedBytes = 0;
    this.#poison = undefined;
    await this.#files.closeIn(this.#folder); // a reader may have had the old data file opened meanwhile
  }

  #newJournal(): Journal {
    return new Journal(this.#folder, this.#generation, this.#files, this.#journals.epochs, () => this.#layout.syncFolder(this.#folder));
  }

  async #replaceMeta(record: AssetRecord): Promise<void> {
    await this.#layout.replace(path.join(this.#folder, `meta.${record.generation}.json`), encodeMeta(record));
  }

  async #removeOlder(generation: number): Promise<void> {
    for (const name of await namesIn(this.#folder)) {
      if (isOlder(name, generation)) await fs.rm(path.join(this.#folder, name), { force: true });
    }
  }

  #dataFile(generation = this.#generation): string {
    return path.join(this.#folder, `data.${generation}`);
  }
}

/** True if there is no such file: it was deleted, or a link or a folder lies in its place. */
const isMissing = (error: unknown): boolean => ['ENOENT', 'ELOOP', 'EISDIR'].some((errno) => isSystemError(error, errno));
