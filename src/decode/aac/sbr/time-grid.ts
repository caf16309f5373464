import type { BitReader } from '../../../demux/bit-reader.ts';
import { brokenPacket } from '../broken-packet.ts';

/** bs_frame_class: whether the first and the last border are those of the frame. */
const FIX_FIX = 0;
const FIX_VAR = 1;
const VAR_FIX = 2;

/** Envelopes that a frame may have. */
export const MAX_ENVELOPES = 5;
const MAX_EVEN_ENVELOPES = 4;

/** Time slots of a frame, of two QMF slots each. */
const TIME_SLOTS = 16;

/** Bits of bs_pointer by the number of envelopes. */
const POINTER_BITS = [0, 1, 2, 2, 3, 3];

/** When the envelopes and noise floors of a frame begin and end; what a channel keeps of it from frame to frame. */
export class TimeGrid {
  envelopes = 0;
  /** In time slots from the start of the frame; the last may lie in the next frame. */
  readonly borders = new Uint8Array(MAX_ENVELOPES + 1);
  /** Frequency resolution of each envelope: 0 low, 1 high. */
  readonly resolutions = new Uint8Array(MAX_ENVELOPES);
  noises = 0;
  readonly noiseBorders = new Uint8Array(3);
  /** The envelope at whose start there is a transient (l_A), or −1. */
  transient = -1;
  /** The envelope 0, if the frame before ended in a transient, or −1. */
  earlierTransient = -1;
  /** Resolution of the last envelope of the frame before. */
  earlierResolution = 0;
  /** A frame of one even envelope has its levels in steps of 1.5 dB, whatever the header says. */
  isSingle = false;

  /**
   * Reads sbr_grid() (ISO/IEC 14496-3 §4.4.2.8, table 4.69):
   *
   *     FIXFIX  class:2 | log2 envelopes:2 | resolution:1
   *     FIXVAR  class:2 | end:2 n:2 | (step:2) × n | pointer:(1…3) | (resolution:1) × envelopes, last first
   *     VARFIX  class:2 | start:2 n:2 | (step:2) × n | pointer | (resolution:1) × envelopes
   *     VARVAR  class:2 | start:2 end:2 n:2 m:2 | (step:2) × n | (step:2) × m | pointer | (resolution:1) × envelopes
   *
   * @throws AulosError `decode.failed`; the grid is then not to be used until {@link reset}.
   */
  read(bits: BitReader): void {
    this.#keepLast();
    const frameClass = bits.bits(2);
    let pointer = 0;
    if (frameClass === FIX_FIX) this.#readEven(bits);
    else pointer = this.#readVariable(bits, frameClass);
    for (let i = 0; i < this.envelopes; i++) if (this.borders[i] >= this.borders[i + 1]) throw brokenPacket('SBR time borders');
    if (pointer > this.envelopes + 1) throw brokenPacket('SBR transient pointer');
    this.isSingle = frameClass === FIX_FIX && this.envelopes === 1;
    this.transient = -1;
    if (frameClass === VAR_FIX && pointer > 1) this.transient = pointer - 1;
    if ((frameClass & 1) === 1 && pointer > 0) this.transient = this.envelopes + 1 - pointer;
    this.#placeNoise(frameClass, pointer);
  }

  /** Takes over the grid of the other channel of a coupled pair. */
  copyFrom(other: TimeGrid): void {
    this.#keepLast();
    this.envelopes = other.envelopes;
    this.borders.set(other.borders);
    this.resolutions.set(other.resolutions);
    this.noises = other.noises;
    this.noiseBorders.set(other.noiseBorders);
    this.transient = other.transient;
    this.isSingle = other.isSingle;
  }

  reset(): void {
    this.envelopes = 0;
    this.transient = -1;
  }

  #keepLast(): void {
    this.earlierResolution = this.envelopes > 0 ? this.resolutions[this.envelopes - 1] : 0;
    this.earlierTransient = this.transient >= 0 && this.transient === this.envelopes ? 0 : -1;
  }

  #readEven(bits: BitReader): void {
    this.envelopes = 1 << bits.bits(2);
    if (this.envelopes > MAX_EVEN_ENVELOPES) throw brokenPacket('SBR envelopes');
    for (let i = 0; i <= this.envelopes; i++) this.borders[i] = (i * TIME_SLOTS) / this.envelopes;
    this.resolutions.fill(bits.bits(1), 0, this.envelopes);
  }

  /** Gives bs_pointer. */
  #readVariable(bits: BitReader, frameClass: number): number {
    const start = frameClass === FIX_VAR ? 0 : bits.bits(2);
    const end = TIME_SLOTS + (frameClass === VAR_FIX ? 0 : bits.bits(2));
    const fromStart = frameClass === FIX_VAR ? 0 : bits.bits(2);
    const fromEnd = frameClass === VAR_FIX ? 0 : bits.bits(2);
    const envelopes = fromStart + fromEnd + 1;
    if (envelopes > MAX_ENVELOPES) throw brokenPacket('SBR envelopes');
    this.envelopes = envelopes;
    this.borders[0] = start;
    this.borders[envelopes] = end;
    for (let i = 1; i <= fromStart; i++) this.borders[i] = this.borders[i - 1] + 2 * bits.bits(2) + 2;
    for (let i = envelopes - 1; i > fromStart; i--) {
      const border = this.borders[i + 1] - 2 * bits.bits(2) - 2;
      if (border < 0) throw brokenPacket('SBR time borders');
      this.borders[i] = border;
    }
    const pointer = bits.bits(POINTER_BITS[envelopes]);
    for (let i = 0; i < envelopes; i++) this.resolutions[frameClass === FIX_VAR ? envelopes - 1 - i : i] = bits.bits(1);
    return pointer;
  }

  /** The second of two noise floors begins at the transient, or in the middle (§4.6.18.3.3). */
  #placeNoise(frameClass: number, pointer: number): void {
    const { envelopes, borders, noiseBorders } = this;
    this.noises = envelopes > 1 ? 2 : 1;
    noiseBorders[0] = borders[0];
    noiseBorders[this.noises] = borders[envelopes];
    if (envelopes > 1) noiseBorders[1] = borders[middleEnvelope(frameClass, pointer, envelopes)];
  }
}

function middleEnvelope(frameClass: number, pointer: number, envelopes: number): number {
  if (frameClass === FIX_FIX) return envelopes >> 1;
  if (frameClass !== VAR_FIX) return envelopes - Math.max(pointer - 1, 1);
  return pointer === 0 ? 1 : pointer === 1 ? envelopes - 1 : pointer - 1;
}
