import { type ByteRange, intersect, RangeSet } from '../base/ranges.ts';
import { CHUNK_BYTES, chunkOf, splitByChunk } from './record.ts';

/**
 * Buffers that are kept for chunks to come, while they come: as many as the largest batch frees at once. With fewer, each batch allocates
 * anew what the one before gave to the garbage collector.
 */
const MAX_SPARE = 24;
/** So little is copied for who reads it, so that the buffer of the chunk can be used again. */
const FEW_BYTES = 4096;

/**
 * The bytes of an asset that are in memory, chunk by chunk. *Dirty* bytes are in memory only. A byte that is present is never written
 * again, so views of it may be handed out and kept.
 */
export class Resident {
  // A Map keeps the order of insertion: clean chunks lie in the order of their last use, dirty ones in that of their first write.
  readonly #chunks = new Map<number, Uint8Array>();
  readonly #present = new RangeSet();
  readonly #dirty = new RangeSet();
  /** Chunks of which a view was handed out, or whose buffers came from outside: those are not ours alone. */
  readonly #viewed = new Set<number>();
  /** A buffer for each chunk of a large file keeps the garbage collector busier than all the rest of a download. */
  readonly #spare: Uint8Array[] = [];

  get dirtyBytes(): number {
    return this.#dirty.size;
  }

  contains(range: ByteRange): boolean {
    return this.#present.contains(range);
  }

  firstGap(range: ByteRange): ByteRange | undefined {
    return this.#present.firstGap(range);
  }

  /** The bytes of `range`, which is present and lies in one chunk. They may be kept; a few of them do not keep their whole chunk. */
  view(range: ByteRange): Uint8Array {
    const isFew = range.end - range.start <= FEW_BYTES;
    if (!isFew) this.#viewed.add(chunkOf(range.start));
    return isFew ? this.peek(range).slice() : this.peek(range);
  }

  /** As {@link view}, but valid only while the range is present. */
  peek({ start, end }: ByteRange): Uint8Array {
    const chunk = chunkOf(start);
    const bytes = this.#chunks.get(chunk)!;
    if (!this.#isDirty(chunk)) {
      this.#chunks.delete(chunk);
      this.#chunks.set(chunk, bytes);
    }
    return bytes.subarray(start - chunk * CHUNK_BYTES, end - chunk * CHUNK_BYTES);
  }

  /** Copies in what is missing of bytes that lie in one chunk. */
  put(offset: number, bytes: Uint8Array, dirty: boolean): void {
    const chunk = chunkOf(offset);
    const target = this.#chunks.get(chunk) ?? this.takeSpare();
    this.#chunks.set(chunk, target);
    const end = offset + bytes.length;
    for (let gap = this.#present.firstGap({ start: offset, end }); gap; gap = this.#present.firstGap({ start: gap.end, end })) {
      const isAll = gap.start === offset && gap.end === end;
      target.set(isAll ? bytes : bytes.subarray(gap.start - offset, gap.end - offset), gap.start - chunk * CHUNK_BYTES);
      this.#present.add(gap);
      if (dirty) this.#dirty.add(gap);
      if (isAll) return;
    }
  }

  /** A buffer of a chunk's size that is free. It is given back to {@link adopt}, or lost. */
  takeSpare(): Uint8Array {
    return this.#spare.pop() ?? new Uint8Array(CHUNK_BYTES);
  }

  /**
   * As {@link put} for clean bytes that nobody changes any more. Those of a whole chunk are kept as they are. `spare` is a buffer that was
   * taken to load them; they may lie in it.
   */
  adopt(offset: number, bytes: Uint8Array, spare: Uint8Array): void {
    const chunk = chunkOf(offset);
    const isOurs = bytes.buffer === spare.buffer;
    const isKept = bytes.length === CHUNK_BYTES && !this.#chunks.has(chunk);
    if (isKept) {
      this.#chunks.set(chunk, bytes);
      if (!isOurs) this.#viewed.add(chunk);
      this.#present.add(rangeOfChunk(chunk));
    } else this.put(offset, bytes, false);
    if (!isKept || !isOurs) this.#setAside(spare);
  }

  /** Dirty ranges, none across a chunk border, ascending. */
  dirtyRanges(): ByteRange[] {
    return this.#dirty.toArray().flatMap(splitByChunk);
  }

  markClean(range: ByteRange): void {
    this.#dirty.delete(range);
  }

  /** Marks as dirty what is present of `range`, because the medium lost it, and gives it. */
  reclaim(range: ByteRange): RangeSet {
    const present = new RangeSet([range]);
    for (const gap of this.#present.gaps(range)) present.delete(gap);
    for (const part of present) this.#dirty.add(part);
    return present;
  }

  /** Drops the least recently used clean chunks until at most `limit` bytes of clean chunks are left. */
  trim(limit: number): void {
    const clean = [...this.#chunks.keys()].filter((chunk) => !this.#isDirty(chunk));
    for (const chunk of clean.slice(0, Math.max(0, clean.length - Math.floor(limit / CHUNK_BYTES)))) this.#drop(chunk);
  }

  /** As {@link trim}, but counts and, when that is not enough, drops dirty chunks too, in the order written. Gives what was dirty of them. */
  spill(limit: number): ByteRange[] {
    this.trim(limit - this.#dirtyChunks().length * CHUNK_BYTES);
    const dirty = this.#dirtyChunks();
    const lost: ByteRange[] = [];
    for (const chunk of dirty.slice(0, Math.max(0, dirty.length - Math.floor(limit / CHUNK_BYTES)))) {
      for (const range of this.#dirty) {
        const part = intersect(range, rangeOfChunk(chunk));
        if (part) lost.push(part);
      }
      this.#drop(chunk);
    }
    return lost;
  }

  /** Nothing comes for a while: gives spare memory back. */
  rest(): void {
    this.#spare.length = 0;
  }

  clear(): void {
    this.#viewed.clear();
    this.#chunks.clear();
    this.#present.clear();
    this.#dirty.clear();
  }

  #drop(chunk: number): void {
    const bytes = this.#chunks.get(chunk);
    const isOurs = !this.#viewed.delete(chunk);
    if (bytes && isOurs) this.#setAside(bytes);
    this.#chunks.delete(chunk);
    this.#present.delete(rangeOfChunk(chunk));
    this.#dirty.delete(rangeOfChunk(chunk));
  }

  #setAside(bytes: Uint8Array): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(bytes);
  }

  #dirtyChunks(): number[] {
    return [...this.#chunks.keys()].filter((chunk) => this.#isDirty(chunk));
  }

  #isDirty(chunk: number): boolean {
    const range = rangeOfChunk(chunk);
    const gap = this.#dirty.firstGap(range);
    return gap?.start !== range.start || gap.end !== range.end;
  }
}

const rangeOfChunk = (chunk: number): ByteRange => ({ start: chunk * CHUNK_BYTES, end: (chunk + 1) * CHUNK_BYTES });
