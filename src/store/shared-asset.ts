import { loadPart } from '../base/part.ts';
import type { ByteRange, ReadonlyRangeSet } from '../base/ranges.ts';
import { Wake } from '../base/wake.ts';
import { AulosError, redactUrl } from '../errors.ts';
import type { AssetHost } from './asset-host.ts';
import { Failover } from './failover.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Followed } from './joining.ts';
import type { AssetRecord, Marks, Volume } from './medium.ts';
import { type Run, splitByChunk } from './record.ts';
import { assertSidecar, Sidecars } from './sidecars.ts';
import type { Asset, AssetFacts } from './store.ts';
import { WriteBehind } from './write-behind.ts';

/** What an asset keeps in memory once its store takes no more. */
const RING_BYTES = 8 * 1024 * 1024;

/** What the handles of one key share: what is known of the asset, and what changes it. Bytes are staged in memory and written behind. */
export class SharedAsset implements Followed {
  readonly key: string;
  /** The open handles: they are told what happens. */
  readonly handles = new Set<Asset>();
  /** Signalled when another process may have stored more. */
  readonly changes = new Wake();
  generation: number;
  facts: AssetFacts | undefined;
  committed: boolean;
  /** As far as is known here: another process may have changed it. */
  pinned: boolean;
  volatile: boolean;

  readonly #host: AssetHost;
  readonly #volume: Volume;
  readonly #bytes: HeldBytes;
  readonly #behind: WriteBehind;
  readonly #sidecars: Sidecars;
  readonly #failover: Failover;
  /** The medium has this generation; not so when it was begun after the medium failed. */
  #stored: boolean;
  #closed = false;
  #highestGeneration: number;
  #sequence: number;
  #noticing: Promise<void> | undefined;

  constructor(key: string, volume: Volume, host: AssetHost) {
    const { record } = volume;
    this.key = key;
    this.#host = host;
    this.#volume = volume;
    this.#failover = new Failover(host, (cause) => this.#onFailed(cause));
    this.#sidecars = new Sidecars(volume, this.#failover);
    this.#bytes = new HeldBytes(volume, host.medium, (range, damaged) => this.#onLost(range, damaged));
    this.#behind = new WriteBehind(this.#bytes, volume, this.#failover, host);
    this.generation = record?.generation ?? 0;
    this.#highestGeneration = volume.highest ?? this.generation;
    this.#stored = record !== undefined;
    this.facts = record?.facts;
    this.pinned = record?.pinned ?? false;
    this.volatile = volume.volatile;
    this.committed = record?.committed === true && this.held.contains({ start: 0, end: record.facts?.length ?? 0 });
    this.#sequence = record?.sequence ?? 0;
    volume.onChanged = () => this.#noticeOthers();
  }

  get held(): ReadonlyRangeSet {
    return this.#bytes.held;
  }

  get failure(): AulosError | undefined {
    return this.#failover.failure ?? this.#volume.failure;
  }

  get follows(): boolean {
    return this.#volume.follows && !this.#hasFailed;
  }

