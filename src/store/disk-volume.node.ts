import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { AulosError } from '../errors.ts';
import { isSystemError, typed } from './disk-error.node.ts';
import { createFile, Journal, type Recorded, readJournals, writeFully } from './disk-journal.node.ts';
import { type DiskLayout, namesIn } from './disk-layout.node.ts';
import { encodeMeta, readFacts } from './disk-meta.node.ts';
import { type Lease, takeLease } from './lease.node.ts';
import type { AssetRecord, Piece, Stored, Volume } from './medium.ts';
import type { OpenFiles } from './open-files.node.ts';
import { type Run, rangeOf } from './record.ts';

/** Bytes after which a durability of `batched` syncs without being asked. */
const SYNC_BYTES = 1024 * 1024;
/** A journal that has so many records, and this times as many as there are runs, is rewritten: opening an asset reads all of it. */
const LONG_RECORDS = 256;
const LONG_FACTOR = 2;
const SIDECAR_MAGIC = 0x31535541; // "AUS1"
const SIDECAR_HEADER_BYTES = 8;

/** Reads what is stored of an asset; undefined if a later version of aulos wrote it. */
export async function readDiskVolume(key: string, layout: DiskLayout, files: OpenFiles): Promise<DiskVolume | undefined> {
  const found = await typed(() => find(layout.folder(key)));
  return found && new DiskVolume(key, found, layout, files);
}

/** As {@link readDiskVolume}, to fetch what is missing: one process at a time does, the others follow it. */
export async function openDiskVolume(key: string, layout: DiskLayout, files: OpenFiles): Promise<DiskVolume | undefined> {
  const volume = await readDiskVolume(key, layout, files);
  if (!volume || volume.record?.committed) return volume;
  let leased: DiskVolume | undefined;
  const lease = await takeLease(layout.root, key, () => leased?.onChanged?.());
  try {
    const found = await typed(() => find(layout.folder(key))); // another process may have stored more until now
    leased = found && new DiskVolume(key, found, layout, files, lease);
    return leased;
  } finally {
    if (!leased) await lease.close();
  }
}

async function find(folder: string): Promise<Found | undefined> {
  const names = await namesIn(folder);
  const { record, highest, later } = await readFacts(folder, names);
  if (later) return undefined;
  const journals = record ? await readJournals(folder, names, record.generation) : NO_JOURNALS;
  const sidecars = record ? await sidecarSizes(folder, names, record.generation) : new Map<string, number>();
  return { record, highest, journals, sidecars };
}

interface Found {
  readonly record: AssetRecord | undefined;
  readonly highest: number;
  readonly journals: Recorded;
  readonly sidecars: Map<string, number>;
}

