import { entryCount, fieldsOf, findBox, type HeldBox, malformed, requireBox } from './boxes.ts';

/**
 * Where each sample of a track lies (ISO 14496-12 §8.7), in typed arrays: 1, 2 or 4 bytes per sample and 12 per chunk, whatever the
 * length of the `moov`, which need not be kept.
 */
export class SampleTable {
  /** Samples in all. */
  readonly count: number;
  /** Bytes of each sample, or of every sample. */
  readonly #sizes: ArrayLike<number> | number;
  readonly #chunkOffsets: Float64Array;
  /** First sample of each chunk, and `count` behind the last. */
  readonly #chunkFirst: Float64Array;

  /** Reads the tables of `stbl`. `sampleBytes` overrides the size of PCM samples, for which old files give 1. */
  constructor(stbl: HeldBox, sampleBytes?: number) {
    const sizes = readSizes(stbl);
    this.#sizes = sampleBytes ?? sizes.sizes;
    this.#chunkOffsets = readChunkOffsets(stbl);
    this.#chunkFirst = readChunkFirsts(requireBox(stbl, 'stsc'), this.#chunkOffsets.length, sizes.count);
    this.count = this.#chunkFirst[this.#chunkFirst.length - 1];
    if (sizes.count > 0 && this.count === 0) throw malformed(stbl.start, 'samples without chunks');
  }

  sizeOf(index: number): number {
    return typeof this.#sizes === 'number' ? this.#sizes : this.#sizes[index];
  }

  /** Average bytes of a sample, over at most the first thousand. */
  get typicalSize(): number {
    const looked = Math.min(this.count, 1_000);
    return looked === 0 ? 0 : this.#bytesOf(0, looked) / looked;
  }

  /** Bytes of all samples. */
  get totalBytes(): number {
    return this.#bytesOf(0, this.count);
  }

  /** A cursor at sample `index`, which may be `count`. */
  cursor(index: number): SampleCursor {
    const chunk = this.#chunkOf(index);
    const offset = index < this.count ? this.#chunkOffsets[chunk] + this.#bytesOf(this.#chunkFirst[chunk], index) : 0;
    return { index, chunk, offset };
  }

  /** Moves `cursor` over `samples` samples. */
  advance(cursor: SampleCursor, samples: number): void {
    cursor.offset += this.#bytesOf(cursor.index, cursor.index + samples);
    cursor.index += samples;
    while (cursor.index < this.count && cursor.index >= this.#chunkFirst[cursor.chunk + 1]) {
      const chunk = ++cursor.chunk;
      cursor.offset = this.#chunkOffsets[chunk] + this.#bytesOf(this.#chunkFirst[chunk], cursor.index);
    }
  }

  /** How many samples from `cursor` on lie back to back, across chunks, within `maxBytes` and `maxSamples`; at least one, if there is one. */
  contiguous({ index, chunk, offset }: SampleCursor, maxBytes: number, maxSamples = Infinity): { samples: number; bytes: number } {
    const probe = { index, chunk, offset };
    let bytes = 0;
    while (probe.index < this.count && probe.offset === offset + bytes && probe.index - index < maxSamples) {
      const size = this.sizeOf(probe.index);
      if (bytes + size > maxBytes && probe.index > index) break;
      bytes += size;
      this.advance(probe, 1);
    }
    return { samples: probe.index - index, bytes };
  }

  #bytesOf(from: number, to: number): number {
    if (typeof this.#sizes === 'number') return (to - from) * this.#sizes;
    let bytes = 0;
    for (let i = from; i < to; i++) bytes += this.#sizes[i];
    return bytes;
  }

  #chunkOf(index: number): number {
    let low = 0;
    let high = this.#chunkOffsets.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#chunkFirst[middle] <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** A place in a {@link SampleTable}, moved by {@link SampleTable.advance}. */
export interface SampleCursor {
  index: number;
  chunk: number;
  /** Byte offset of sample `index` in the resource. */
  offset: number;
}

/** `stsz` or `stz2` (§8.7.3): one size for all, or a table of 4, 8, 16 or 32 bits, kept as narrow as its largest entry allows. */
function readSizes(stbl: HeldBox): { sizes: ArrayLike<number> | number; count: number } {
  const stsz = findBox(stbl.children, 'stsz');
  if (stsz) {
    const view = fieldsOf(stsz, 12);
    const size = view.getUint32(4);
    if (size !== 0) return { sizes: size, count: view.getUint32(8) };
    const count = entryCount(stsz, 8, 32);
    let largest = 0;
    for (let i = 0; i < count; i++) largest = Math.max(largest, view.getUint32(12 + i * 4));
    const sizes = largest < 1 << 8 ? new Uint8Array(count) : largest < 1 << 16 ? new Uint16Array(count) : new Uint32Array(count);
    for (let i = 0; i < count; i++) sizes[i] = view.getUint32(12 + i * 4);
    return { sizes, count };
  }
  const stz2 = requireBox(stbl, 'stz2');
  const view = fieldsOf(stz2, 12);
  const bits = view.getUint8(7);
  if (bits !== 4 && bits !== 8 && bits !== 16) throw malformed(stz2.start, 'field size of stz2');
  const count = entryCount(stz2, 8, bits);
  const sizes = bits === 16 ? new Uint16Array(count) : new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    if (bits === 16) sizes[i] = view.getUint16(12 + i * 2);
    else if (bits === 8) sizes[i] = view.getUint8(12 + i);
    else sizes[i] = (view.getUint8(12 + (i >> 1)) >> (i & 1 ? 0 : 4)) & 15;
  }
  return { sizes, count };
}

/** `stco` or `co64` (§8.7.5). */
function readChunkOffsets(stbl: HeldBox): Float64Array {
  const stco = findBox(stbl.children, 'stco');
  const box = stco ?? requireBox(stbl, 'co64');
  const count = entryCount(box, 4, stco ? 32 : 64);
  const view = fieldsOf(box, 8);
  const offsets = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    offsets[i] = stco ? view.getUint32(8 + i * 4) : view.getUint32(8 + i * 8) * 2 ** 32 + view.getUint32(12 + i * 8);
    if (!Number.isSafeInteger(offsets[i])) throw malformed(box.start, 'chunk offset');
  }
  return offsets;
}

/** `stsc` (§8.7.4) unrolled: the first sample of each chunk, and the number of samples that both tables know behind the last. */
function readChunkFirsts(stsc: HeldBox, chunks: number, samples: number): Float64Array {
  const entries = entryCount(stsc, 4, 96);
  const view = fieldsOf(stsc, 8);
  const firsts = new Float64Array(chunks + 1);
  let perChunk = 0;
  for (let chunk = 0, entry = 0; chunk < chunks; chunk++) {
    for (; entry < entries && view.getUint32(8 + entry * 12) <= chunk + 1; entry++) perChunk = view.getUint32(12 + entry * 12);
    firsts[chunk + 1] = Math.min(samples, firsts[chunk] + perChunk);
  }
  return firsts;
}
