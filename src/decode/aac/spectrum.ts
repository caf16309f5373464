import type { BitReader } from '../../demux/bit-reader.ts';
import { pow43 } from '../trig.ts';
import { brokenPacket } from './broken-packet.ts';
import {
  ESCAPED,
  HAS_ESCAPES,
  type HuffmanTable,
  longEntry,
  MINUS,
  SHORT_SHIFT,
  spectralTable,
  VALUE_BITS,
  VALUES_SHIFT,
} from './huffman.ts';
import type { IcsInfo } from './ics-info.ts';
import type { NoiseGenerator } from './noise.ts';
import { NOISE_BOOK, ZERO_BOOK } from './sections.ts';

/** Up to this book codewords stand for four values, from there for two. */
const LAST_QUAD_BOOK = 4;

/** Largest quantised value: 13 bits (ISO/IEC 14496-3 §4.6.3.3). */
const MAX_QUANTISED = 8191;

/** The inverse quantiser |q|^(4/3) (§4.6.1.3) of the values that were met; 0 of others. */
const POWERS = new Float64Array(MAX_QUANTISED + 1);

/** |q|^(4/3) of a quantised value. */
export function powerOf(q: number): number {
  const index = Math.min(q, MAX_QUANTISED);
  return POWERS[index] || (POWERS[index] = pow43(index));
}

/** The same of the values in entries of {@link HuffmanTable}, signs included; −0 is 0. */
const SIGNED_POWERS = Float64Array.from({ length: 2 * MINUS }, (_, value) => (value < MINUS ? powerOf(value) : 0 - powerOf(value - MINUS)));

/** The signs that go into an entry, by which of its values have a sign bit (4 bits) and the last 4 bits that belong to the entry. */
const SIGNS = Int32Array.from({ length: 256 }, (_, index) => {
  let signs = 0;
  let rest = index & 15;
  for (let i = 3; i >= 0; i--) {
    if (((index >> (4 + i)) & 1) === 0) continue;
    if (rest & 1) signs |= MINUS << (VALUES_SHIFT + VALUE_BITS * i);
    rest >>= 1;
  }
  return signs;
});

/**
 * Reads spectral_data() (§4.4.2.9): the lines of all bands, dequantised and scaled. Noise bands are filled; intensity bands stay silent.
 * Lines stand window after window; the stream has them group after group, band after band, window after window.
 */
export function readSpectrum(
  bits: BitReader,
  info: IcsInfo,
  books: Uint8Array,
  gains: Float64Array,
  noise: NoiseGenerator,
  spectrum: Float64Array,
): void {
  const { lines, bands } = info.window;
  spectrum.fill(0);
  let first = 0;
  let i = 0;
  for (let group = 0; group < info.groups; group++) {
    const end = first + info.windowsInGroup[group] * lines;
    for (let band = 0; band < info.maxBand; band++, i++) {
      const book = books[i];
      if (book === ZERO_BOOK || book > NOISE_BOOK) continue;
      for (let window = first; window < end; window += lines) {
        if (book === NOISE_BOOK) noise.fill(spectrum, window + bands[band], window + bands[band + 1], gains[i]);
        else readBand(bits, book, spectrum, window + bands[band], window + bands[band + 1], gains, i);
      }
    }
    first = end;
  }
}

function readBand(
  bits: BitReader,
  book: number,
  spectrum: Float64Array,
  from: number,
  to: number,
  gains: Float64Array,
  band: number,
): void {
  bits.requireWithinEnd();
  const table = spectralTable(book);
  if (book <= LAST_QUAD_BOOK) readQuads(bits, table, spectrum, from, to, gains, band);
  else readPairs(bits, table, spectrum, from, to, gains, band);
}

// Both readers look at 32 bits at once: of these at least 25 are new, enough for the longest codeword with its signs (16 + 4, in book
// 3). The gain stands in an array, as a number with a fraction that is passed to a function would be an object each time.

function readQuads(
  bits: BitReader,
  table: HuffmanTable,
  spectrum: Float64Array,
  from: number,
  to: number,
  gains: Float64Array,
  band: number,
): void {
  const view = bits.view;
  const gain = gains[band];
  let position = bits.position;
  for (let i = from; i < to; i += 4) {
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = table.short[word >>> SHORT_SHIFT] || longEntry(table, word);
    position += entry & 31;
    const values = (entry | SIGNS[((entry >> 1) & 0xf0) | ((word >>> -entry) & 15)]) >> VALUES_SHIFT;
    spectrum[i] = SIGNED_POWERS[values & 31] * gain;
    spectrum[i + 1] = SIGNED_POWERS[(values >> 5) & 31] * gain;
    spectrum[i + 2] = SIGNED_POWERS[(values >> 10) & 31] * gain;
    spectrum[i + 3] = SIGNED_POWERS[(values >> 15) & 31] * gain;
  }
  bits.position = position;
}

function readPairs(
  bits: BitReader,
  table: HuffmanTable,
  spectrum: Float64Array,
  from: number,
  to: number,
  gains: Float64Array,
  band: number,
): void {
  const view = bits.view;
  const gain = gains[band];
  let position = bits.position;
  for (let i = from; i < to; i += 2) {
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = table.short[word >>> SHORT_SHIFT] || longEntry(table, word);
    position += entry & 31;
    const signs = SIGNS[((entry >> 1) & 0xf0) | ((word >>> -entry) & 15)];
    const values = (entry | signs) >> VALUES_SHIFT;
    spectrum[i] = SIGNED_POWERS[values & 31] * gain;
    spectrum[i + 1] = SIGNED_POWERS[(values >> 5) & 31] * gain;
    if (entry < HAS_ESCAPES) continue;
    bits.position = position;
    readEscapes(bits, entry, signs, spectrum, i, gains, band);
    position = bits.position;
  }
  bits.position = position;
}

/** Reads the escape sequences of a pair, which come behind its signs. */
function readEscapes(
  bits: BitReader,
  entry: number,
  signs: number,
  spectrum: Float64Array,
  at: number,
  gains: Float64Array,
  band: number,
): void {
  for (let i = 0; i < 2; i++) {
    const shift = VALUES_SHIFT + VALUE_BITS * i;
    if (((entry >> shift) & 31) !== ESCAPED) continue;
    const power = powerOf(readEscape(bits));
    spectrum[at + i] = ((signs >> shift) & MINUS ? -power : power) * gains[band];
  }
}

/** Reads an escape sequence, N ones, a zero and N + 4 bits w: 2^(N+4) + w. */
function readEscape(bits: BitReader): number {
  const word = bits.view.getUint32(bits.position >> 3) << (bits.position & 7);
  const ones = Math.clz32(~word);
  if (ones > 8) throw brokenPacket('escape sequence');
  bits.position += 2 * ones + 5;
  return (16 << ones) + ((word << (ones + 1)) >>> (28 - ones));
}
