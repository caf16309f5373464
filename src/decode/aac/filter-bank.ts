import { type FrameFormat, SHORT_WINDOWS } from './frame-format.ts';
import { type IcsInfo, LONG_STOP } from './ics-info.ts';
import { Imdct } from './imdct.ts';
import { imdct1024 } from './imdct1024.ts';
import { slopeOf } from './windows.ts';

/** The standard's samples are between ±32768. */
const FULL_SCALE = 32_768;

/**
 * From lines to samples: transform, window, overlap-add (ISO/IEC 14496-3 §4.6.11). One serves all channels of a stream; what a channel
 * carries from frame to frame is the second half (d, see {@link Imdct}) of its last frame, not windowed yet.
 */
export class FilterBank {
  #longTransform: Imdct | undefined;
  readonly #shortTransform: Imdct;
  readonly #longHalf: number;
  readonly #shortHalf: number;
  /** A frame of short windows reaches into the next one: its samples and, behind them, the next overlap. */
  readonly #time: Float32Array;

  constructor({ long, short }: FrameFormat) {
    this.#shortTransform = new Imdct(short.lines, FULL_SCALE);
    this.#longHalf = long.lines / 2;
    this.#shortHalf = short.lines / 2;
    this.#time = new Float32Array(long.lines * 1.5);
  }

  /** Writes a frame of samples to `plane`; uses up `spectrum`, and `overlap` becomes that of the next frame. */
  run(spectrum: Float64Array, info: IcsInfo, overlap: Float64Array, plane: Float32Array): void {
    if (info.isShort) this.#runShort(spectrum, info, overlap, plane);
    else this.#runLong(spectrum, info, overlap, plane);
  }

  #runLong(spectrum: Float64Array, info: IcsInfo, overlap: Float64Array, plane: Float32Array): void {
    const slope = slopeOf(info.previousShape, 2 * this.#longHalf, 4);
    if (info.sequence === LONG_STOP) this.#runLongStop(spectrum, info, overlap, plane);
    else if (spectrum.length === 1024) imdct1024(spectrum, overlap, slope, plane);
    else {
      this.#runLongTransform(spectrum);
      overlapAdd(plane, 0, overlap, 0, spectrum, 0, slope, this.#longHalf);
      this.#keepSecondHalf(spectrum, overlap);
    }
  }

  /** The slope into a LONG_STOP frame is short and stands in the middle of a flat stretch. */
  #runLongStop(spectrum: Float64Array, info: IcsInfo, overlap: Float64Array, plane: Float32Array): void {
    const half = this.#shortHalf;
    const flat = this.#longHalf - half;
    this.#runLongTransform(spectrum);
    for (let i = 0; i < flat; i++) plane[i] = overlap[i];
    overlapAdd(plane, flat, overlap, flat, spectrum, 0, this.#shortSlope(info.previousShape), half);
    for (let i = half; i < this.#longHalf; i++) plane[this.#longHalf + i] = spectrum[i];
    this.#keepSecondHalf(spectrum, overlap);
  }

  /** Made when first met: many streams never need it. */
  #runLongTransform(spectrum: Float64Array): void {
    this.#longTransform ??= new Imdct(2 * this.#longHalf, FULL_SCALE);
    this.#longTransform.run(spectrum, 0);
  }

  #shortSlope(shape: number): Float64Array {
    return slopeOf(shape, 2 * this.#shortHalf, 6);
  }

  #keepSecondHalf(spectrum: Float64Array, overlap: Float64Array): void {
    for (let i = 0; i < overlap.length; i++) overlap[i] = spectrum[this.#longHalf + i];
  }

  /** Eight short windows overlap in the middle of the frame. */
  #runShort(spectrum: Float64Array, info: IcsInfo, overlap: Float64Array, plane: Float32Array): void {
    const half = this.#shortHalf;
    const flat = this.#longHalf - half;
    const time = this.#time;
    for (let i = 0; i < flat; i++) time[i] = overlap[i];
    let slope = this.#shortSlope(info.previousShape);
    let before = overlap;
    let beforeAt = flat;
    for (let window = 0; window < SHORT_WINDOWS; window++) {
      const at = window * 2 * half;
      this.#shortTransform.run(spectrum, at);
      overlapAdd(time, flat + at, before, beforeAt, spectrum, at, slope, half);
      before = spectrum;
      beforeAt = at + half;
      slope = this.#shortSlope(info.shape);
    }
    for (let i = 0; i < half; i++) time[time.length - half + i] = spectrum[beforeAt + i];
    const frameLength = 2 * this.#longHalf;
    for (let i = 0; i < frameLength; i++) plane[i] = time[i];
    for (let i = 0; i < overlap.length; i++) overlap[i] = time[frameLength + i];
  }
}

/**
 * Adds the falling half of one window, d d̅, to the rising half of the next, −c̅ c, over 2·`half` samples. The slope serves both: the
 * falling one is the rising one mirrored.
 */
function overlapAdd(
  time: Float32Array,
  at: number,
  before: Float64Array,
  beforeAt: number,
  after: Float64Array,
  afterAt: number,
  slope: Float64Array,
  half: number,
): void {
  const lastTime = at + 2 * half - 1;
  const lastSlope = 2 * half - 1;
  const lastAfter = afterAt + half - 1;
  for (let i = 0; i < half; i++) {
    const d = before[beforeAt + i];
    const c = after[lastAfter - i];
    const rising = slope[i];
    const falling = slope[lastSlope - i];
    time[at + i] = d * falling - c * rising;
    time[lastTime - i] = d * rising + c * falling;
  }
}
