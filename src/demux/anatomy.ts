/** A stretch of a file. */
export interface Part {
  /** In the words of the format: `moov`, `Xing tag`, `sound`. */
  readonly name: string;
  /** Byte offset of its first byte. */
  readonly offset: number;
  /** Bytes; undefined if it ends where the resource does, and nobody knows where that is. */
  readonly size: number | undefined;
}

/** How a file is built, for those who look into it. */
export interface Anatomy {
  /** In the order of the file. */
  readonly parts: readonly Part[];
  /** What a seek goes by, in words. */
  readonly seeksBy: string;
}

/** Parts that begin at the given offsets, each up to the next one and the last up to `end`; what has no bytes is left out. */
export function partsOf(starts: readonly (readonly [name: string, offset: number])[], end: number | undefined): Part[] {
  const parts = starts.map(([name, offset], i) => {
    const next = starts[i + 1]?.[1] ?? end;
    return { name, offset, size: next === undefined || next === Infinity ? undefined : Math.max(0, next - offset) };
  });
  return parts.filter(({ size }) => size !== 0);
}
