import { raceAbort, sleep } from '../base/abort.ts';
import type { Clock } from '../base/clock.ts';
import { type ByteRange, RangeSet } from '../base/ranges.ts';
import { Wake } from '../base/wake.ts';
import { AulosError, isAulosError, redactUrl } from '../errors.ts';
import type { AssetRecord, Marks, Medium, Piece, Volume } from './medium.ts';
import { CHUNK_BYTES, isSound, type Run, rangeOf, runAt, splitByChunk } from './record.ts';
import { Resident } from './resident.ts';
import { RunTable } from './run-table.ts';
import { RunningChecksums } from './running-checksums.ts';
import type { Asset, AssetFacts } from './store.ts';

/** Back-pressure: a write waits while this much has not reached the medium. */
const MAX_DIRTY_BYTES = 4 * 1024 * 1024;
/** What an asset keeps in memory once its store takes no more. */
const RING_BYTES = 8 * 1024 * 1024;
const BATCH_MS = 1000;
/** So long a follower waits for the other process to begin what it is about to fetch as well. */
const BEGIN_MS = 2000;
const MAX_SIDECAR_BYTES = 16 * 1024 * 1024;

/** What an asset asks of its store. */
export interface Host {
  readonly medium: Medium;
  readonly clock: Clock;
  /** Evicts others as far as the limits ask; false if that is not enough. `force` frees space although the limits are kept. */
  makeRoom(force: boolean): Promise<boolean>;
  /** A number above that of every use of an asset so far. */
  nextSequence(): Promise<number>;
}

/** The handles of one key stand before one of these. Bytes are staged in memory and written behind, in batches. */
export class SharedAsset {
  readonly key: string;
  readonly held = new RangeSet();
  /** The open handles: they are told what happens. */
  readonly handles = new Set<Asset>();
  generation: number;
  facts: AssetFacts | undefined;
  committed: boolean;
  /** As far as is known here: another process may have changed it. */
  pinned: boolean;
  volatile: boolean;

  readonly #host: Host;
  readonly #volume: Volume;
  readonly #runs: RunTable;
  readonly #resident = new Resident();
  readonly #checksums: RunningChecksums;
  /** Sidecars of an asset whose store takes no more. */
  readonly #sidecars = new Map<string, Uint8Array>();
  /** Why the medium is left alone from now on. */
  #full: AulosError | undefined;
  /** The medium has this generation; not so when it was begun after the medium failed. */
  #stored: boolean;
  #closed = false;
  #highestGeneration: number;
  #lastWritten = 0;
  #sequence: number;
  #turn: Promise<unknown> = Promise.resolve();
  #draining: Promise<void> | undefined;
  /** The batch that was handed over last, until it is stored, and what is in such batches. */
  #writing: Promise<void> | undefined;
  readonly #underWay = new RangeSet();
  readonly #changes = new Wake();
  #noticing: Promise<void> | undefined;
  #timer: unknown;

