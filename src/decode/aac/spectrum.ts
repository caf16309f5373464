import type { BitReader } from '../../demux/bit-reader.ts';
import { pow43 } from '../trig.ts';
import { brokenPacket } from './broken-packet.ts';
import { type HuffmanTable, longEntry, SHORT_SHIFT, spectralTable, VALUE_BIAS } from './huffman.ts';
import type { IcsInfo } from './ics-info.ts';
import type { NoiseGenerator } from './noise.ts';
import { ESCAPE_BOOK, NOISE_BOOK, ZERO_BOOK } from './sections.ts';

/** Largest quantised value: 13 bits (ISO/IEC 14496-3 §4.6.3.3). */
const MAX_QUANTISED = 8191;

/** The inverse quantiser |q|^(4/3) (§4.6.1.3) of all values but rare ones. */
const POWERS = Float64Array.from({ length: 512 }, (_, q) => pow43(q));

/** |q|^(4/3) of a quantised value. */
export const powerOf = (q: number): number => (q < POWERS.length ? POWERS[q] : pow43(Math.min(q, MAX_QUANTISED)));

/** The same with its sign, of values −16 to 16, indexed by value + 16. */
const SIGNED_POWERS = Float64Array.from(
  { length: 2 * VALUE_BIAS + 1 },
  (_, i) => Math.sign(i - VALUE_BIAS) * POWERS[Math.abs(i - VALUE_BIAS)],
);

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
        else readBand(bits, book, spectrum, window + bands[band], window + bands[band + 1], gains[i]);
      }
    }
    first = end;
  }
}

function readBand(bits: BitReader, book: number, spectrum: Float64Array, from: number, to: number, gain: number): void {
  bits.requireWithinEnd();
  const table = spectralTable(book);
  if (book <= 2) readSignedQuads(bits, table, spectrum, from, to, gain);
  else if (book <= 4) readUnsignedQuads(bits, table, spectrum, from, to, gain);
  else if (book <= 6) readSignedPairs(bits, table, spectrum, from, to, gain);
  else if (book < ESCAPE_BOOK) readUnsignedPairs(bits, table, spectrum, from, to, gain);
  else readEscapedPairs(bits, table, spectrum, from, to, gain);
}

// The five readers keep the position in a local and look at 32 bits at once: of these at least 25 are new, enough for the longest codeword
// with its signs (16 + 4, in book 3). Books of magnitudes have the signs of the non-zero values, as bits, behind the codeword.

function readSignedQuads(bits: BitReader, table: HuffmanTable, spectrum: Float64Array, from: number, to: number, gain: number): void {
  const view = bits.view;
  const short = table.short;
  let position = bits.position;
  for (let i = from; i < to; i += 4) {
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = short[word >>> SHORT_SHIFT] || longEntry(table, word);
    position += entry & 31;
    spectrum[i] = SIGNED_POWERS[(entry >> 5) & 63] * gain;
    spectrum[i + 1] = SIGNED_POWERS[(entry >> 11) & 63] * gain;
    spectrum[i + 2] = SIGNED_POWERS[(entry >> 17) & 63] * gain;
    spectrum[i + 3] = SIGNED_POWERS[(entry >> 23) & 63] * gain;
  }
  bits.position = position;
}

function readSignedPairs(bits: BitReader, table: HuffmanTable, spectrum: Float64Array, from: number, to: number, gain: number): void {
  const view = bits.view;
  const short = table.short;
  let position = bits.position;
  for (let i = from; i < to; i += 2) {
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = short[word >>> SHORT_SHIFT] || longEntry(table, word);
    position += entry & 31;
    spectrum[i] = SIGNED_POWERS[(entry >> 5) & 63] * gain;
    spectrum[i + 1] = SIGNED_POWERS[(entry >> 11) & 63] * gain;
  }
  bits.position = position;
}

