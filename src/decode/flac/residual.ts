import type { BitReader } from './bit-reader.ts';
import { brokenFrame } from './broken-frame.ts';

/**
 * Reads the coded residual of a subframe (RFC 9639 §9.2.7) into `residual[order, blockSize)`.
 *
 *     coding method 2 │ partition order 4 │ 2^order partitions of: Rice parameter 4 or 5 │ codes
 *
 * The first partition is `order` samples shorter, because the warm-up samples have no residual.
 */
export function readResidual(reader: BitReader, residual: Int32Array, blockSize: number, order: number): void {
  const method = reader.read(2);
  if (method > 1) throw brokenFrame('reserved residual coding method');
  const parameterBits = method === 0 ? 4 : 5;
  const escapeParameter = (1 << parameterBits) - 1;
  const partitionOrder = reader.read(4);
  const partitionSize = blockSize >> partitionOrder;
  if (partitionSize << partitionOrder !== blockSize) throw brokenFrame('the partitions do not divide the block');
  if (partitionSize < order) throw brokenFrame('the first partition is shorter than the predictor');
  for (let from = order, to = partitionSize; to <= blockSize; from = to, to += partitionSize) {
    const parameter = reader.read(parameterBits);
    if (parameter === escapeParameter) readEscapedPartition(reader, residual, from, to);
    else readRicePartition(reader, residual, from, to, parameter);
  }
}

/** §9.2.7.1: plain numbers of a width that may be 0. */
function readEscapedPartition(reader: BitReader, residual: Int32Array, from: number, to: number): void {
  const bits = reader.read(5);
  reader.require(bits * (to - from));
  for (let i = from; i < to; i++) residual[i] = reader.readSigned(bits);
}

/**
 * §9.2.7.2: a quotient in unary, `parameter` bits of remainder, together a number whose sign is its lowest bit ("zigzag").
 * Nearly every code fits into the 25 bits that are sure to be in a 32-bit word fetched at a byte boundary, and mostly the next one too,
 * which then need not wait for a fetch at the position that this one ends at.
 */
function readRicePartition(reader: BitReader, residual: Int32Array, from: number, to: number, parameter: number): void {
  const view = reader.view;
  let position = reader.position;
  for (let i = from; i < to; i++) {
    const word = view.getInt32(position >> 3) << (position & 7);
    const quotient = Math.clz32(word);
    const codeBits = quotient + 1 + parameter;
    if (codeBits > 25) {
      reader.position = position;
      residual[i] = readLongRiceCode(reader, parameter);
      position = reader.position;
      continue;
    }
    residual[i] = shortRiceCode(word, quotient, parameter);
    position += codeBits;
    const nextWord = word << codeBits;
    const nextQuotient = Math.clz32(nextWord);
    const nextBits = nextQuotient + 1 + parameter;
    if (codeBits + nextBits > 25 || i + 1 === to) continue;
    residual[++i] = shortRiceCode(nextWord, nextQuotient, parameter);
    position += nextBits;
  }
  reader.position = position;
  reader.require(0);
}

/** A code that is whole in `word`, from its top bit on. */
function shortRiceCode(word: number, quotient: number, parameter: number): number {
  // The shifted word keeps the one that ended the quotient as its top bit: 2^parameter too much, taken off the quotient.
  const zigzag = ((quotient - 1) << parameter) + ((word << quotient) >>> (31 - parameter));
  return (zigzag >>> 1) ^ -(zigzag & 1);
}

/** A code of any length. §9.2.7.3: a residual fits into 32 bits. */
function readLongRiceCode(reader: BitReader, parameter: number): number {
  const quotient = reader.readUnary();
  const high = parameter > 16 ? reader.read(parameter - 16) : 0;
  const remainder = parameter > 16 ? high * 65_536 + reader.read(16) : reader.read(parameter);
  const zigzag = quotient * 2 ** parameter + remainder;
  if (zigzag > 0xffffffff) throw brokenFrame('a residual exceeds 32 bits');
  return (zigzag >>> 1) ^ -(zigzag & 1);
}
