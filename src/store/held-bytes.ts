import { raceAbort } from '../base/abort.ts';
import { type ByteRange, RangeSet } from '../base/ranges.ts';
import { isAulosError } from '../errors.ts';
import type { Medium, Piece, Volume } from './medium.ts';
import { CHUNK_BYTES, isSound, type Run, rangeOf, runAt, splitByChunk } from './record.ts';
import { Resident } from './resident.ts';
import { RunTable } from './run-table.ts';
import { RunningChecksums } from './running-checksums.ts';

/**
 * The held bytes of one generation: each is in memory, in a run on the medium, or both. *Dirty* bytes are in memory only. What comes from
 * the medium is verified each time it is loaded.
 */
export class HeldBytes {
  readonly held = new RangeSet();
  readonly #volume: Volume;
  readonly #medium: Medium;
  readonly #onLost: (range: ByteRange, damaged: Run | undefined) => void;
  readonly #runs: RunTable;
  readonly #resident = new Resident();
  readonly #checksums: RunningChecksums;
  /** So much is kept once nothing goes to the medium any more. */
  #ringBytes: number | undefined;
  /** Counts what ended the reads that were under way. */
  #endings = 0;

  /**
   * Begins with the runs of `volume`. `onLost` is told what has left `held` because the medium has not got it any more, and which run that
   * was, if it is there and damaged.
   */
  constructor(volume: Volume, medium: Medium, onLost: (range: ByteRange, damaged: Run | undefined) => void) {
    this.#volume = volume;
    this.#medium = medium;
    this.#onLost = onLost;
    this.#checksums = new RunningChecksums(medium.checksum);
    this.#runs = new RunTable(volume.runs);
    for (const run of this.#runs) this.held.add(rangeOf(run));
  }

  get runs(): Run[] {
    return [...this.#runs];
  }

  /** Bytes in runs. */
  get storedBytes(): number {
    return this.#runs.bytes;
  }

  get dirtyBytes(): number {
    return this.#resident.dirtyBytes;
  }

  /** Dirty ranges, none across a chunk border, ascending. */
  dirtyRanges(): ByteRange[] {
    return this.#resident.dirtyRanges();
  }

  /** Bytes of a range; undefined if some of it is not, or no longer, held. The view may be kept. */
  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    signal.throwIfAborted();
    const parts = splitByChunk(range);
    if (parts.length === 0) return new Uint8Array(0);
    if (!this.held.contains(range)) return undefined;
    if (parts.length === 1) return await this.#readWithin(range, signal);
    const endings = this.#endings;
    const whole = new Uint8Array(range.end - range.start);
    for (const part of parts) {
      const bytes = await this.#readWithin(part, signal);
      if (!bytes || endings !== this.#endings) return undefined;
      whole.set(bytes, part.start - range.start);
    }
    return whole;
  }

  /** Reads every run. Gives the ranges of those that were damaged, and are dropped. */
  async verify(signal: AbortSignal): Promise<ByteRange[]> {
    const damaged: ByteRange[] = [];
    for (const run of this.runs) {
      signal.throwIfAborted();
      const bytes = await this.#load(run);
      if (this.#runs.covering(rangeOf(run).start) !== run) continue; // it grew, or was dropped, meanwhile
      if (bytes && isSound(run, bytes, this.#medium.checksum)) continue;
      this.#drop(run);
      damaged.push(rangeOf(run));
    }
    return damaged;
  }

  /** Copies bytes of one chunk into memory. Held bytes stay as they are: within one generation they are the same. */
  stage(part: ByteRange, bytes: Uint8Array): void {
    for (const gap of this.held.gaps(part)) {
      const isAll = gap.start === part.start && gap.end === part.end;
      const missing = isAll ? bytes : bytes.subarray(gap.start - part.start, gap.end - part.start);
      this.#resident.put(gap.start, missing, true);
      if (this.#ringBytes === undefined) this.#checksums.add(gap.start, missing);
      this.held.add(gap);
    }
    this.#spill();
  }

  /** What is to be stored of a dirty range in one chunk: a run, or the continuation of one. */
  pieceOf(range: ByteRange): Piece {
    const { checksum, growsInPlace } = this.#medium;
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

  /** The dirty `ranges` have been stored, as `pieces`. */
  settle(ranges: readonly ByteRange[], pieces: readonly Piece[]): void {
    for (const { run } of pieces) this.#runs.add(run);
    for (const range of ranges) this.#resident.markClean(range);
    this.#resident.trim(this.#medium.residentBytes);
  }

  /** Takes in runs that another process has stored. One that only overlaps what is held is the longer form of one that is known. */
  adopt(runs: readonly Run[]): void {
    for (const run of runs) {
      const range = rangeOf(run);
      if (this.held.contains(range)) continue;
      this.#runs.add(run);
      this.held.add(range);
    }
  }

  /** From now on nothing goes to the medium: of what is dirty only the last `ringBytes` stay held. */
  keepInMemory(ringBytes: number): void {
    this.#ringBytes = ringBytes;
    this.#spill();
  }

  /** Nothing comes for a while: gives spare memory back. */
  rest(): void {
    this.#resident.rest();
  }

  /** Ends the reads that are under way: they give undefined. */
  endReads(): void {
    this.#endings++;
  }

  /** Forgets everything: another generation comes. */
  clear(): void {
    this.endReads();
    this.held.clear();
    this.#runs.clear();
    this.#resident.clear();
    this.#checksums.clear();
  }

  async #readWithin(range: ByteRange, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const endings = this.#endings;
    for (let gap = this.#resident.firstGap(range); gap; gap = this.#resident.firstGap(range)) {
      const run = this.#runs.covering(gap.start);
      if (!run) {
        this.#lose(gap, undefined);
        return undefined;
      }
      const spare = this.#resident.takeSpare();
      const bytes = await raceAbort(this.#load(run, spare), signal);
      if (endings !== this.#endings) return undefined;
      if (!bytes || !isSound(run, bytes, this.#medium.checksum)) {
        this.#drop(run);
        return undefined;
      }
      this.#resident.adopt(rangeOf(run).start, bytes, spare);
    }
    const view = this.#resident.view(range);
    this.#resident.trim(this.#medium.residentBytes);
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

  #drop(run: Run): void {
    this.#runs.delete(run);
    this.#lose(rangeOf(run), run);
  }

  /** What is not in memory either must be fetched again; what is becomes dirty. */
  #lose(range: ByteRange, damaged: Run | undefined): void {
    this.held.delete(range);
    for (const part of this.#resident.reclaim(range)) this.held.add(part);
    this.#onLost(range, damaged);
  }

  #spill(): void {
    if (this.#ringBytes === undefined) return;
    for (const range of this.#resident.spill(this.#ringBytes)) this.held.delete(range);
  }
}
