import type { BitReader } from '../../../demux/bit-reader.ts';
import { brokenPacket } from '../broken-packet.ts';
import { COHERENCE, FINE_INTENSITY, INTENSITY, INTER_PHASE, OVERALL_PHASE, type ParameterCodes } from './code-books.ts';

/** Slots of a frame that has parameters. */
const SLOTS = 32;
/** Envelopes of a frame; one more makes up for a frame that is not covered. */
export const MAX_ENVELOPES = 5;
/** From the parameters of an envelope to those of the next. */
export const STRIDE = 34;

/** Parameter bands by iid_mode and icc_mode modulo 3, and how many of those have phases. */
const BANDS = [10, 20, 34];
const PHASE_BANDS = [5, 11, 17];
const MODES = 6;

/** Envelopes by frame_class and num_env_idx. */
const ENVELOPES = [
  [0, 1, 2, 4],
  [1, 2, 3, 4],
];

/** Parameters of one kind, envelope by envelope. */
export type Rows = Int8Array;
const createRows = (): Rows => new Int8Array(MAX_ENVELOPES * STRIDE);

/** What a stream says of parametric stereo, still quantised (ISO/IEC 14496-3 §8.4). */
export class StereoParameters {
  hasIntensity = false;
  isFineIntensity = false;
  intensityBands = 20;
  hasCoherence = false;
  /** Mixing by procedure B (§8.6.4.6.2) instead of A. */
  isMixedByB = false;
  coherenceBands = 20;
  hasPhases = false;
  phaseBands = 11;
  envelopes = 0;
  /** Last slot of each envelope. */
  readonly ends = new Uint8Array(MAX_ENVELOPES);
  readonly intensity = createRows();
  readonly coherence = createRows();
  readonly interPhase = createRows();
  readonly overallPhase = createRows();
  #hasExtension = false;

  /**
   * Reads ps_data() (§8.4.1, table 8.9), which takes up bits to `end` at most:
   *
   *     header:1 | header: iid:1 (mode:3) icc:1 (mode:3) ext:1
   *     frame_class:1 num_env_idx:2 | class 1: (border:5) × envelopes
   *     per kind and envelope: dt:1 codewords | ext: size:4 (+8) | extensions
   *
   * Gives whether it had a header. @throws AulosError `decode.failed`; what was read before is then not to be used.
   */
  read(bits: BitReader, end: number): boolean {
    const hasHeader = bits.flag();
    if (hasHeader) this.#readHeader(bits);
    const before = this.envelopes;
    const frameClass = bits.bits(1);
    this.envelopes = ENVELOPES[frameClass][bits.bits(2)];
    for (let i = 0; i < this.envelopes; i++) {
      this.ends[i] = frameClass === 1 ? bits.bits(5) : (SLOTS * (i + 1)) / this.envelopes - 1;
      if (i > 0 && this.ends[i] < this.ends[i - 1]) throw brokenPacket('parametric stereo borders');
    }
    const intensityCodes = this.isFineIntensity ? FINE_INTENSITY : INTENSITY;
    const mostIntensity = this.isFineIntensity ? 15 : 7;
    if (!this.hasIntensity) this.intensity.fill(0);
    else this.#readRows(bits, intensityCodes, this.intensity, this.intensityBands, before, -mostIntensity, mostIntensity);
    if (!this.hasCoherence) this.coherence.fill(0);
    else this.#readRows(bits, COHERENCE, this.coherence, this.coherenceBands, before, 0, 7);
    this.hasPhases = false;
    if (this.#hasExtension) this.#readExtensions(bits, before);
    if (bits.position > end) throw brokenPacket('parametric stereo');
    if (!this.hasPhases) {
      this.interPhase.fill(0);
      this.overallPhase.fill(0);
    }
    this.#coverFrame(before);
    return hasHeader;
  }

  /** For a frame that says nothing: all stays as it was. */
  hold(): void {
    const before = this.envelopes;
    this.envelopes = 0;
    this.#coverFrame(before);
  }

  reset(): void {
    this.envelopes = 0;
    for (const rows of [this.intensity, this.coherence, this.interPhase, this.overallPhase]) rows.fill(0);
  }

  #readHeader(bits: BitReader): void {
    this.hasIntensity = bits.flag();
    if (this.hasIntensity) {
      const mode = readMode(bits);
      this.intensityBands = BANDS[mode % 3];
      this.phaseBands = PHASE_BANDS[mode % 3];
      const isFine = mode >= 3;
      if (isFine !== this.isFineIntensity) this.intensity.fill(0); // steps of the other grid, more of which there may be
      this.isFineIntensity = isFine;
    }
    this.hasCoherence = bits.flag();
    if (this.hasCoherence) {
      const mode = readMode(bits);
      this.coherenceBands = BANDS[mode % 3];
      this.isMixedByB = mode >= 3;
    }
    this.#hasExtension = bits.flag();
  }

  #readRows(bits: BitReader, codes: ParameterCodes, rows: Rows, bands: number, before: number, least: number, most: number): void {
    for (let envelope = 0; envelope < this.envelopes; envelope++) {
      const row = envelope * STRIDE;
      const isOverTime = bits.flag();
      const from = (envelope > 0 ? envelope - 1 : Math.max(0, before - 1)) * STRIDE;
      for (let band = 0, value = 0; band < bands; band++) {
        value = isOverTime ? rows[from + band] + codes.time.read(bits) : value + codes.frequency.read(bits);
        if (value < least || value > most) throw brokenPacket('parametric stereo value');
        rows[row + band] = value;
      }
    }
  }

  /** ps_extension() of id 0 has phases; the values are modulo 8, and there are no others. */
  #readExtensions(bits: BitReader, before: number): void {
    let size = bits.bits(4);
    if (size === 15) size += bits.bits(8);
    const end = bits.position + 8 * size;
    if (size > 0 && bits.bits(2) === 0) {
      this.hasPhases = bits.flag();
      for (let envelope = 0; this.hasPhases && envelope < this.envelopes; envelope++) {
        this.#readPhases(bits, INTER_PHASE, this.interPhase, envelope, before);
        this.#readPhases(bits, OVERALL_PHASE, this.overallPhase, envelope, before);
      }
    }
    if (bits.position > end) throw brokenPacket('parametric stereo extension');
    bits.position = end;
  }

  #readPhases(bits: BitReader, codes: ParameterCodes, rows: Rows, envelope: number, before: number): void {
    const isOverTime = bits.flag();
    const row = envelope * STRIDE;
    const from = (envelope > 0 ? envelope - 1 : Math.max(0, before - 1)) * STRIDE;
    for (let band = 0, value = 0; band < this.phaseBands; band++) {
      value = isOverTime ? rows[from + band] + codes.time.read(bits) : value + codes.frequency.read(bits);
      rows[row + band] = value &= 7;
    }
  }

  /** What the envelopes leave of the frame has the parameters of the last one, or of the last in the frame before. */
  #coverFrame(before: number): void {
    const last = this.envelopes - 1;
    if (last >= 0 && this.ends[last] >= SLOTS - 1) return;
    const from = (last >= 0 ? last : Math.max(0, before - 1)) * STRIDE;
    for (const rows of [this.intensity, this.coherence, this.interPhase, this.overallPhase])
      rows.copyWithin(this.envelopes * STRIDE, from, from + STRIDE);
    this.ends[this.envelopes++] = SLOTS - 1;
  }
}

function readMode(bits: BitReader): number {
  const mode = bits.bits(3);
  if (mode >= MODES) throw brokenPacket('parametric stereo mode');
  return mode;
}