  async isOpenElsewhere(): Promise<boolean> {
    return (await this.#volume.isOpenElsewhere?.()) ?? false;
  }

  /** Bytes that count against the limits of the store, those in flight included. */
  get footprint(): number {
    return this.storedBytes + this.#volume.sidecarBytes + (this.#hasFailed ? 0 : this.#bytes.dirtyBytes);
  }

  /** Bytes that lie on the medium. */
  get storedBytes(): number {
    return this.#bytes.storedBytes;
  }

  get record(): AssetRecord {
    const { key, generation, facts, committed, pinned } = this;
    return { key, generation, facts, committed, pinned, sequence: this.#sequence };
  }

  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#bytes.read(range, signal);
  }

  /** Reads every stored run. Gives the ranges of those that were damaged, and are dropped. */
  verify(signal: AbortSignal): Promise<ByteRange[]> {
    return this.#bytes.verify(signal);
  }

  /** Resolves before the medium has recorded it, so that the first bytes can be read at once; whatever changes the medium comes after that. */
  begin(facts: AssetFacts): Promise<number> {
    let above: AssetRecord | undefined;
    const beginning = this.#inTurn(async () => {
      if (this.follows) {
        const { joins } = await loadPart('tabs', () => import('./joining.ts'));
        if (await joins(this, facts, this.#host.clock)) return this.generation;
        this.#goOnAlone();
      }
      this.#sequence = await this.#host.nextSequence();
      above = { ...this.record, generation: this.#highestGeneration, facts, committed: false };
      this.#forget();
      this.#stored = false;
      this.facts = facts;
      this.generation = ++this.#highestGeneration;
      return this.generation;
    });
    void this.#inTurn(async () => above && (await this.#beginStored(above))); // the very next turn
    return beginning;
  }

  async describe(facts: Partial<AssetFacts>): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.facts) return;
      this.facts = { ...this.facts, ...facts };
      await this.#failover.run(() => this.#volume.describe(this.record));
    });
  }

  async write(generation: number, offset: number, bytes: Uint8Array): Promise<void> {
    for (const part of splitByChunk({ start: offset, end: offset + bytes.length })) {
      while (this.#behind.isBehind) await this.#behind.drain();
      if (this.#closed || generation !== this.generation || !this.facts) return;
      const isAll = part.end - part.start === bytes.length;
      this.#bytes.stage(part, isAll ? bytes : bytes.subarray(part.start - offset, part.end - offset));
      this.#behind.onStaged(part.start);
    }
    if (this.#host.medium.syncsEachWrite) await this.flush();
  }

  async flush(): Promise<void> {
    await this.#behind.flush();
  }

  async commit(length: number): Promise<void> {
    await this.#inTurn(async () => {
      const { facts } = this;
      if (!facts || !this.held.contains({ start: 0, end: length })) {
        const url = redactUrl(facts?.url ?? '');
        throw new AulosError('asset.integrity', { url }, `commit of ${length} bytes, of which only ${this.held.size} are held: ${url}`);
      }
      await this.#behind.flushInTurn();
      this.facts = { ...facts, length };
      this.committed = true;
      await this.#failover.run(() => this.#volume.describe(this.record));
    });
  }

  async evict(): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.follows) await this.#volume.erase();
      this.#forget();
      this.#stored = false;
      this.facts = undefined;
      this.generation = 0;
    });
  }

  async pin(pinned: boolean): Promise<void> {
    await this.#inTurn(async () => {
      this.pinned = pinned;
      await this.#mark({ pinned });
    });
  }

  async readSidecar(name: string): Promise<Uint8Array | undefined> {
    assertSidecar(name);
    return this.facts && (await this.#sidecars.read(name, this.#stored));
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    assertSidecar(name, bytes.length);
    const copy = bytes.slice();
    await this.#inTurn(async () => {
      if (this.facts) await this.#sidecars.write(name, copy);
    });
  }

  /** Lets go of the medium, after the last handle; `isUse` makes this the asset that was used last. */
  async close(isUse: boolean): Promise<void> {
    this.#closed = true;
    this.#bytes.endReads();
    await this.flush();
    await this.#inTurn(async () => {
      if (isUse) {
        this.#sequence = await this.#host.nextSequence();
        if (this.generation > 0) await this.#mark({ sequence: this.#sequence });
      }
      await this.#volume.close(this.#bytes.runs);
    });
  }

  /** Takes in what another process has stored. */
  async readOthers(): Promise<void> {
    const { record, runs } = await this.#volume.reread();
    if (!record || record.generation < this.generation) return;
    if (record.generation > this.generation) {
      this.#forget();
      this.generation = this.#highestGeneration = record.generation;
      this.#stored = true;
    }
    this.facts = record.facts;
    this.#bytes.adopt(runs);
    this.committed = record.committed && this.held.contains({ start: 0, end: record.facts?.length ?? 0 });
  }

  /** Others may have pinned or unpinned the asset meanwhile. */
  async #mark(marks: Partial<Marks>): Promise<void> {
    const marked = await this.#failover.run(() => this.#volume.mark(this.record, marks));
    if (marked) this.pinned = marked.pinned;
  }

  #onLost(range: ByteRange, damaged: Run | undefined): void {
    if (damaged) void this.#inTurn(() => this.#failover.run(() => this.#volume.drop(damaged)));
    this.committed = false;
    for (const handle of this.handles) handle.onHealed?.(range);
  }

  /** Has the medium begin the generation above `above`. */
  async #beginStored(above: AssetRecord): Promise<void> {
    const stored = await this.#failover.run(() => this.#volume.begin(above));
    if (stored !== undefined && stored > above.generation + 1) this.#failover.fail(this.#locked()); // that one is theirs
    this.#stored = !this.#hasFailed;
  }

  /** To replace what the other process is writing would leave both with half. */
  #goOnAlone(): void {
    if (this.follows) this.#failover.fail(this.#locked());
  }

  #locked(): AulosError {
    return new AulosError('store.locked', { key: this.key }, 'another process writes another version');
  }

  #noticeOthers(): void {
    this.changes.signal();
    this.#noticing ??= this.#inTurn(async () => {
      this.#noticing = undefined; // what comes from here on is not read yet
      if (!this.#hasFailed && !this.#closed) await this.#failover.run(() => this.readOthers());
      for (const handle of this.handles) handle.onChanged?.();
    }).catch(() => {});
  }

  #onFailed(cause: AulosError): void {
    this.volatile = true;
    this.#bytes.keepInMemory(RING_BYTES);
    for (const handle of this.handles) handle.onFull?.(cause);
  }

  get #hasFailed(): boolean {
    return this.#failover.failure !== undefined;
  }

  #forget(): void {
    this.#bytes.clear();
    this.#sidecars.clear();
    this.committed = false;
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    return this.#behind.inTurn(change);
  }
}
