import type { BitReader } from '../../demux/bit-reader.ts';
import { sin } from '../trig.ts';
import { brokenPacket } from './broken-packet.ts';
import { SHORT_WINDOWS } from './frame-format.ts';
import type { IcsInfo } from './ics-info.ts';

/** TNS_MAX_ORDER of AAC-LC (ISO/IEC 14496-3 §4.6.9.4); short windows have 3 bits for it. */
const MAX_ORDER = 12;
/** One in each short window, or up to three in a long one. */
const MAX_FILTERS = SHORT_WINDOWS;

/** Reflection coefficients by their resolution − 3 and index: the inverse of a quantised arcsine (§4.6.9.3). */
const REFLECTIONS = [3, 4].map((resolution) => Float64Array.from({ length: 1 << resolution }, (_, i) => reflection(i, resolution)));

/** An all-pole filter over some lines of one window. */
interface Filter {
  window: number;
  firstBand: number;
  endBand: number;
  downwards: boolean;
  order: number;
  /** a₁ … a_order of the prediction. */
  readonly coefficients: Float64Array;
}

/** Temporal noise shaping (§4.6.9): linear prediction along the frequency, which shapes the noise in time. */
export class TnsFilters {
  #count = 0;
  readonly #filters: readonly Filter[] = Array.from({ length: MAX_FILTERS }, () => ({
    window: 0,
    firstBand: 0,
    endBand: 0,
    downwards: false,
    order: 0,
    coefficients: new Float64Array(MAX_ORDER + 1),
  }));
  readonly #previous = new Float64Array(MAX_ORDER + 1);

  /**
   * Reads tns_data_present and tns_data() (§4.4.2.7):
   *
   *     present:1 | per window: n_filt:2 | n_filt > 0: coef_res:1
   *                             per filter: length:6 order:5 | order > 0: direction:1 coef_compress:1 coef:(2…4) × order
   *     in short windows        n_filt:1, length:4 order:3
   */
  read(bits: BitReader, info: IcsInfo): void {
    this.#count = 0;
    if (!bits.flag()) return;
    const windows = info.isShort ? SHORT_WINDOWS : 1;
    for (let window = 0; window < windows; window++) {
      const filters = bits.bits(info.isShort ? 1 : 2);
      if (filters > 0) this.#readWindow(bits, info, window, filters);
    }
  }

  /** Filters `spectrum` in place. */
  apply({ window: { bands, lines, tnsMaxBands }, maxBand }: IcsInfo, spectrum: Float64Array): void {
    const lastBand = Math.min(tnsMaxBands, maxBand);
    for (let i = 0; i < this.#count; i++) {
      const { window, firstBand, endBand, downwards, order, coefficients } = this.#filters[i];
      const from = window * lines + bands[Math.min(firstBand, lastBand)];
      const to = window * lines + bands[Math.min(endBand, lastBand)];
      if (downwards) filterLines(spectrum, to - 1, from - 1, -1, coefficients, order);
      else filterLines(spectrum, from, to, 1, coefficients, order);
    }
  }

  /** Filters of a window follow each other from the top of the spectrum downwards. */
  #readWindow(bits: BitReader, info: IcsInfo, window: number, filters: number): void {
    const resolution = bits.bits(1) + 3;
    let firstBand = info.window.bands.length - 1;
    for (let i = 0; i < filters; i++) {
      const filter = this.#filters[this.#count];
      filter.window = window;
      filter.endBand = firstBand;
      firstBand = filter.firstBand = Math.max(0, firstBand - bits.bits(info.isShort ? 4 : 6));
      filter.order = bits.bits(info.isShort ? 3 : 5);
      if (filter.order > MAX_ORDER) throw brokenPacket('TNS order');
      if (filter.order === 0) continue;
      filter.downwards = bits.flag();
      this.#readCoefficients(bits, filter, resolution);
      this.#count++;
    }
  }

  /** Turns reflection coefficients into those of the direct form (Levinson's recursion). */
  #readCoefficients(bits: BitReader, { coefficients: a, order }: Filter, resolution: number): void {
    const previous = this.#previous;
    const width = resolution - bits.bits(1); // coef_compress: the topmost bit repeats the next one and is left out
    const reflections = REFLECTIONS[resolution - 3];
    for (let m = 1; m <= order; m++) {
      const raw = bits.bits(width);
      const value = raw >> (width - 1) ? raw - (1 << width) : raw;
      const k = reflections[value & (reflections.length - 1)];
      for (let i = 1; i < m; i++) previous[i] = a[i];
      for (let i = 1; i < m; i++) a[i] = previous[i] + k * previous[m - i];
      a[m] = k;
    }
  }
}

function filterLines(spectrum: Float64Array, from: number, to: number, step: number, a: Float64Array, order: number): void {
  let known = 0;
  for (let line = from; line !== to; line += step) {
    let sum = spectrum[line];
    for (let k = 1; k <= known; k++) sum -= a[k] * spectrum[line - k * step];
    spectrum[line] = sum;
    if (known < order) known++;
  }
}

function reflection(index: number, resolution: number): number {
  const half = 1 << (resolution - 1);
  const value = index < half ? index : index - 2 * half;
  const steps = value >= 0 ? half - 0.5 : half + 0.5;
  return sin((value / steps) * (Math.PI / 2));
}
