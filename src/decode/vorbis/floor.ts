import type { BitReader } from './bit-reader.ts';
import { brokenHeader } from './broken-packet.ts';
import type { Codebook } from './codebook.ts';
import { Floor0 } from './floor0.ts';
import { Floor1 } from './floor1.ts';

/** The envelope of a spectrum: what is left of it are residues around ±1. */
export interface Floor {
  /** Reads the envelope of one channel into the first `count` numbers of `curve`; false if the channel is silent. */
  read(reader: BitReader, curve: Float64Array, count: number): boolean;
}

/** @throws AulosError `media.malformed`. */
export function readFloor(type: number, reader: BitReader, books: readonly Codebook[]): Floor {
  if (type === 0) return new Floor0(reader, books);
  if (type === 1) return new Floor1(reader, books);
  throw brokenHeader('an unknown floor');
}
