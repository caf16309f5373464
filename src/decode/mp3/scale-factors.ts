import type { BitReader } from './bit-reader.ts';
import type { Granule } from './side-info.ts';

/** Marks a scale factor of an intensity channel as no intensity position. */
export const NO_POSITION = 255;

/** The scale factors of a channel; they stay between granules, because the second one may take over groups of the first. */
export class ScaleFactors {
  /** By band, in the order of {@link Bands}. Bands without a scale factor have 0. */
  readonly factors = new Uint8Array(39);
  /** The same read as intensity positions: {@link NO_POSITION} where the value means “not intensity”. */
  readonly positions = new Uint8Array(39);

  /** Reads those of MPEG-1 (ISO/IEC 11172-3 §2.4.2.7). `shared`: bits of scfsi, 0 in the first granule. */
  readMpeg1(reader: BitReader, granule: Granule, shared: number): void {
    const lengths = MPEG1_LENGTHS[granule.scaleFactorLengths];
    const counts = MPEG1_COUNTS[layoutOf(granule)];
    let band = 0;
    for (let group = 0; group < 4; group++) {
      const isTakenOver = !granule.isShort && shared & (8 >> group);
      const length = (lengths >> (group < 2 ? 4 : 0)) & 15;
      if (isTakenOver) band += counts[group];
      else for (let i = 0; i < counts[group]; i++) this.#set(band++, reader.read(length), 7);
    }
    this.#clear(band);
  }

  /** Reads those of the lower rates (ISO/IEC 13818-3 §2.4.3.2). `isIntensity`: of the right channel of an intensity coded frame. */
  readLowRate(reader: BitReader, granule: Granule, isIntensity: boolean): void {
    const code = isIntensity ? granule.scaleFactorLengths >> 1 : granule.scaleFactorLengths;
    const row = (isIntensity ? INTENSITY_LAYOUTS : LAYOUTS).find(({ below }) => code < below)!;
    const counts = row.counts[layoutOf(granule)];
    let rest = code - row.from;
    let divisor = row.radix[0] * row.radix[1] * row.radix[2] * row.radix[3];
    let band = 0;
    for (let group = 0; group < 4; group++) {
      divisor /= row.radix[group];
      const length = Math.floor(rest / divisor);
      rest -= length * divisor;
      const illegal = length === 0 ? NO_POSITION : (1 << length) - 1;
      for (let i = 0; i < counts[group]; i++) this.#set(band++, reader.read(length), illegal);
    }
    this.#clear(band);
  }

  #set(band: number, value: number, illegal: number): void {
    this.factors[band] = value;
    this.positions[band] = value === illegal ? NO_POSITION : value;
  }

  #clear(from: number): void {
    for (let band = from; band < 39; band++) this.#set(band, 0, NO_POSITION);
  }
}

/** Column of the tables below: long, mixed, short. */
const layoutOf = (granule: Granule): 0 | 1 | 2 => (granule.isShort ? (granule.isMixed ? 1 : 2) : 0);

/** Bits of a scale factor in the first two and in the last two groups, as nibbles, by scalefac_compress. */
const MPEG1_LENGTHS = [0x00, 0x01, 0x02, 0x03, 0x30, 0x11, 0x12, 0x13, 0x21, 0x22, 0x23, 0x31, 0x32, 0x33, 0x42, 0x43];

/** Scale factors in each group. */
const MPEG1_COUNTS = [
  [6, 5, 5, 5],
  [8, 9, 9, 9],
  [9, 9, 9, 9],
];

/** For scalefac_compress in [from, below): it is a number with four digits of these radices, each the bits of one group. */
interface LowRateLayout {
  readonly from: number;
  readonly below: number;
  readonly radix: readonly [number, number, number, number];
  /** Scale factors in each group: long, mixed, short. */
  readonly counts: readonly (readonly number[])[];
}

const LAYOUTS: readonly LowRateLayout[] = [
  {
    from: 0,
    below: 400,
    radix: [5, 5, 4, 4],
    counts: [
      [6, 5, 5, 5],
      [6, 9, 9, 9],
      [9, 9, 9, 9],
    ],
  },
  {
    from: 400,
    below: 500,
    radix: [5, 5, 4, 1],
    counts: [
      [6, 5, 7, 3],
      [6, 9, 12, 6],
      [9, 9, 12, 6],
    ],
  },
  {
    from: 500,
    below: 512,
    radix: [4, 3, 1, 1],
    counts: [
      [11, 10, 0, 0],
      [15, 18, 0, 0],
      [18, 18, 0, 0],
    ],
  },
];

const INTENSITY_LAYOUTS: readonly LowRateLayout[] = [
  {
    from: 0,
    below: 180,
    radix: [5, 6, 6, 1],
    counts: [
      [7, 7, 7, 0],
      [6, 15, 12, 0],
      [12, 12, 12, 0],
    ],
  },
  {
    from: 180,
    below: 244,
    radix: [4, 4, 4, 1],
    counts: [
      [6, 6, 6, 3],
      [6, 12, 9, 6],
      [12, 9, 9, 6],
    ],
  },
  {
    from: 244,
    below: 256,
    radix: [4, 3, 1, 1],
    counts: [
      [8, 8, 5, 0],
      [6, 18, 9, 0],
      [15, 12, 9, 0],
    ],
  },
];
