import type { BitReader } from '../../demux/bit-reader.ts';
import type { Steps } from '../steps.ts';
import { brokenPacket } from './broken-packet.ts';
import { type Predictor, predict, sumUp } from './prediction.ts';
import { type ResidualCoding, readResidual } from './residual.ts';
import type { AlacConfig } from './specific-config.ts';

/** The field of the order has 5 bits. */
const MAX_ORDER = 31;

/** How one channel of an element is coded; reused from packet to packet. */
interface ChannelCoding extends ResidualCoding, Predictor {
  historyMultiplier: number;
  /** Whether what is coded are the first differences of the residual. */
  isTwicePredicted: boolean;
}

/**
 * Reads the elements of a packet that carry sound: one channel, or two as a pair.
 *
 *     instance 4 │ unused 12 │ has size 1 │ low bytes 2 │ plain 1 │ frames 32, if it has a size │ body
 *
 * The body of a plain element is the samples, interleaved. Others have
 *
 *     mix shift 8 │ mix weight 8 │ predictor of each channel │ low bytes, interleaved │ residual of each channel
 *
 * Low bytes of wide samples are hardly more than noise, so they are not predicted.
 */
export class ElementReader {
  readonly #reader: BitReader;
  readonly #config: AlacConfig;
  readonly #codings: readonly ChannelCoding[];

  constructor(reader: BitReader, config: AlacConfig) {
    this.#reader = reader;
    this.#config = config;
    this.#codings = [createCoding(config), createCoding(config)];
  }

  /** Reads an element into `planes`, one for each of its channels; gives its length in frames. @throws AulosError `decode.failed`. */
  *read(planes: readonly Int32Array[]): Steps<number> {
    const reader = this.#reader;
    reader.bits(16);
    const hasSize = reader.flag();
    const lowBits = reader.bits(2) * 8;
    const isPlain = reader.flag();
    const { framesPerPacket } = this.#config;
    const frames = hasSize ? reader.bits(16) * 65_536 + reader.bits(16) : framesPerPacket;
    if (frames === 0 || frames > framesPerPacket) throw brokenPacket(`${frames} frames in an element`);
    if (isPlain) this.#readPlain(planes, frames);
    else yield* this.#readPredicted(planes, frames, lowBits);
    return frames;
  }

  #readPlain(planes: readonly Int32Array[], frames: number): void {
    const { bits } = this.#config;
    this.#requireBits(frames * planes.length * bits);
    for (let i = 0; i < frames; i++) for (const plane of planes) plane[i] = this.#readSigned(bits);
  }

  *#readPredicted(planes: readonly Int32Array[], frames: number, lowBits: number): Steps<void> {
    const reader = this.#reader;
    const isPair = planes.length === 2;
    // One more for a pair, whose second channel may be a difference.
    const sampleBits = this.#config.bits - lowBits + (isPair ? 1 : 0);
    if (sampleBits < 1 || sampleBits > 32) throw brokenPacket(`samples of ${sampleBits} bits`);
    const mixShift = reader.bits(8);
    const mixWeight = this.#readSigned(8);
    for (let c = 0; c < planes.length; c++) this.#readCoding(this.#codings[c]);
    const lowBytes = reader.position;
    this.#requireBits(frames * planes.length * lowBits);
    reader.skip(frames * planes.length * lowBits);
    for (let c = 0; c < planes.length; c++) {
      const coding = this.#codings[c];
      readResidual(reader, planes[c], frames, sampleBits, coding);
      yield;
      if (coding.isTwicePredicted) sumUp(planes[c], frames, sampleBits);
      predict(coding, planes[c], frames, sampleBits);
      yield;
    }
    if (isPair && mixWeight !== 0) unmix(planes[0], planes[1], frames, mixShift, mixWeight);
    if (lowBits > 0) this.#appendLowBytes(planes, frames, lowBytes, lowBits);
  }

  /** `mode 4 │ shift 4 │ history factor 3, in quarters │ order 5 │ weights 16 each, newest sample's first` */
  #readCoding(coding: ChannelCoding): void {
    const reader = this.#reader;
    coding.isTwicePredicted = reader.bits(4) !== 0;
    coding.shift = reader.bits(4);
    coding.historyMultiplier = (this.#config.historyMultiplier * reader.bits(3)) >> 2;
    coding.order = reader.bits(5);
    for (let n = coding.order - 1; n >= 0; n--) coding.weights[n] = reader.bits(16);
  }

  /** Puts the bytes at bit `from` below the samples. */
  #appendLowBytes(planes: readonly Int32Array[], frames: number, from: number, lowBits: number): void {
    const reader = this.#reader;
    const end = reader.position;
    reader.position = from;
    for (let i = 0; i < frames; i++) for (const plane of planes) plane[i] = (plane[i] << lowBits) | reader.bits(lowBits);
    reader.position = end;
  }

  /** 1 to 32 bits, two's complement. */
  #readSigned(bits: number): number {
    if (bits <= 16) return (this.#reader.bits(bits) << (32 - bits)) >> (32 - bits);
    return (this.#readSigned(16) << (bits - 16)) | this.#reader.bits(bits - 16);
  }

  #requireBits(count: number): void {
    if (this.#reader.position + count > this.#reader.end) throw brokenPacket('it ends within an element');
  }
}

function createCoding({ initialHistory, maxRemainderBits }: AlacConfig): ChannelCoding {
  const weights = new Int16Array(MAX_ORDER);
  return { weights, order: 0, shift: 0, isTwicePredicted: false, historyMultiplier: 0, initialHistory, maxRemainderBits };
}

/** Turns a weighted mean and the difference, left − right, into left and right, in place. */
function unmix(first: Int32Array, second: Int32Array, frames: number, shift: number, weight: number): void {
  for (let i = 0; i < frames; i++) {
    const difference = second[i];
    const right = first[i] - (Math.imul(weight, difference) >> shift);
    second[i] = right;
    first[i] = right + difference;
  }
}
