import type { BitReader } from '../../demux/bit-reader.ts';
import { brokenPacket } from './broken-packet.ts';

/** How the residual of a channel is coded. */
export interface ResidualCoding {
  /** Weight of the newest value in the running mean, in 512ths. */
  readonly historyMultiplier: number;
  readonly initialHistory: number;
  readonly maxRemainderBits: number;
}

/** The running mean counts in 512ths. */
const HISTORY_SHIFT = 9;

/** A mean below a quarter says that the signal has become silent: a run of zeros is coded next. */
const RUN_BELOW = 128;

/** More ones than this begin an escape: the value itself, in as many bits as a sample has. */
const MAX_ONES = 8;

const RUN_BITS = 16;
const MAX_RUN = 2 ** RUN_BITS - 1;
const MAX_HISTORY = 0xffff;

/**
 * Reads the residual of a channel into `residual[0, frames)`: Golomb codes whose divisor follows the running mean of what was read.
 *
 *     ones, at most 8 │ 0 │ remainder k, or k − 1 bits when it is 0      value = ones × (2^k − 1) + max(0, remainder − 1)
 *     111111111 │ the value in `sampleBits`
 *
 * k is about log₂ of the mean. The sign of a value is its lowest bit. The value that follows a run of zeros cannot be zero, so it is
 * coded less one, unless the run was as long as a run can be.
 *
 * @throws AulosError `decode.failed`.
 */
export function readResidual(reader: BitReader, residual: Int32Array, frames: number, sampleBits: number, coding: ResidualCoding): void {
  const { historyMultiplier, maxRemainderBits } = coding;
  const view = reader.view;
  let position = reader.position;
  let history = coding.initialHistory;
  let skipped = 0;
  for (let i = 0; i < frames; ) {
    if (position > reader.end) throw brokenPacket('it ends within a channel');
    const k = Math.min(31 - Math.clz32((history >>> HISTORY_SHIFT) + 3), maxRemainderBits);
    const word = view.getInt32(position >> 3) << (position & 7);
    const ones = Math.clz32(~word);
    let value = ones;
    if (ones > MAX_ONES) {
      value = longField(view, position + MAX_ONES + 1, sampleBits);
      position += MAX_ONES + 1 + sampleBits;
    } else {
      position += ones + 1;
      if (k > 1) {
        const remainder = (word << (ones + 1)) >>> (32 - k);
        value = ((ones << k) - ones + remainder - (remainder > 0 ? 1 : 0)) | 0;
        position += remainder > 1 ? k : k - 1;
      }
    }
    const zigzag = value + skipped;
    residual[i++] = (zigzag >>> 1) ^ -(zigzag & 1);
    history =
      value > MAX_HISTORY
        ? MAX_HISTORY
        : (Math.imul(historyMultiplier, zigzag) + history - (Math.imul(historyMultiplier, history) >>> HISTORY_SHIFT)) | 0;
    skipped = 0;
    if (history >>> 0 < RUN_BELOW && i < frames) {
      reader.position = position;
      const run = readRun(reader, history, maxRemainderBits);
      position = reader.position;
      if (run > frames - i) throw brokenPacket('a run of zeros is longer than the channel');
      residual.fill(0, i, i + run);
      i += run;
      skipped = run < MAX_RUN ? 1 : 0;
      history = 0;
    }
  }
  reader.position = position;
  reader.requireWithinEnd();
}

/** The length of a run of zeros, coded as a value is; the lower the mean, the longer a run is likely to be. */
function readRun(reader: BitReader, history: number, maxRemainderBits: number): number {
  const k = Math.clz32(history) - 24 + ((history + 16) >> 6);
  const divisor = (1 << Math.min(k, maxRemainderBits)) - 1;
  const word = reader.view.getInt32(reader.position >> 3) << (reader.position & 7);
  const ones = Math.clz32(~word);
  if (ones > MAX_ONES) {
    reader.position += MAX_ONES + 1 + RUN_BITS;
    return longField(reader.view, reader.position - RUN_BITS, RUN_BITS);
  }
  const remainder = (word << (ones + 1)) >>> (32 - k);
  reader.position += ones + 1 + (remainder > 1 ? k : k - 1);
  return ones * divisor + Math.max(0, remainder - 1);
}

/** Up to 32 bits at any bit position. */
function longField(view: DataView, position: number, bits: number): number {
  const shift = position & 7;
  const high = view.getInt32(position >> 3) << shift;
  const word = shift === 0 ? high : high | (view.getUint8((position >> 3) + 4) >> (8 - shift));
  return word >>> (32 - bits);
}
