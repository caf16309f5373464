/** A number in the bytes of a {@link Unit}: where it stands, and its bytes. */
export interface Field {
  readonly at: number;
  readonly width: number;
}

/**
 * A piece of a file that can be taken out, doubled or moved: a box, page, frame, tag or chunk. Its bytes are `head`, followed by those of
 * the units inside.
 */
export interface Unit {
  readonly head: Uint8Array;
  readonly inside: readonly Unit[];
  /** Sizes, counts and other numbers in `head`; listed when asked for, as those of all seeds would make a heap slow to collect. */
  readonly fields?: () => readonly Field[];
  /** Writes the size and the checksums of the finished bytes, where the format has them, so that a parser does not stop there. */
  readonly seal?: (bytes: Uint8Array) => void;
}

/** A unit without a structure. */
export const plain = (head: Uint8Array): Unit => ({ head, inside: [] });

/** The bytes of all units, sealed. */
export function join(units: readonly Unit[]): Uint8Array {
  const parts = units.map(bytesOf);
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function bytesOf({ head, inside, seal }: Unit): Uint8Array {
  const bytes = inside.length > 0 ? join([plain(head), plain(join(inside))]) : head.slice();
  seal?.(bytes);
  return bytes;
}
