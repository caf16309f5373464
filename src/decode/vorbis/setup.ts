import type { Steps } from '../steps.ts';
import { BitReader } from './bit-reader.ts';
import { brokenHeader } from './broken-packet.ts';
import { type Codebook, readCodebook, ValueBudget } from './codebook.ts';
import { type Floor, readFloor } from './floor.ts';
import { Residue } from './residue.ts';

/** What the headers of a stream say to its decoder ("Vorbis I specification" §4.2). */
export interface Setup {
  readonly channels: number;
  /** Hz. */
  readonly sampleRate: number;
  /** Samples of a short and of a long block. */
  readonly blockSizes: readonly [short: number, long: number];
  readonly modes: readonly Mode[];
}

export interface Mode {
  readonly isLong: boolean;
  readonly mapping: Mapping;
}

/** How the channels of a packet are coded. */
export interface Mapping {
  /** Pairs of channels whose spectra are coded as magnitude and angle, in the order in which they were coupled. */
  readonly couplings: readonly Coupling[];
  readonly submaps: readonly Submap[];
  /** The submap of each channel. */
  readonly submapOf: readonly number[];
}

export interface Coupling {
  readonly magnitude: number;
  readonly angle: number;
}

export interface Submap {
  readonly floor: Floor;
  readonly residue: Residue;
}

/** `type 8 │ "vorbis"` before each header. */
const PREFIX_BYTES = 7;
const IDENTIFICATION_BYTES = 30;

/**
 * Reads the headers of a stream, laced into one description: how many but one, the sizes of all but the last in bytes of which 255 go on,
 * and the headers: identification, comment, setup.
 * @throws AulosError `media.malformed`, `media.limit`.
 */
export function* readSetup(description: Uint8Array): Steps<Setup> {
  const [identification, , setup] = unlaced(description);
  if (!setup || identification.length < IDENTIFICATION_BYTES) throw brokenHeader('one is missing');
  const { channels, sampleRate, blockSizes } = readIdentification(identification);
  const reader = new BitReader();
  reader.load(setup.subarray(PREFIX_BYTES));
  const budget = new ValueBudget();
  const books: Codebook[] = [];
  for (let left = reader.bits(8) + 1; left > 0; left--) {
    books.push(readCodebook(reader, budget));
    yield;
  }
  const timeTransforms = reader.bits(6) + 1;
  for (let i = 0; i < timeTransforms; i++) if (reader.bits(16) !== 0) throw brokenHeader('an unknown transform');
  const floors = readList(reader, () => readFloor(reader.bits(16), reader, books));
  const residues = readList(reader, () => new Residue(reader.bits(16), reader, books));
  const mappings = readList(reader, () => readMapping(reader, channels, floors, residues));
  const modes = readList(reader, () => readMode(reader, mappings));
  if (!reader.flag() || reader.hasEnded) throw brokenHeader('the setup is cut short');
  return { channels, sampleRate, blockSizes, modes };
}

function unlaced(description: Uint8Array): Uint8Array[] {
  const sizes: number[] = [];
  let at = 1;
  for (let header = 0; header < description[0]; header++) {
    let size = 0;
    while (description[at] === 255) size += description[at++];
    sizes.push(size + (description[at++] ?? 0));
  }
  const headers = sizes.map((size) => {
    const header = description.subarray(at, at + size);
    at += size;
    return header;
  });
  return [...headers, description.subarray(at)];
}

/** `1 "vorbis" │ version 32 │ channels 8 │ rate 32le │ bit rates 3 × 32 │ short 4, long 4: log₂ of the block sizes │ 1` (§4.2.2) */
function readIdentification(header: Uint8Array): Omit<Setup, 'modes'> {
  const view = new DataView(header.buffer, header.byteOffset);
  const channels = view.getUint8(11);
  const sampleRate = view.getUint32(12, true);
  const [short, long] = [header[28] & 15, header[28] >> 4];
  if (view.getUint32(7, true) !== 0) throw brokenHeader('an unknown version');
  if (channels === 0 || sampleRate === 0) throw brokenHeader('no channels, or no sample rate');
  if (short < 6 || long > 13 || short > long) throw brokenHeader('impossible block sizes');
  return { channels, sampleRate, blockSizes: [1 << short, 1 << long] };
}

/** `count − 1 6 │ elements` */
function readList<T>(reader: BitReader, readElement: () => T): T[] {
  return Array.from({ length: reader.bits(6) + 1 }, () => {
    if (reader.hasEnded) throw brokenHeader('the setup is cut short');
    return readElement();
  });
}

/**
 * `type 16 = 0 │ several submaps 1 [ submaps − 1 4 ] │ coupled 1 [ steps − 1 8 │ magnitude, angle ] │ 0 2 │ [ submap of each channel 4 ] │
 * for each submap: unused 8 │ floor 8 │ residue 8` (§4.2.4)
 */
function readMapping(reader: BitReader, channels: number, floors: readonly Floor[], residues: readonly Residue[]): Mapping {
  if (reader.bits(16) !== 0) throw brokenHeader('an unknown mapping');
  const submapCount = reader.flag() ? reader.bits(4) + 1 : 1;
  const couplings = reader.flag() ? readCouplings(reader, channels) : [];
  if (reader.bits(2) !== 0) throw brokenHeader('an unknown mapping');
  const submapOf = Array.from({ length: channels }, () => (submapCount > 1 ? reader.bits(4) : 0));
  const submaps = Array.from({ length: submapCount }, () => {
    reader.skip(8);
    const [floor, residue] = [floors[reader.bits(8)], residues[reader.bits(8)]];
    if (!floor || !residue) throw brokenHeader('a floor or residue that is not there is used');
    return { floor, residue };
  });
  if (submapOf.some((index) => index >= submapCount)) throw brokenHeader('a submap that is not there is used');
  return { couplings, submaps, submapOf };
}

function readCouplings(reader: BitReader, channels: number): Coupling[] {
  const bits = 32 - Math.clz32(channels - 1);
  return Array.from({ length: reader.bits(8) + 1 }, () => {
    const [magnitude, angle] = [reader.bits(bits), reader.bits(bits)];
    if (magnitude === angle || Math.max(magnitude, angle) >= channels) throw brokenHeader('impossible coupling');
    return { magnitude, angle };
  });
}

/** `long 1 │ window type 16 = 0 │ transform type 16 = 0 │ mapping 8` */
function readMode(reader: BitReader, mappings: readonly Mapping[]): Mode {
  const isLong = reader.flag();
  if (reader.bits(16) !== 0 || reader.bits(16) !== 0) throw brokenHeader('an unknown window or transform');
  const mapping = mappings[reader.bits(8)];
  if (!mapping) throw brokenHeader('a mapping that is not there is used');
  return { isLong, mapping };
}
