import type { BitReader } from './bit-reader.ts';
import { brokenFrame } from './broken-frame.ts';
import { FIXED_COEFFICIENTS, MAX_ORDER, type Predictor, predict, predictWide } from './prediction.ts';
import { readResidual } from './residual.ts';

/**
 * Reads the subframes of a frame (RFC 9639 §9.2).
 *
 *     0 │ type 6 │ w 1 │ wasted bits, in unary, if w │ body
 *         000000 constant    000001 verbatim    001ooo fixed predictor of order ooo ≤ 4    1ooooo linear predictor of order ooooo + 1
 */
export class SubframeReader {
  readonly #reader: BitReader;
  readonly #predictor: Predictor = { coefficients: new Int32Array(MAX_ORDER), order: 0, shift: 0 };
  /** Lowest bits that are 0 in all samples of the subframe being read, and not in the file. */
  #wastedBits = 0;

  constructor(reader: BitReader) {
    this.#reader = reader;
  }

  /** Reads a subframe of at most 32 bits into `samples`. @throws AulosError `decode.failed`. */
  read(samples: Int32Array, blockSize: number, subframeBits: number): void {
    const type = this.#readHeader();
    const bits = this.#significantBits(subframeBits);
    if (type === 0) samples.fill(this.#reader.readSigned(bits), 0, blockSize);
    else if (type === 1) this.#readPlain(samples, blockSize, bits);
    else {
      const order = predictorOrder(type, blockSize);
      this.#readPlain(samples, order, bits);
      this.#readPredictor(type, order);
      readResidual(this.#reader, samples, blockSize, order);
      predict(this.#predictor, samples, blockSize, bits);
    }
    const wastedBits = this.#wastedBits;
    if (wastedBits > 0) for (let i = 0; i < blockSize; i++) samples[i] <<= wastedBits;
  }

  /** Reads a subframe of 33 bits into `samples`; uses `residual` on the way. @throws AulosError `decode.failed`. */
  readWide(samples: Float64Array, residual: Int32Array, blockSize: number, subframeBits: number): void {
    const type = this.#readHeader();
    const bits = this.#significantBits(subframeBits);
    if (type === 0) samples.fill(this.#reader.readSigned(bits), 0, blockSize);
    else if (type === 1) this.#readPlain(samples, blockSize, bits);
    else {
      const order = predictorOrder(type, blockSize);
      this.#readPlain(samples, order, bits);
      this.#readPredictor(type, order);
      readResidual(this.#reader, residual, blockSize, order);
      predictWide(this.#predictor, residual, samples, blockSize);
    }
    const unit = 2 ** this.#wastedBits;
    if (unit > 1) for (let i = 0; i < blockSize; i++) samples[i] *= unit;
  }

  /** §9.2.1 and §9.2.2; gives the type. */
  #readHeader(): number {
    this.#reader.require(8);
    if (this.#reader.read(1) !== 0) throw brokenFrame('the reserved bit of a subframe is set');
    const type = this.#reader.read(6);
    this.#wastedBits = this.#reader.read(1) === 0 ? 0 : this.#reader.readUnary() + 1;
    return type;
  }

  #significantBits(subframeBits: number): number {
    if (this.#wastedBits >= subframeBits) throw brokenFrame('all bits of a subframe are wasted');
    return subframeBits - this.#wastedBits;
  }

  /** Warm-up samples and those of a verbatim subframe (§9.2.4). */
  #readPlain(samples: Int32Array | Float64Array, count: number, bits: number): void {
    this.#reader.require(count * bits);
    for (let i = 0; i < count; i++) samples[i] = this.#reader.readSigned(bits);
  }

  /** §9.2.5 and §9.2.6: precision − 1 in 4 bits, the shift in 5, the coefficients from the newest sample's to the oldest's. */
  #readPredictor(type: number, order: number): void {
    const predictor = this.#predictor;
    predictor.order = order;
    predictor.shift = 0;
    predictor.coefficients.fill(0);
    if (type < 32) {
      predictor.coefficients.set(FIXED_COEFFICIENTS[order]);
      return;
    }
    const precision = this.#reader.read(4) + 1;
    if (precision === 16) throw brokenFrame('forbidden coefficient precision');
    predictor.shift = this.#reader.readSigned(5);
    if (predictor.shift < 0) throw brokenFrame('negative prediction shift');
    this.#readPlain(predictor.coefficients, order, precision);
  }
}

function predictorOrder(type: number, blockSize: number): number {
  const order = type >= 32 ? type - 31 : type - 8;
  if (order < 0 || (type < 32 && order > 4)) throw brokenFrame('reserved subframe type');
  if (order > blockSize) throw brokenFrame('the predictor is longer than the block');
  return order;
}
