/** Bits as Vorbis has them: the lowest of each byte first. */
export class BitWriter {
  readonly #bits: number[] = [];

  /** `count value` pairs. */
  write(...fields: readonly (readonly [count: number, value: number])[]): this {
    for (const [count, value] of fields) for (let i = 0; i < count; i++) this.#bits.push(Math.floor(value / 2 ** i) & 1);
    return this;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.#bits.length / 8));
    for (const [i, bit] of this.#bits.entries()) bytes[i >> 3] |= bit << (i & 7);
    return bytes;
  }
}

/** What a stream made by hand is like. */
export interface VorbisShape {
  readonly channels: number;
  readonly floor: 0 | 1;
  readonly residue: 0 | 1 | 2;
}

const SHORT_LOG = 6;
const LONG_LOG = 8;

/** A float of the format: `mantissa × 2^exponent`. */
const float = (mantissa: number, exponent: number): number =>
  (mantissa < 0 ? 2 ** 31 : 0) + (exponent + 788) * 2 ** 21 + Math.abs(mantissa);

/**
 * The headers of a stream with two modes, short and long blocks, and the way to fill it with packets of any bits: all codes are complete and
 * the rest is in range, so that every packet is valid. No encoder of today writes floors of type 0, or residues of type 0.
 */
export function vorbisHeaders({ channels, floor, residue }: VorbisShape): Uint8Array[] {
  const text = (type: number) => [...Uint8Array.of(type, ...new TextEncoder().encode('vorbis'))].map((byte) => [8, byte] as const);
  const identification = new BitWriter()
    .write(...text(1), [32, 0], [8, channels], [32, 44_100], [32, 0], [32, 0], [32, 0], [4, SHORT_LOG], [4, LONG_LOG], [1, 1])
    .bytes();
  const comment = new BitWriter().write(...text(3), [32, 0], [32, 0], [1, 1]).bytes();
  const setup = new BitWriter().write(...text(5), [8, 3 - 1]);
  // Book 0: 4 scalars, lengths 1 2 3 3. Book 1: 16 pairs on a lattice. Book 2: the same with other numbers, each pair rising.
  setup.write([24, 0x564342], [16, 1], [24, 4], [1, 0], [1, 0], [5, 0], [5, 1], [5, 2], [5, 2], [4, 0]);
  setup.write([24, 0x564342], [16, 2], [24, 16], [1, 1], [5, 3], [5, 16], [4, 1], [32, float(-3, -1)], [32, float(1, 0)], [4, 2], [1, 0]);
  for (const i of [0, 1, 2, 3]) setup.write([3, i]);
  setup.write([24, 0x564342], [16, 2], [24, 16], [1, 1], [5, 3], [5, 16], [4, 1], [32, float(1, -2)], [32, float(1, -5)], [4, 1], [1, 1]);
  for (const i of [0, 1, 2, 3]) setup.write([2, i]);
  setup.write([6, 0], [16, 0], [6, 0], [16, floor]);
  if (floor === 0) setup.write([8, 8], [16, 44_100], [16, 64], [6, 6], [8, 25], [4, 0], [8, 2]);
  else setup.write([5, 2], [4, 0], [4, 1], ...classesOfFloor1, [2, 1], [4, 7], [7, 20], [7, 60], [7, 90], [7, 40], [7, 5]);
  setup.write([6, 0], [16, residue], [24, 4], [24, 28], [24, 8 - 1], [6, 4 - 1], [8, 0]);
  setup.write([3, 0], [1, 0], [3, 1], [1, 0], [3, 5], [1, 0], [3, 0], [1, 1], [5, 1]); // passes of the classes: none, 0, 0 and 2, 3
  setup.write([8, 1], [8, 1], [8, 1], [8, 1]);
  setup.write([6, 0], [16, 0], [1, 0]);
  if (channels === 2) setup.write([1, 1], [8, 0], [1, 0], [1, 1]);
  else setup.write([1, 0]);
  setup.write([2, 0], [8, 0], [8, 0], [8, 0]);
  setup.write([6, 2 - 1], [1, 0], [16, 0], [16, 0], [8, 0], [1, 1], [16, 0], [16, 0], [8, 0], [1, 1]);
  return [identification, comment, setup.bytes()];
}

/** Class 0: two points, all from book 0. Class 1: three points, book 0 chooses between none and book 0. */
const classesOfFloor1: readonly (readonly [number, number])[] = [
  [3, 2 - 1],
  [2, 0],
  [8, 1],
  [3, 3 - 1],
  [2, 1],
  [8, 0],
  [8, 0],
  [8, 1],
];

/**
 * A packet of a long or a short block with `bits` in it, and with the flags of its neighbours if it is long. A floor of type 0 begins with
 * an amplitude and the number of its book, of which not all are there.
 */
export function vorbisPacket(
  floor: 0 | 1,
  [isLongBefore, isLong, isLongBehind]: readonly [boolean, boolean, boolean],
  bits: Uint8Array,
): Uint8Array {
  const packet = new BitWriter().write([1, 0], [1, isLong ? 1 : 0]);
  if (isLong) packet.write([1, isLongBefore ? 1 : 0], [1, isLongBehind ? 1 : 0]);
  if (floor === 0) packet.write([6, bits[0] >> 2], [1, 0]);
  for (const byte of bits) packet.write([8, byte]);
  return packet.bytes();
}

/** Frames of a packet behind another one. */
export const framesBetween = (isLongBefore: boolean, isLong: boolean): number =>
  ((1 << (isLongBefore ? LONG_LOG : SHORT_LOG)) + (1 << (isLong ? LONG_LOG : SHORT_LOG))) / 4;
