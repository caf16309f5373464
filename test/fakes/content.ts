/** Bytes that a test resource consists of: held in memory, or made up as they are read. */
export type Content = Uint8Array | VirtualContent;

/** A file of any size that takes no memory; see {@link virtualBytes}. */
export interface VirtualContent {
  readonly size: number;
  /** Another seed gives other bytes. @default 1 */
  readonly seed?: number;
}

/** Length of the random block that a virtual file repeats; each repetition is stamped with its number, so that no two places look alike. */
const BLOCK = 4096;
const STAMP = 6;

const blocks = new Map<number, Uint8Array>();

/** The bytes `[start, end)` of the virtual file with that `seed`; the same on every machine, in browsers too. */
export function virtualBytes(start: number, end: number, seed = 1): Uint8Array {
  const block = randomBlock(seed);
  const bytes = new Uint8Array(end - start);
  const first = Math.floor(start / BLOCK) * BLOCK;
  for (let at = first; at < end; at += BLOCK) {
    const from = Math.max(at, start);
    bytes.set(block.subarray(from - at, Math.min(end - at, BLOCK)), from - start);
    stamp(bytes, at, start, at / BLOCK);
  }
  return bytes;
}

/** The bytes `[start, end)` of any content. */
export function contentBytes(content: Content, start: number, end: number): Uint8Array {
  return content instanceof Uint8Array ? content.subarray(start, end) : virtualBytes(start, end, content.seed);
}

/** Length of any content in bytes. */
export function sizeOf(content: Content): number {
  return content instanceof Uint8Array ? content.length : content.size;
}

/** Index of the first byte in which two arrays differ (length counts as a difference); -1 if none. Much faster than a deep comparison. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) if (a[i] !== b[i]) return i;
  return a.length === b.length ? -1 : shared;
}

function stamp(bytes: Uint8Array, at: number, start: number, number: number): void {
  for (let i = 0; i < STAMP; i++) {
    const index = at + i - start;
    if (index >= 0 && index < bytes.length) bytes[index] = Math.floor(number / 256 ** i) & 255;
  }
}

function randomBlock(seed: number): Uint8Array {
  let block = blocks.get(seed);
  if (!block) {
    let state = seed >>> 0 || 1;
    block = Uint8Array.from({ length: BLOCK }, () => {
      // xorshift32 (Marsaglia 2003)
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return state >>> 24;
    });
    blocks.set(seed, block);
  }
  return block;
}