  constructor(key: string, volume: Volume, host: Host) {
    const { record } = volume;
    this.key = key;
    this.#host = host;
    this.#volume = volume;
    this.#checksums = new RunningChecksums(host.medium.checksum);
    this.#runs = new RunTable(volume.runs);
    for (const run of this.#runs) this.held.add(rangeOf(run));
    this.generation = this.#highestGeneration = record?.generation ?? 0;
    this.#stored = record !== undefined;
    this.facts = record?.facts;
    this.pinned = record?.pinned ?? false;
    this.volatile = volume.volatile;
    this.committed = record?.committed === true && this.held.contains({ start: 0, end: record.facts?.length ?? 0 });
    this.#sequence = record?.sequence ?? 0;
    volume.onChanged = () => this.#noticeOthers();
  }

  get failure(): AulosError | undefined {
    return this.#full ?? this.#volume.failure;
  }

  get follows(): boolean {
    return this.#volume.follows && !this.#full;
  }

  async isOpenElsewhere(): Promise<boolean> {
    return (await this.#volume.isOpenElsewhere?.()) ?? false;
  }

  /** Bytes that count against the limits of the store, those in flight included. */
  get footprint(): number {
    return this.#runs.bytes + this.#volume.sidecarBytes + (this.#full ? 0 : this.#resident.dirtyBytes);
  }

  /** Bytes that lie on the medium. */
  get storedBytes(): number {
    return this.#runs.bytes;
  }

  get record(): AssetRecord {
    const { key, generation, facts, committed, pinned } = this;
    return { key, generation, facts, committed, pinned, sequence: this.#sequence };
  }

  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    const parts = splitByChunk(range);
    if (!this.held.contains(range) || parts.length === 0) return parts.length === 0 ? new Uint8Array(0) : undefined;
    if (parts.length === 1) return await this.#readWithin(range, signal);
    const { generation } = this;
    const whole = new Uint8Array(range.end - range.start);
    for (const part of parts) {
      const bytes = await this.#readWithin(part, signal);
      if (!bytes || generation !== this.generation) return undefined;
      whole.set(bytes, part.start - range.start);
    }
    return whole;
  }

  async begin(facts: AssetFacts): Promise<number> {
    return await this.#inTurn(async () => {
      if (this.follows && (await this.#joins(facts))) return this.generation;
      this.#sequence = await this.#host.nextSequence();
      const above = { ...this.record, generation: this.#highestGeneration, facts, committed: false };
      const stored = await this.#onMedium(() => this.#volume.begin(above));
      this.#forget();
      this.facts = facts;
      this.#stored = stored !== undefined;
      this.generation = this.#highestGeneration = stored ?? this.#highestGeneration + 1;
      return this.generation;
    });
  }

  async describe(facts: Partial<AssetFacts>): Promise<void> {
    await this.#inTurn(async () => {
      if (!this.facts) return;
      this.facts = { ...this.facts, ...facts };
      await this.#onMedium(() => this.#volume.describe(this.record));
    });
  }

  async write(generation: number, offset: number, bytes: Uint8Array): Promise<void> {
    for (const part of splitByChunk({ start: offset, end: offset + bytes.length })) {
      while (!this.#full && this.#resident.dirtyBytes >= MAX_DIRTY_BYTES) await this.#drain();
      if (this.#closed || generation !== this.generation || !this.facts) return;
      const isAll = part.end - part.start === bytes.length;
      this.#stage(part, isAll ? bytes : bytes.subarray(part.start - offset, part.end - offset));
    }
    if (this.#host.medium.syncsEachWrite) await this.flush();
  }

  async flush(): Promise<void> {
    this.#host.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#inTurn(() => this.#flushInTurn());
  }

  async commit(length: number): Promise<void> {
    await this.#inTurn(async () => {
      const { facts } = this;
      if (!facts || !this.held.contains({ start: 0, end: length })) {
        const url = redactUrl(facts?.url ?? '');
        throw new AulosError('asset.integrity', { url }, `commit of ${length} bytes, of which only ${this.held.size} are held: ${url}`);
      }
      await this.#flushInTurn();
      this.facts = { ...facts, length };
      this.committed = true;
      await this.#onMedium(() => this.#volume.describe(this.record));
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
    assertSidecarName(name);
    if (!this.facts) return undefined;
    return this.#sidecars.get(name) ?? (this.#stored ? await this.#volume.readSidecar(name) : undefined);
  }

  async writeSidecar(name: string, bytes: Uint8Array): Promise<void> {
    assertSidecarName(name);
    if (bytes.length > MAX_SIDECAR_BYTES) throw new RangeError(`a sidecar holds at most ${MAX_SIDECAR_BYTES} bytes, not ${bytes.length}`);
    const copy = bytes.slice();
    await this.#inTurn(async () => {
      if (!this.facts) return;
      await this.#onMedium(() => this.#volume.writeSidecar(name, copy));
      if (this.#full) this.#sidecars.set(name, copy);
    });
  }

  /** Lets go of the medium, after the last handle; `isUse` makes this the asset that was used last. */
  async close(isUse: boolean): Promise<void> {
    this.#closed = true;
    await this.flush();
    await this.#inTurn(async () => {
      if (isUse) {
        this.#sequence = await this.#host.nextSequence();
        if (this.generation > 0) await this.#mark({ sequence: this.#sequence });
      }
      await this.#volume.close([...this.#runs]);
    });
  }

  /** Reads every stored run. Gives the ranges of those that were damaged, and are dropped. */
  async verify(signal: AbortSignal): Promise<ByteRange[]> {
    const damaged: ByteRange[] = [];
    for (const run of [...this.#runs]) {
      signal.throwIfAborted();
      const bytes = await this.#load(run);
      if (this.#runs.covering(rangeOf(run).start) !== run) continue; // it grew, or was dropped, meanwhile
      if (bytes && isSound(run, bytes, this.#host.medium.checksum)) continue;
      this.#heal(run);
      damaged.push(rangeOf(run));
    }
    return damaged;
  }

  /** Others may have pinned or unpinned the asset meanwhile. */
  async #mark(marks: Partial<Marks>): Promise<void> {
    const marked = await this.#onMedium(() => this.#volume.mark(this.record, marks));
    if (marked) this.pinned = marked.pinned;
  }

  /** Copies bytes of one chunk into memory. Held bytes stay as they are: within one generation they are the same. */
  #stage(part: ByteRange, bytes: Uint8Array): void {
    for (const gap of this.held.gaps(part)) {
      const isAll = gap.start === part.start && gap.end === part.end;
      const missing = isAll ? bytes : bytes.subarray(gap.start - part.start, gap.end - part.start);
      this.#resident.put(gap.start, missing, true);
      if (!this.#full) this.#checksums.add(gap.start, missing);
      this.held.add(gap);
    }
    this.#lastWritten = part.start;
    if (this.#full) this.#spill();
    else if (this.#resident.dirtyBytes > 0) {
      this.#timer ??= this.#host.clock.setTimeout(() => void this.flush(), BATCH_MS);
      if (this.#resident.dirtyBytes - this.#underWay.size >= this.#host.medium.batchBytes) void this.#drain();
    }
  }

  /**
   * Hands a batch to the medium; single flight. Resolves when it is stored or, where the medium takes batches ahead, when those before it
   * are. The chunk that is being filled stays behind if there is more, so that it is written once and whole.
   */
  #drain(): Promise<void> {
    this.#draining ??= this.#afterTurn(async () => {
      const idle = this.#resident.dirtyRanges().flatMap((range) => [...this.#underWay.gaps(range)]);
      const whole = idle.filter((range) => range.end % CHUNK_BYTES === 0 || !contains(range, this.#lastWritten));
      const before = this.#writing;
      if (idle.length > 0) this.#writing = this.#storeBeside(before, whole.length > 0 ? whole : idle);
      await (this.#host.medium.takesBatchesAhead ? before : this.#writing);
    }).finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  /** Stores ranges while those `before` are being stored; resolves when both are. */
  #storeBeside(before: Promise<void> | undefined, ranges: readonly ByteRange[]): Promise<void> {
    for (const range of ranges) this.#underWay.add(range);
    const storing = this.#store(ranges).finally(() => {
      for (const range of ranges) this.#underWay.delete(range);
    });
    const both = Promise.all([before, storing])
      .then(() => {})
      .finally(() => {
        if (this.#writing === both) this.#writing = undefined;
      });
    return both;
  }

  async #flushInTurn(): Promise<void> {
    while (!this.#full && this.#resident.dirtyBytes > 0) await this.#store(this.#resident.dirtyRanges());
    this.#resident.rest();
    await this.#onMedium(() => this.#volume.sync());
  }

  /** Hands dirty ranges to the medium, each one as a run or as the continuation of one. */
  async #store(ranges: readonly ByteRange[]): Promise<void> {
    if (ranges.length === 0) return;
    if (!this.#full && !(await this.#host.makeRoom(false))) {
      this.#goVolatile(new AulosError('store.full', { needed: this.#resident.dirtyBytes }, 'the limits of the store leave no room'));
    }
    const pieces = ranges.map((range) => this.#pieceOf(range));
    await this.#onMedium(async () => {
      await this.#volume.write(pieces);
      for (const [i, { run }] of pieces.entries()) {
        this.#runs.add(run);
        this.#resident.markClean(ranges[i]);
      }
      this.#resident.trim(this.#host.medium.residentBytes);
    });
  }

  #pieceOf(range: ByteRange): Piece {
    const { checksum, growsInPlace } = this.#host.medium;
    const before = range.start % CHUNK_BYTES === 0 ? undefined : this.#runs.endingAt(range.start);
    const whole = before ? { start: rangeOf(before).start, end: range.end } : range;
    const bytes = this.#resident.peek(range);
    if (before && growsInPlace) {
      return { run: runAt(whole, this.#checksums.take(whole) ?? checksum(bytes, before.checksum)), grownFrom: before, bytes };
    }
    if (!before || !this.#resident.contains(whole)) {
      return { run: runAt(range, this.#checksums.take(range) ?? checksum(bytes)), grownFrom: undefined, bytes };
    }
    const all = this.#resident.peek(whole);
    return { run: runAt(whole, this.#checksums.take(whole) ?? checksum(all)), grownFrom: before, bytes: all };
  }

  /** Bytes of a held range in one chunk. Whatever comes from the medium is verified each time it is loaded. */
  async #readWithin(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const { generation } = this;
    for (let gap = this.#resident.firstGap(range); gap; gap = this.#resident.firstGap(range)) {
      const run = this.#runs.covering(gap.start);
      if (!run) {
        this.#lose(gap);
        return undefined;
      }
      const spare = this.#resident.takeSpare();
      const bytes = await raceAbort(this.#load(run, spare), signal);
      if (generation !== this.generation || this.#closed) return undefined;
      if (!bytes || !isSound(run, bytes, this.#host.medium.checksum)) {
        this.#heal(run);
        return undefined;
      }
      this.#resident.adopt(rangeOf(run).start, bytes, spare);
    }
    const view = this.#resident.view(range);
    this.#resident.trim(this.#host.medium.residentBytes);
    return view;
  }

  /** A medium that cannot be read is a damaged run: it costs a fetch, not the playback. */
  async #load(run: Run, spare?: Uint8Array): Promise<Uint8Array | undefined> {
    try {
      return await this.#volume.load(run, spare);
    } catch (error) {
      if (isAulosError(error)) return undefined;
      throw error;
    }
  }

  #heal(run: Run): void {
    this.#runs.delete(run);
    void this.#inTurn(() => this.#onMedium(() => this.#volume.drop(run)));
    this.#lose(rangeOf(run));
  }

  /** The medium has not got `range` any more: what is not in memory either must be fetched again. */
  #lose(range: ByteRange): void {
    this.held.delete(range);
    for (const part of this.#resident.reclaim(range)) this.held.add(part);
    this.committed = false;
    for (const handle of this.handles) handle.onHealed?.(range);
  }

  /** Runs `action` on the medium: once more after making room, and if it fails for good the asset goes on in memory. */
  async #onMedium<T>(action: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 1; !this.#full; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (!isAulosError(error)) throw error;
        const again = attempt === 1 && error.code === 'store.full' && (await this.#host.makeRoom(true));
        if (!again) this.#goVolatile(error);
      }
    }
    return undefined;
  }

  /**
   * True if the process that this one follows has begun the same version. If not, this one goes on in memory: to replace what the other
   * one is writing would leave both with half.
   */
  async #joins(facts: AssetFacts): Promise<boolean> {
    const { generation } = this;
    const waited = new AbortController();
    const isOver = sleep(BEGIN_MS, waited.signal, this.#host.clock).then(
      () => true,
      () => true,
    );
    for (let isLate = false; this.follows && this.generation === generation && !isLate; ) {
      const { count } = this.#changes;
      await this.#readOthers();
      if (this.generation === generation) isLate = await Promise.race([isOver, this.#changes.after(count).then(() => false)]);
    }
    waited.abort();
    if (this.generation !== generation && isSameVersion(this.facts, facts)) return true;
    if (this.follows) this.#goVolatile(new AulosError('store.locked', { key: this.key }, 'another process writes another version'));
    return false;
  }

  #noticeOthers(): void {
    this.#changes.signal();
    this.#noticing ??= this.#inTurn(async () => {
      this.#noticing = undefined; // what comes from here on is not read yet
      if (!this.#full && !this.#closed) await this.#onMedium(() => this.#readOthers());
      for (const handle of this.handles) handle.onChanged?.();
    }).catch(() => {});
  }

  /** Takes in what another process has stored. */
  async #readOthers(): Promise<void> {
    const { record, runs } = await this.#volume.reread();
    if (!record || record.generation < this.generation) return;
    if (record.generation > this.generation) {
      this.#forget();
      this.generation = this.#highestGeneration = record.generation;
      this.#stored = true;
    }
    this.facts = record.facts;
    for (const run of runs) {
      const range = rangeOf(run);
      if (this.held.contains(range)) continue; // one that only overlaps is the longer form of one that is known
      this.#runs.add(run);
      this.held.add(range);
    }
    this.committed = record.committed && this.held.contains({ start: 0, end: record.facts?.length ?? 0 });
  }

  #goVolatile(cause: AulosError): void {
    if (this.#full) return; // of two batches under way both may fail
    this.#full = cause;
    this.volatile = true;
    this.#spill();
    for (const handle of this.handles) handle.onFull?.(cause);
  }

  #spill(): void {
    for (const range of this.#resident.spill(RING_BYTES)) this.held.delete(range);
  }

  #forget(): void {
    this.held.clear();
    this.#runs.clear();
    this.#resident.clear();
    this.#checksums.clear();
    this.#sidecars.clear();
    this.committed = false;
  }

  /** Changes of the medium come one after the other; a failed one does not hold up the next. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    return this.#afterTurn(async () => {
      await this.#writing?.catch(() => {});
      return await action();
    });
  }

  /** As {@link #inTurn}, but batches may still be under way. */
  #afterTurn<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    this.#turn = result.catch(() => {});
    return result;
  }
}

/** True if the validators prove it (RFC 9110 §8.8.1: a date is strong when it is a second older than the answer). */
function isSameVersion(a: AssetFacts | undefined, b: AssetFacts): boolean {
  if (!a || a.length !== b.length) return false;
  const { etag, lastModified, date } = a.validator;
  if (etag ?? b.validator.etag) return etag === b.validator.etag && !etag?.startsWith('W/');
  return (
    lastModified !== undefined && lastModified === b.validator.lastModified && Date.parse(date ?? '') - Date.parse(lastModified) >= 1000
  );
}

const contains = ({ start, end }: ByteRange, offset: number): boolean => start <= offset && offset < end;

function assertSidecarName(name: string): void {
  if (!/^[a-z0-9-]{1,32}$/.test(name)) throw new RangeError(`a sidecar's name is 1-32 characters of [a-z0-9-], not "${name}"`);
}