const NO_JOURNALS: Recorded = { runs: [], epochs: [] };

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
  readonly #lease: Lease | undefined;
  #sidecars: Map<string, number>;
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

  constructor(key: string, { record, highest, journals, sidecars }: Found, layout: DiskLayout, files: OpenFiles, lease?: Lease) {
    this.record = record;
    this.runs = journals.runs;
    this.#records = journals.runs.length;
    this.#key = key;
    this.#folder = layout.folder(key);
    this.#layout = layout;
    this.#files = files;
    this.#sidecars = sidecars;
    this.#lease = lease;
    this.#generation = record?.generation ?? 0;
    this.#highest = highest;
    this.#journal = this.#newJournal(journals.epochs);
  }

  get follows(): boolean {
    return this.#lease !== undefined && !this.#lease.isHeld;
  }

  get sidecarBytes(): number {
    return [...this.#sidecars.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  async reread(): Promise<Stored> {
    const found = await typed(() => find(this.#folder));
    if (!found?.record) return { record: undefined, runs: [] };
    const { record, journals, sidecars } = found;
    if (record.generation > this.#generation) {
      await this.#settle();
      this.#reset(record.generation, journals.epochs);
    }
    this.#sidecars = sidecars;
    return { record, runs: journals.runs };
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
      this.#reset(generation, []);
      this.#lease?.tell();
      return generation;
    });
  }

  async describe(record: AssetRecord): Promise<void> {
    await typed(async () => {
      if (await this.#newer()) throw new AulosError('store.locked', { key: this.#key }, 'another process has taken over this asset');
      await this.#replaceMeta(record);
    });
    this.#lease?.tell();
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
      this.#reset(0, []);
    });
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    try {
      const handle = await fs.open(this.#sidecarFile(name), constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        return decodeSidecar(await handle.readFile());
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (isSystemError(error)) return undefined; // it can be made again from the asset
      throw error;
    }
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    await typed(() => this.#layout.replace(this.#sidecarFile(name), encodeSidecar(bytes)));
    this.#sidecars.set(name, SIDECAR_HEADER_BYTES + bytes.length);
  }

  async close(runs: readonly Run[]): Promise<void> {
    if (this.#isUntidy(runs.length)) {
      // Tidying that fails leaves what was there, which is right.
      await typed(() => this.#journal.rewrite(runs, this.#layout.durable)).catch(() => {});
    }
    await typed(() => this.#settle());
    await this.#lease?.close();
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
      this.#lease?.tell();
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
    await this.#files.close((file) => path.dirname(file) === this.#folder);
  }

  #reset(generation: number, epochs: readonly number[]): void {
    this.#generation = generation;
    this.#highest = Math.max(this.#highest, generation);
    this.#journal = this.#newJournal(epochs);
    this.#records = 0;
    this.#recordsDropped = false;
    this.#sidecars.clear();
    this.#unrecorded.clear();
    this.#unsyncedBytes = 0;
    this.#poison = undefined;
  }

  #newJournal(earlier: readonly number[]): Journal {
    return new Journal(this.#folder, this.#generation, this.#files, earlier, () => this.#layout.syncFolder(this.#folder));
  }

  async #replaceMeta(record: AssetRecord): Promise<void> {
    await this.#layout.replace(path.join(this.#folder, `meta.${record.generation}.json`), encodeMeta(record));
  }

  async #removeOlder(generation: number): Promise<void> {
    for (const name of await namesIn(this.#folder)) {
      const [, own] = /^(?:meta|data|journal|side)\.(\d+)\b/.exec(name) ?? [];
      if (own !== undefined && Number(own) < generation) await fs.rm(path.join(this.#folder, name), { force: true });
    }
  }

  #dataFile(generation = this.#generation): string {
    return path.join(this.#folder, `data.${generation}`);
  }

  #sidecarFile(name: string): string {
    return path.join(this.#folder, `side.${this.#generation}.${name}`);
  }
}

/** True if there is no such file: it was deleted, or a link or a folder lies in its place. */
const isMissing = (error: unknown): boolean => ['ENOENT', 'ELOOP', 'EISDIR'].some((errno) => isSystemError(error, errno));

/** Stored size of each sidecar of a generation. */
async function sidecarSizes(folder: string, names: readonly string[], generation: number): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  const prefix = `side.${generation}.`;
  for (const name of names) {
    if (name.startsWith(prefix)) sizes.set(name.slice(prefix.length), (await fs.lstat(path.join(folder, name))).size);
  }
  return sizes;
}

/** A sidecar is its magic and the checksum of the rest, then the rest. */
function encodeSidecar(bytes: Uint8Array): Uint8Array {
  const header = Buffer.alloc(SIDECAR_HEADER_BYTES);
  header.writeUInt32LE(SIDECAR_MAGIC, 0);
  header.writeUInt32LE(crc32(bytes), 4);
  return Buffer.concat([header, bytes]);
}

function decodeSidecar(stored: Buffer): Uint8Array | undefined {
  if (stored.length < SIDECAR_HEADER_BYTES || stored.readUInt32LE(0) !== SIDECAR_MAGIC) return undefined;
  const bytes = stored.subarray(SIDECAR_HEADER_BYTES);
  return crc32(bytes) === stored.readUInt32LE(4) ? new Uint8Array(bytes) : undefined;
}
