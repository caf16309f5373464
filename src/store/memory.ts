import { type Clock, systemClock } from '../base/clock.ts';
import type { AulosError } from '../errors.ts';
import type { Checksum } from './crc32.ts';
import type { AssetRecord, Medium, Piece, Stored, StoredAsset, Volume } from './medium.ts';
import type { Run } from './record.ts';
import { RunTable } from './run-table.ts';
import { createStoreOn } from './shelf.ts';
import type { AssetStore, StoreLimits } from './store.ts';

/** Options of {@link createMemoryStore}. */
export interface MemoryStoreOptions {
  /** Default: 256 MiB and 1,000 assets. */
  readonly limits?: Partial<StoreLimits>;
  readonly clock?: Clock;
}

/** A store that lives as long as the process. Its assets are volatile. */
export function createMemoryStore({ limits, clock = systemClock }: MemoryStoreOptions = {}): AssetStore {
  return createStoreOn(new MemoryMedium(), { maxBytes: 256 * 1024 * 1024, maxAssets: 1000, ...limits }, clock);
}

/** Keeps volumes in a map. */
export class MemoryMedium implements Medium {
  // What is here arrived in this process; there is nothing to verify.
  readonly checksum: Checksum = () => 0;
  readonly growsInPlace = false;
  readonly batchBytes = 1024 * 1024;
  readonly takesBatchesAhead: boolean = false;
  readonly residentBytes = 1024 * 1024;
  readonly syncsEachWrite = false;
  readonly #volumes = new Map<string, MemoryVolume>();

  /** `failure` is that of the medium that this one stands in for. */
  async open(key: string, failure?: AulosError): Promise<Volume> {
    const volume = this.#volumes.get(key) ?? new MemoryVolume();
    volume.failure = failure;
    this.#volumes.set(key, volume);
    return volume;
  }

  async list(): Promise<StoredAsset[]> {
    return [...this.#volumes.values()].flatMap((volume) => volume.stored ?? []);
  }

  async delete(key: string): Promise<void> {
    this.#volumes.delete(key);
  }

  async persist(): Promise<boolean> {
    return false;
  }

  async close(): Promise<void> {
    this.#volumes.clear();
  }
}

/** One asset in memory. */
class MemoryVolume implements Volume {
  readonly volatile = true;
  failure: AulosError | undefined;
  readonly follows = false;
  onChanged: (() => void) | undefined;
  record: AssetRecord | undefined;
  readonly #runs = new RunTable();
  readonly #bytes = new Map<Run, Uint8Array>();
  readonly #sidecars = new Map<string, Uint8Array>();

  get runs(): readonly Run[] {
    return [...this.#runs];
  }

  get sidecarBytes(): number {
    return [...this.#sidecars.values()].reduce((sum, { length }) => sum + length, 0);
  }

  get stored(): StoredAsset | undefined {
    const heldBytes = this.#runs.bytes;
    return this.record && { ...this.record, heldBytes, storedBytes: heldBytes + this.sidecarBytes };
  }

  async reread(): Promise<Stored> {
    return this;
  }

  async begin(record: AssetRecord): Promise<number> {
    await this.erase();
    this.record = { ...record, generation: record.generation + 1 };
    return this.record.generation;
  }

  async describe(record: AssetRecord): Promise<void> {
    this.record = record;
  }

  async mark(record: AssetRecord): Promise<AssetRecord> {
    this.record = record;
    return record;
  }

  async write(pieces: readonly Piece[]): Promise<void> {
    for (const { run, grownFrom, bytes } of pieces) {
      if (grownFrom) this.#bytes.delete(grownFrom);
      this.#runs.add(run);
      this.#bytes.set(run, bytes.slice());
    }
  }

  async sync(): Promise<void> {}

  async load(run: Run): Promise<Uint8Array | undefined> {
    return this.#bytes.get(run);
  }

  async drop(run: Run): Promise<void> {
    this.#runs.delete(run);
    this.#bytes.delete(run);
  }

  async erase(): Promise<void> {
    this.record = undefined;
    this.#runs.clear();
    this.#bytes.clear();
    this.#sidecars.clear();
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    return this.#sidecars.get(name);
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    this.#sidecars.set(name, bytes);
  }

  async close(): Promise<void> {}
}
