import { box, bytes, fullBox, u16, u32 } from '../mp4-boxes.ts';
import { concatenate, loudness, stamp, stamped, type VirtualTrack } from './track.ts';

const RATE = 44_100;
const SAMPLES = 1_024;
/** 43 bits: a channel pair of silence. What follows is a data_stream_element, aligned, and the end of the block (ISO/IEC 14496-3 §4.4.2.1). */
const SILENCE = [0x21, 0x10, 0x04, 0x60, 0x8c];
const END = 0xe0;
const CHUNK_PACKETS = 44;
const facts = { sampleRate: RATE, encoderDelay: 0, timestampOf: stamped };

/** Between 121 and 521 bytes, 110 kbit/s on average; odd, since the count of a data_stream_element jumps from 1 to 2 bytes. */
const sizeOf = (i: number) => 121 + 2 * Math.round(200 * loudness(i));
const countOf = (seconds: number) => Math.ceil((seconds * RATE) / SAMPLES);

function packet(i: number, size: number): Uint8Array {
  const data = new Uint8Array(size);
  const isLong = size > 264;
  const count = isLong ? 255 : size - 9;
  const rest = isLong ? size - 10 - count : 0;
  data.set([...SILENCE, 0x10, 0x20 | (count >> 3), ((count & 7) << 5) | (rest >> 3)]);
  if (isLong) data[8] = (rest & 7) << 5;
  stamp(data, isLong ? 9 : 8, i * SAMPLES);
  data[size - 1] = END;
  return data;
}

/** Bytes of a packet in ADTS, header included. */
export const adtsSizeOf = (i: number): number => sizeOf(i) + 7;

/** Packet `i` in ADTS. */
export function adtsFrame(i: number): Uint8Array {
  const size = adtsSizeOf(i);
  const header = [0xff, 0xf1, 0x50, 0x80 | (size >> 11), (size >> 3) & 255, ((size & 7) << 5) | 0x1f, 0xfc];
  return bytes(Uint8Array.from(header), packet(i, size - 7));
}

/** ADTS of silence whose rate varies. */
export function virtualAdts(seconds: number): VirtualTrack {
  const count = countOf(seconds);
  const { size, read } = concatenate(new Uint8Array(0), count, adtsSizeOf, adtsFrame);
  return { ...facts, name: 'ADTS', mediaType: 'audio/aac', frames: count * SAMPLES, size, read };
}

/** M4A of silence with sample tables, before or behind the media. */
export function virtualM4a(moov: 'first' | 'last', seconds: number): VirtualTrack {
  const count = countOf(seconds);
  const head = box('ftyp', 'M4A ', u32(0), 'isom');
  const tables = (mediaStart: number): Uint8Array => {
    const sizes = new DataView(new ArrayBuffer(4 * count));
    const chunks = new DataView(new ArrayBuffer(4 * Math.ceil(count / CHUNK_PACKETS)));
    let offset = mediaStart;
    for (let i = 0; i < count; i++) {
      if (i % CHUNK_PACKETS === 0) chunks.setUint32((4 * i) / CHUNK_PACKETS, offset);
      sizes.setUint32(4 * i, sizeOf(i));
      offset += sizeOf(i);
    }
    const full = Math.floor(count / CHUNK_PACKETS);
    const rest = count % CHUNK_PACKETS;
    const runs = [...(full ? [u32(1), u32(CHUNK_PACKETS), u32(1)] : []), ...(rest ? [u32(full + 1), u32(rest), u32(1)] : [])];
    return movie(count * SAMPLES, [
      fullBox('stts', u32(1), u32(count), u32(SAMPLES)),
      fullBox('stsc', u32(runs.length / 3), ...runs),
      fullBox('stsz', u32(0), u32(count), new Uint8Array(sizes.buffer)),
      fullBox('stco', u32(chunks.byteLength / 4), new Uint8Array(chunks.buffer)),
    ]);
  };
  const media = concatenate(new Uint8Array(0), count, sizeOf, packet).size;
  const mdat = bytes(u32(media + 8), 'mdat');
  const before = moov === 'first' ? bytes(head, tables(head.length + tables(0).length + 8), mdat) : bytes(head, mdat);
  const { size, read } = concatenate(before, count, sizeOf, packet, moov === 'last' ? tables(before.length) : undefined);
  return { ...facts, name: `M4A, moov ${moov}`, mediaType: 'audio/mp4', frames: count * SAMPLES, size, read };
}

/** What an index of a fragmented file names of each fragment. */
interface IndexEntry {
  readonly offset: number;
  readonly size: number;
}

