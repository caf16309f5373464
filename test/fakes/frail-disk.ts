import type { Clock } from '../../src/base/clock.ts';
import type { AulosError } from '../../src/errors.ts';
import { crc32 } from '../../src/store/crc32.ts';
import type { AssetRecord, Medium, Piece, Stored, StoredAsset, Volume } from '../../src/store/medium.ts';
import { CHUNK_BYTES, type Run } from '../../src/store/record.ts';
import { RunTable } from '../../src/store/run-table.ts';

/** Milliseconds that reading and writing take. */
const ACCESS_MS = 1;

/** What lies on the disk of one asset. As on a real one, bytes are written in place and recorded later. */
interface Files {
  record: AssetRecord | undefined;
  /** Bytes by chunk. */
  readonly data: Map<number, Uint8Array>;
  /** What a process finds that starts now. */
  recorded: Run[];
  unrecorded: Run[];
  readonly sidecars: Map<string, Uint8Array>;
}

/** A disk that outlives its processes: they can be killed at any moment, its bytes can rot, and it can refuse to write. */
export class FrailDisk {
  /** What each write meets; undefined: it works. */
  refusal: AulosError | undefined;
  /** Reads and writes that have not returned, of the process that lives. */
  busy = 0;
  readonly #files = new Map<string, Files>();
  #process = 0;

  /** The disk as a process sees it that begins now. Whatever an earlier one still waits for never returns. */
  mount(clock: Clock): Medium {
    const process = ++this.#process;
    this.busy = 0;
    return new FrailMedium(this.#files, async <T>(action: () => T, isWrite: boolean): Promise<T> => {
      if (process !== this.#process) return new Promise(() => {});
      this.busy++;
      await new Promise<void>((resolve) => clock.setTimeout(resolve, ACCESS_MS));
      if (process !== this.#process) return new Promise(() => {});
      this.busy--;
      if (isWrite && this.refusal) throw this.refusal;
      return action();
    });
  }

  /** The process dies. Bytes that it wrote and did not record may be there for the next one or not. */
  kill(keepsUnrecorded: boolean): void {
    this.#process++;
    for (const files of this.#files.values()) {
      if (keepsUnrecorded) files.recorded.push(...files.unrecorded);
      files.unrecorded = [];
    }
  }

  /** Flips a bit of a byte that lies at `fraction` of what is stored. */
  rot(fraction: number): void {
    const runs = [...this.#files.values()].flatMap(({ data, recorded, unrecorded }) =>
      [...recorded, ...unrecorded].map((run) => ({ data, run })),
    );
    if (runs.length === 0) return;
    const { data, run } = runs[Math.floor(fraction * runs.length)];
    const bytes = data.get(run.chunk);
    if (bytes) bytes[run.start + Math.floor(fraction * run.length)] ^= 1;
  }
}

type Access = <T>(action: () => T, isWrite: boolean) => Promise<T>;

class FrailMedium implements Medium {
  readonly checksum = crc32;
  readonly growsInPlace = true;
  readonly batchBytes = 96 * 1024;
  readonly takesBatchesAhead = false;
  readonly residentBytes = CHUNK_BYTES;
  readonly syncsEachWrite = false;
  readonly #files: Map<string, Files>;
  readonly #access: Access;

  constructor(files: Map<string, Files>, access: Access) {
    this.#files = files;
    this.#access = access;
  }

  open(key: string): Promise<Volume> {
    return this.#access(() => {
      const files = this.#files.get(key) ?? { record: undefined, data: new Map(), recorded: [], unrecorded: [], sidecars: new Map() };
      this.#files.set(key, files);
      return new FrailVolume(files, this.#access);
    }, false);
  }

  async list(): Promise<StoredAsset[]> {
    return [...this.#files.values()].flatMap(({ record, recorded }) => {
      const heldBytes = new RunTable(recorded).bytes;
      return record ? { ...record, heldBytes, storedBytes: heldBytes } : [];
    });
  }

  delete(key: string): Promise<void> {
    return this.#access(() => void this.#files.delete(key), true);
  }

  async persist(): Promise<boolean> {
    return true;
  }

  async close(): Promise<void> {}
}

class FrailVolume implements Volume {
  readonly volatile = false;
  readonly follows = false;
  onChanged: (() => void) | undefined;
  readonly record: AssetRecord | undefined;
  readonly runs: readonly Run[];
  readonly #files: Files;
  readonly #access: Access;

  constructor(files: Files, access: Access) {
    this.#files = files;
    this.#access = access;
    this.record = files.record;
    this.runs = [...files.recorded];
  }

  get sidecarBytes(): number {
    return [...this.#files.sidecars.values()].reduce((sum, { length }) => sum + length, 0);
  }

  async reread(): Promise<Stored> {
    return { record: this.#files.record, runs: this.#files.recorded };
  }

  begin(record: AssetRecord): Promise<number> {
    return this.#access(() => {
      this.#clear();
      this.#files.record = { ...record, generation: record.generation + 1 };
      return record.generation + 1;
    }, true);
  }

  describe(record: AssetRecord): Promise<void> {
    return this.#access(() => {
      this.#files.record = record;
    }, true);
  }

  async mark(record: AssetRecord): Promise<AssetRecord> {
    await this.describe(record);
    return record;
  }

  write(pieces: readonly Piece[]): Promise<void> {
    return this.#access(() => {
      for (const { run, bytes } of pieces) {
        const chunk = this.#files.data.get(run.chunk) ?? new Uint8Array(CHUNK_BYTES);
        this.#files.data.set(run.chunk, chunk);
        chunk.set(bytes, run.start + run.length - bytes.length);
        this.#files.unrecorded.push(run);
      }
    }, true);
  }

  sync(): Promise<void> {
    return this.#access(() => {
      this.#files.recorded.push(...this.#files.unrecorded);
      this.#files.unrecorded = [];
    }, true);
  }

  load({ chunk, start, length }: Run): Promise<Uint8Array | undefined> {
    return this.#access(() => this.#files.data.get(chunk)?.slice(start, start + length), false);
  }

  async drop(): Promise<void> {}

  erase(): Promise<void> {
    return this.#access(() => {
      this.#clear();
      this.#files.record = undefined;
    }, true);
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    return this.#files.sidecars.get(name);
  }

  writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    return this.#access(() => void this.#files.sidecars.set(name, bytes), true);
  }

  close(runs: readonly Run[]): Promise<void> {
    return this.#access(() => {
      this.#files.recorded = [...runs];
      this.#files.unrecorded = [];
    }, false);
  }

  #clear(): void {
    this.#files.data.clear();
    this.#files.recorded = [];
    this.#files.unrecorded = [];
    this.#files.sidecars.clear();
  }
}
