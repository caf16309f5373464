import fs from 'node:fs/promises';
import path from 'node:path';
import { AulosError } from '../errors.ts';
import { type FoundAsset, findAsset, isOlder } from './disk-asset.node.ts';
import { typed } from './disk-error.node.ts';
import { createFile, namesIn } from './disk-file.node.ts';
import type { DiskLayout } from './disk-layout.node.ts';
import { encodeMeta, readFacts } from './disk-meta.node.ts';
import { DiskSidecars } from './disk-sidecars.node.ts';
import { GenerationWriter, isMissing } from './disk-writer.node.ts';
import { JournalReader } from './journal-reader.node.ts';
import { type Lease, takeLease } from './lease.node.ts';
import type { AssetRecord, Marks, Piece, Stored, Volume } from './medium.ts';
import type { OpenFiles } from './open-files.node.ts';
import { type Run, rangeOf } from './record.ts';

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

/** One asset on disk. */
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
  #writer: GenerationWriter;
  /** A run was dropped here: no other process knows that the asset was not whole then, and whether it is now. */
  #hasDropped = false;
  #closed = false;

  constructor(key: string, { record, runs, highest, journals, sidecars }: FoundAsset, layout: DiskLayout, files: OpenFiles, lease: Lease) {
    this.record = record;
    this.runs = runs;
    this.#key = key;
    this.#folder = layout.folder(key);
    this.#layout = layout;
    this.#files = files;
    this.#journals = journals;
    this.#sidecars = sidecars;
    this.#lease = lease;
    this.#generation = record?.generation ?? 0;
    this.#highest = highest;
    this.#writer = this.#newWriter(runs.length);
  }

  get follows(): boolean {
    return this.#lease.purpose === 'fetch' && !this.#lease.isHeld;
  }

  get highest(): number {
    return this.#highest;
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
      while (!(await createFile(this.#layout.dataFile(this.#key, generation)))) generation++; // another process began that one
      const { pinned } = (await this.#recorded()) ?? record;
      // From here on the new generation is the one that an opening finds.
      await this.#replaceMeta({ ...record, pinned, generation });
      await this.#removeOlder(generation);
      await this.#moveTo(generation, new JournalReader(this.#folder, generation));
      this.#lease.tell();
      return generation;
    });
  }

  async describe(record: AssetRecord): Promise<void> {
    await typed(async () => {
      const { generation, pinned } = (await this.#recorded()) ?? record;
      const isReplaced = generation > this.#generation;
      if (isReplaced) throw new AulosError('store.locked', { key: this.#key }, 'another process has taken over this asset');
      await this.#replaceMeta({ ...record, pinned });
    });
    this.#lease.tell();
  }

  async mark(record: AssetRecord, marks: Partial<Marks>): Promise<AssetRecord> {
    return await typed(async () => {
      if (record.generation === 0) await this.#layout.makeFolder(this.#key);
      const recorded = (await this.#recorded()) ?? record;
      const knowsBetter = this.#hasDropped && recorded.generation === record.generation;
      const { committed } = knowsBetter ? record : recorded;
      const marked = { ...recorded, committed, ...marks };
      await this.#replaceMeta(marked);
      return marked;
    });
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    await typed(() => this.#writer.write(pieces));
  }

  async sync(): Promise<void> {
    await typed(() => this.#writer.sync());
  }

  async load(run: Run, spare?: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#closed) return undefined; // nobody would close the file again
    const file = this.#layout.dataFile(this.#key, this.#generation);
    return await typed(async () => {
      const bytes = spare ?? Buffer.allocUnsafeSlow(run.length); // all that is not read is cut off
      try {
        const { bytesRead } = await this.#files.use(file, (handle) => handle.read(bytes, 0, run.length, rangeOf(run).start));
        return bytes.subarray(0, bytesRead);
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    });
  }

  async drop(): Promise<void> {
    this.#hasDropped = true;
    this.#writer.drop();
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
      const isUntidy = !this.follows && this.#writer.isUntidy(runs.length) && !(await this.#lease.isShared());
      if (isUntidy) await typed(() => this.#writer.tidy(runs)).catch(() => {});
      await typed(() => this.#settle());
    } finally {
      await this.#lease.close();
    }
  }

  /** What is recorded now: of this generation, or of a newer one that another process began. */
  async #recorded(): Promise<AssetRecord | undefined> {
    const { record } = await readFacts(this.#folder, await namesIn(this.#folder));
    return record && record.generation >= this.#generation ? record : undefined;
  }

  /** Waits for a running sync and closes the files. */
  async #settle(): Promise<void> {
    await this.#writer.settle();
    await this.#files.closeIn(this.#folder);
  }

  /** From here on this is about `generation`. */
  async #moveTo(generation: number, journals: JournalReader): Promise<void> {
    await this.#writer.settle();
    this.#generation = generation;
    this.#hasDropped = false;
    this.#highest = Math.max(this.#highest, generation);
    this.#journals = journals;
    this.#sidecars = new DiskSidecars(this.#folder, generation);
    this.#writer = this.#newWriter(0);
    await this.#files.closeIn(this.#folder); // a reader may have had the old data file opened meanwhile
  }

  #newWriter(records: number): GenerationWriter {
    const generation = this.#generation;
    const place = {
      key: this.#key,
      generation,
      epochs: this.#journals.epochs,
      records,
      isReplaced: async () => ((await this.#recorded())?.generation ?? 0) > generation,
      onRecorded: () => this.#lease.tell(),
    };
    return new GenerationWriter(place, this.#layout, this.#files);
  }

  async #replaceMeta(record: AssetRecord): Promise<void> {
    await this.#layout.replace(path.join(this.#folder, `meta.${record.generation}.json`), encodeMeta(record));
  }

  async #removeOlder(generation: number): Promise<void> {
    for (const name of await namesIn(this.#folder)) {
      if (isOlder(name, generation)) await fs.rm(path.join(this.#folder, name), { force: true });
    }
  }
}