/** Fragmented MP4 of silence, without an index, or with a `sidx` at its head or a `mfra` at its end. */
export function virtualFragmented(index: 'none' | 'sidx' | 'mfra', seconds: number): VirtualTrack {
  // Packagers that write an index make longer fragments than low latency asks for.
  const fragmentPackets = index === 'none' ? CHUNK_PACKETS : 5 * CHUNK_PACKETS;
  const fragments = Math.ceil(countOf(seconds) / fragmentPackets);
  const sizesOf = (f: number) => Array.from({ length: fragmentPackets }, (_, i) => sizeOf(f * fragmentPackets + i));
  const mediaOf = (f: number) => sizesOf(f).reduce((sum, size) => sum + size, 0);
  const moof = (f: number, dataOffset: number): Uint8Array => {
    const tfhd = box('tfhd', u32(0x020000), u32(1));
    const tfdt = box('tfdt', u32(1 << 24), u32(0), u32(f * fragmentPackets * SAMPLES));
    const trun = box('trun', u32(0x201), u32(fragmentPackets), u32(dataOffset), ...sizesOf(f).map(u32));
    return box('moof', box('mfhd', u32(0), u32(f + 1)), box('traf', tfhd, tfdt, trun));
  };
  const moofBytes = moof(0, 0).length;
  const fragmentBytes = (f: number) => moofBytes + 8 + mediaOf(f);
  const render = (f: number) =>
    bytes(moof(f, moofBytes + 8), u32(mediaOf(f) + 8), 'mdat', ...sizesOf(f).map((size, i) => packet(f * fragmentPackets + i, size)));

  const init = bytes(
    box('ftyp', 'iso5', u32(0), 'iso5'),
    movie(
      0,
      [fullBox('stts', u32(0)), fullBox('stsc', u32(0)), fullBox('stsz', u32(0), u32(0)), fullBox('stco', u32(0))],
      [box('mvex', fullBox('trex', u32(1), u32(1), u32(SAMPLES), u32(0), u32(0)))],
    ),
  );
  const entries: IndexEntry[] = [];
  for (let f = 0, offset = init.length; f < fragments; f++) {
    entries.push({ offset, size: fragmentBytes(f) });
    offset += entries[f].size;
  }
  const units = fragmentPackets * SAMPLES;
  const head = index === 'sidx' ? bytes(init, sidx(entries, units)) : init;
  const { size, read } = concatenate(head, fragments, fragmentBytes, render, index === 'mfra' ? mfra(entries, units) : undefined);
  const name = index === 'none' ? 'fMP4' : `fMP4, ${index}`;
  return { ...facts, name, mediaType: 'audio/mp4', frames: fragments * units, size, read };
}

/** ISO 14496-12 §8.16.3, for fragments that last `units` each. */
function sidx(entries: readonly IndexEntry[], units: number): Uint8Array {
  const references = new DataView(new ArrayBuffer(12 * entries.length));
  entries.forEach(({ size }, i) => {
    references.setUint32(12 * i, size);
    references.setUint32(12 * i + 4, units);
    references.setUint32(12 * i + 8, 0x90000000); // begins with an access point of type 1
  });
  return fullBox('sidx', u32(1), u32(RATE), u32(0), u32(0), u16(0), u16(entries.length), new Uint8Array(references.buffer));
}

/** ISO 14496-12 §8.8.9, as ffmpeg writes it: times and offsets of 64 bits. */
function mfra(entries: readonly IndexEntry[], units: number): Uint8Array {
  const table = new DataView(new ArrayBuffer(19 * entries.length));
  entries.forEach(({ offset }, i) => {
    table.setBigUint64(19 * i, BigInt(i * units));
    table.setBigUint64(19 * i + 8, BigInt(offset));
    for (let at = 16; at < 19; at++) table.setUint8(19 * i + at, 1);
  });
  const tfra = box('tfra', u32(1 << 24), u32(1), u32(0), u32(entries.length), new Uint8Array(table.buffer));
  return box('mfra', tfra, fullBox('mfro', u32(8 + tfra.length + 16)));
}

/** The `moov` of one AAC track, stereo, without an edit list. */
function movie(frames: number, tables: readonly Uint8Array[], more: readonly Uint8Array[] = []): Uint8Array {
  const zeros = (count: number) => new Uint8Array(count);
  const matrix = bytes(u32(0x10000), zeros(12), u32(0x10000), zeros(12), u32(0x40000000));
  const descriptor = (tag: number, ...body: readonly Uint8Array[]) => bytes(Uint8Array.of(tag, bytes(...body).length), ...body);
  const decoderConfig = descriptor(4, Uint8Array.of(0x40, 0x15), zeros(11), descriptor(5, Uint8Array.of(0x12, 0x10)));
  const esds = fullBox('esds', descriptor(3, u16(1), zeros(1), decoderConfig, descriptor(6, Uint8Array.of(2))));
  const mp4a = box('mp4a', zeros(6), u16(1), zeros(8), u16(2), u16(16), zeros(4), u16(RATE), u16(0), esds);
  const stbl = box('stbl', fullBox('stsd', u32(1), mp4a), ...tables);
  const dinf = box('dinf', fullBox('dref', u32(1), box('url ', u32(1))));
  const minf = box('minf', fullBox('smhd', u32(0)), dinf, stbl);
  const mdhd = fullBox('mdhd', zeros(8), u32(RATE), u32(frames), u16(0x55c4), u16(0));
  const hdlr = fullBox('hdlr', u32(0), 'soun', zeros(12), 'a\0');
  const tkhd = box('tkhd', u32(7), zeros(8), u32(1), u32(0), u32(frames), zeros(16), matrix, zeros(8));
  const trak = box('trak', tkhd, box('mdia', mdhd, hdlr, minf));
  const mvhd = fullBox('mvhd', zeros(8), u32(RATE), u32(frames), u32(0x10000), u16(0x100), zeros(10), matrix, zeros(24), u32(2));
  return box('moov', mvhd, trak, ...more);
}
