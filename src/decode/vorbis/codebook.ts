import { AulosError } from '../../errors.ts';
import { pow2 } from '../trig.ts';
import type { BitReader } from './bit-reader.ts';
import { brokenHeader } from './broken-packet.ts';

/** Codewords up to this long, nearly all that occur, are found at one look. */
const FAST_BITS = 10;
const MAX_LENGTH = 32;

/** Numbers in all books of a stream: those of real encoders have some 100,000. A few bits of header may ask for 2⁴⁰. */
const MAX_VALUES = 4_194_304;

/** What the books of one stream may still take. */
export class ValueBudget {
  #left = MAX_VALUES;

  /** @throws AulosError `media.limit`. */
  spend(values: number): void {
    this.#left -= values;
    if (this.#left >= 0) return;
    const what = `Vorbis code books of more than ${MAX_VALUES} values`;
    throw new AulosError('media.limit', { offset: 0, what }, `the Vorbis code books have more than ${MAX_VALUES} values`);
  }
}

const SYNC = 0x564342;

/** A code book ("Vorbis I specification" §3): a prefix code, and perhaps a vector for each entry. */
export interface Codebook {
  readonly dimensions: number;
  /** Vector of entry i from `i × dimensions` on; undefined for a book of scalars. */
  readonly vectors: Float32Array | undefined;
  /** By the next {@link FAST_BITS} bits: `entry << 6 | length` of the codeword, or −1 − the node at which it goes on. */
  readonly fast: Int32Array;
  /** Pairs: where a bit 0 and a bit 1 lead to: another node, or −1 − entry. */
  readonly nodes: Int32Array;
}

/** The entry whose codeword comes next; −1 at the end of the packet. */
export function readEntry({ fast, nodes }: Codebook, reader: BitReader): number {
  const found = fast[reader.peek() & ((1 << FAST_BITS) - 1)];
  if (found >= 0) {
    reader.skip(found & 63);
    return reader.hasEnded ? -1 : found >> 6;
  }
  reader.skip(FAST_BITS);
  let node = -1 - found;
  while (node >= 0) {
    if (reader.hasEnded) return -1;
    node = nodes[2 * node + reader.bits(1)];
  }
  return -1 - node;
}

/** The book of that number. @throws AulosError `media.malformed`. */
export function bookAt(books: readonly Codebook[], number: number): Codebook {
  const book = books[number];
  if (!book) throw brokenHeader('a code book that is not there is used');
  return book;
}

/** `sync 24 │ dimensions 16 │ entries 24 │ lengths │ lookup type 4 │ …` (§3.2.1) @throws AulosError `media.malformed`, `media.limit`. */
export function readCodebook(reader: BitReader, budget: ValueBudget): Codebook {
  if (reader.bits(24) !== SYNC) throw brokenHeader('a code book does not begin where it should');
  const dimensions = reader.bits(16);
  const entries = reader.bits(24);
  budget.spend(entries);
  const lengths = reader.flag() ? readOrderedLengths(reader, entries) : readLengths(reader, entries);
  const vectors = readVectors(reader, dimensions, entries, budget);
  if (reader.hasEnded) throw brokenHeader('a code book is cut short');
  return { dimensions, vectors, ...prefixCode(lengths) };
}

/** `sparse 1 │ for each entry: if sparse, used 1 │ length − 1 5`; 0 for an entry that is not used. */
function readLengths(reader: BitReader, entries: number): Uint8Array {
  const lengths = new Uint8Array(entries);
  const isSparse = reader.flag();
  for (let i = 0; i < entries && !reader.hasEnded; i++) {
    if (!isSparse || reader.flag()) lengths[i] = reader.bits(5) + 1;
  }
  return lengths;
}

/** `first length − 1 5 │ for each length how many entries have it`, in as many bits as the number of entries left takes. */
function readOrderedLengths(reader: BitReader, entries: number): Uint8Array {
  const lengths = new Uint8Array(entries);
  let length = reader.bits(5) + 1;
  for (let i = 0; i < entries; length++) {
    const count = reader.bits(32 - Math.clz32(entries - i));
    if (length > MAX_LENGTH || i + count > entries) throw brokenHeader('more codewords than entries');
    lengths.fill(length, i, i + count);
    i += count;
  }
  return lengths;
}

/** `minimum 32 │ delta 32 │ bits − 1 4 │ each is added to the one before 1 │ multiplicands`, for lookup types 1 and 2 (§3.3). */
function readVectors(reader: BitReader, dimensions: number, entries: number, budget: ValueBudget): Float32Array | undefined {
  const type = reader.bits(4);
  if (type === 0) return undefined;
  if (type > 2 || dimensions === 0) throw brokenHeader('a code book of an unknown kind');
  budget.spend(entries * dimensions);
  const [minimum, delta] = [unpackFloat(reader.bits(32)), unpackFloat(reader.bits(32))];
  const bits = reader.bits(4) + 1;
  const isSequence = reader.flag();
  const count = type === 1 ? latticeSide(entries, dimensions) : entries * dimensions;
  const multiplicands = new Float64Array(count);
  for (let i = 0; i < count && !reader.hasEnded; i++) multiplicands[i] = reader.bits(bits) * delta + minimum;
  const vectors = new Float32Array(entries * dimensions);
  for (let entry = 0, at = 0; entry < entries; entry++) {
    let divisor = 1;
    let last = 0;
    for (let d = 0; d < dimensions; d++, at++, divisor *= count) {
      const value = multiplicands[type === 1 ? Math.floor(entry / divisor) % count : at] + last;
      if (isSequence) last = value;
      vectors[at] = value;
    }
  }
  return vectors;
}

/** The largest whole number whose power of `dimensions` is not above `entries` (§9.2.3). */
function latticeSide(entries: number, dimensions: number): number {
  const fits = (side: number): boolean => {
    let volume = 1;
    for (let d = 0; d < dimensions && volume <= entries; d++) volume *= side;
    return volume <= entries;
  };
  let side = 0;
  while (side < entries && fits(side + 1)) side++;
  return side;
}

/** `sign 1 │ exponent 10, bias 788 │ mantissa 21`, from the highest bit (§9.2.2). */
function unpackFloat(bits: number): number {
  const mantissa = bits & 0x1fffff;
  const exponent = (bits >>> 21) & 0x3ff;
  return (bits >>> 31 ? -mantissa : mantissa) * pow2(exponent - 788);
}

/**
 * Gives each entry, in their order, the lowest codeword of its length that is free (§3.2.1). A code that is not complete is refused, but
 * that of a single entry, which takes one bit whichever way it is.
 */
function prefixCode(lengths: Uint8Array): Pick<Codebook, 'fast' | 'nodes'> {
  const used = lengths.reduce((count, length) => count + (length > 0 ? 1 : 0), 0);
  const fast = new Int32Array(1 << FAST_BITS);
  const nodes: number[] = [];
  if (used === 0) return { fast: fast.fill(-1), nodes: Int32Array.of(0, 0) }; // reads to the end of the packet
  if (used === 1) {
    const entry = lengths.findIndex((length) => length > 0);
    return { fast: fast.fill((entry << 6) | lengths[entry]), nodes: new Int32Array(0) };
  }
  const next = new Uint32Array(MAX_LENGTH + 1); // the lowest free codeword of each length
  for (const [entry, length] of lengths.entries()) {
    if (length === 0) continue;
    const codeword = next[length];
    if (length < MAX_LENGTH && codeword >>> length !== 0) throw brokenHeader('a code book has too many codewords');
    claim(next, codeword, length);
    insert(fast, nodes, entry, codeword, length);
  }
  for (let length = 1; length <= MAX_LENGTH; length++) {
    const mask = length === MAX_LENGTH ? 0xffffffff : (1 << length) - 1;
    if (next[length] & mask) throw brokenHeader('a code book has too few codewords');
  }
  return { fast, nodes: Int32Array.from(nodes) };
}

/** Takes `codeword` out of `next`: what begins with it, or is the beginning of it, is free no longer. */
function claim(next: Uint32Array, codeword: number, length: number): void {
  for (let l = length; l > 0; l--) {
    if (next[l] & 1) {
      next[l] = l === 1 ? next[l] + 1 : next[l - 1] << 1;
      break;
    }
    next[l]++;
  }
  let taken = codeword;
  for (let l = length + 1; l <= MAX_LENGTH && next[l] >>> 1 === taken; l++) {
    taken = next[l];
    next[l] = next[l - 1] << 1;
  }
}

/** Enters a codeword, whose highest bit comes first, into the fast table, and into the tree if it is longer. */
function insert(fast: Int32Array, nodes: number[], entry: number, codeword: number, length: number): void {
  const bit = (i: number): number => (codeword >>> (length - 1 - i)) & 1;
  let prefix = 0;
  for (let i = 0; i < Math.min(length, FAST_BITS); i++) prefix |= bit(i) << i;
  if (length <= FAST_BITS) {
    for (let i = prefix; i < fast.length; i += 1 << length) fast[i] = (entry << 6) | length;
    return;
  }
  if (fast[prefix] === 0) fast[prefix] = -1 - addNode(nodes);
  let node = -1 - fast[prefix];
  for (let i = FAST_BITS; i < length - 1; i++) {
    const at = 2 * node + bit(i);
    if (nodes[at] === 0) nodes[at] = addNode(nodes); // node 0 is entered from the table only
    node = nodes[at];
  }
  nodes[2 * node + bit(length - 1)] = -1 - entry;
}

function addNode(nodes: number[]): number {
  nodes.push(0, 0);
  return nodes.length / 2 - 1;
}