function readUnsignedQuads(bits: BitReader, table: HuffmanTable, spectrum: Float64Array, from: number, to: number, gain: number): void {
  const view = bits.view;
  const short = table.short;
  let position = bits.position;
  for (let i = from; i < to; i += 4) {
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = short[word >>> SHORT_SHIFT] || longEntry(table, word);
    const v0 = (entry >> 5) & 63;
    const v1 = (entry >> 11) & 63;
    const v2 = (entry >> 17) & 63;
    const v3 = (entry >> 23) & 63;
    const sign1 = (entry & 31) + signBits(v0);
    const sign2 = sign1 + signBits(v1);
    const sign3 = sign2 + signBits(v2);
    position += sign3 + signBits(v3);
    spectrum[i] = SIGNED_POWERS[signed(v0, word << (entry & 31))] * gain;
    spectrum[i + 1] = SIGNED_POWERS[signed(v1, word << sign1)] * gain;
    spectrum[i + 2] = SIGNED_POWERS[signed(v2, word << sign2)] * gain;
    spectrum[i + 3] = SIGNED_POWERS[signed(v3, word << sign3)] * gain;
  }
  bits.position = position;
}

function readUnsignedPairs(bits: BitReader, table: HuffmanTable, spectrum: Float64Array, from: number, to: number, gain: number): void {
  const view = bits.view;
  const short = table.short;
  let position = bits.position;
  for (let i = from; i < to; i += 2) {
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = short[word >>> SHORT_SHIFT] || longEntry(table, word);
    const v0 = (entry >> 5) & 63;
    const v1 = (entry >> 11) & 63;
    const sign1 = (entry & 31) + signBits(v0);
    position += sign1 + signBits(v1);
    spectrum[i] = SIGNED_POWERS[signed(v0, word << (entry & 31))] * gain;
    spectrum[i + 1] = SIGNED_POWERS[signed(v1, word << sign1)] * gain;
  }
  bits.position = position;
}

function readEscapedPairs(bits: BitReader, table: HuffmanTable, spectrum: Float64Array, from: number, to: number, gain: number): void {
  const view = bits.view;
  const short = table.short;
  for (let i = from; i < to; i += 2) {
    const position = bits.position;
    const word = view.getUint32(position >> 3) << (position & 7);
    const entry = short[word >>> SHORT_SHIFT] || longEntry(table, word);
    const v0 = (entry >> 5) & 63;
    const v1 = (entry >> 11) & 63;
    const sign1 = (entry & 31) + signBits(v0);
    bits.position = position + sign1 + signBits(v1);
    const signed0 = signed(v0, word << (entry & 31));
    const signed1 = signed(v1, word << sign1);
    spectrum[i] = (v0 === ESCAPE ? Math.sign(signed0 - VALUE_BIAS) * readEscape(bits) : SIGNED_POWERS[signed0]) * gain;
    spectrum[i + 1] = (v1 === ESCAPE ? Math.sign(signed1 - VALUE_BIAS) * readEscape(bits) : SIGNED_POWERS[signed1]) * gain;
  }
}

/** 16, biased: an escape sequence holds the value. */
const ESCAPE = 16 + VALUE_BIAS;

/** 1 if a biased magnitude has a sign bit, 0 if it is zero. */
const signBits = (biased: number): number => (VALUE_BIAS - biased) >>> 31;

/** The biased value of a biased magnitude whose sign bit is the topmost of `word`. A zero stays zero whatever that bit is. */
function signed(biased: number, word: number): number {
  const minus = word >> 31;
  return (biased ^ minus) + (minus & (2 * VALUE_BIAS + 1));
}

/** Reads an escape sequence, N ones, a zero and N + 4 bits w, and gives the power of 2^(N+4) + w. */
function readEscape(bits: BitReader): number {
  const word = bits.view.getUint32(bits.position >> 3) << (bits.position & 7);
  const ones = Math.clz32(~word);
  if (ones > 8) throw brokenPacket('escape sequence');
  bits.position += 2 * ones + 5;
  return powerOf((16 << ones) + ((word << (ones + 1)) >>> (28 - ones)));
}
