import { box, bytes, fullBox, u16, u32 } from './mp4-boxes.ts';

/** A `moov` of AAC with `count` samples of some 300 bytes in chunks of 22, and no media behind it. */
export function longMovie(count: number): Uint8Array {
  const chunks = Math.ceil(count / 22);
  const sizes = new DataView(new ArrayBuffer(count * 4));
  for (let i = 0; i < count; i++) sizes.setUint32(i * 4, 250 + (i % 100));
  const offsets = new DataView(new ArrayBuffer(chunks * 4));
  for (let i = 0; i < chunks; i++) offsets.setUint32(i * 4, 1_000 + i * 22 * 300);
  const decoderConfig = bytes(Uint8Array.of(4, 17, 0x40, 0x15), new Uint8Array(11), Uint8Array.of(5, 2, 0x12, 0x10));
  const esds = fullBox('esds', Uint8Array.of(3, 3 + decoderConfig.length, 0, 1, 0), decoderConfig);
  const mp4a = box('mp4a', new Uint8Array(6), u16(1), new Uint8Array(8), u16(2), u16(16), u32(0), u32(44_100 * 65_536), esds);
  const stbl = box(
    'stbl',
    fullBox('stsd', u32(1), mp4a),
    fullBox('stts', u32(1), u32(count), u32(1_024)),
    fullBox('stsc', u32(1), u32(1), u32(22), u32(1)),
    fullBox('stsz', u32(0), u32(count), new Uint8Array(sizes.buffer)),
    fullBox('stco', u32(chunks), new Uint8Array(offsets.buffer)),
  );
  const mdhd = fullBox('mdhd', u32(0), u32(0), u32(44_100), u32(count * 1_024), u32(0));
  const mdia = box('mdia', mdhd, fullBox('hdlr', u32(0), 'soun', new Uint8Array(13)), box('minf', stbl));
  const tkhd = box('tkhd', u32(1), u32(0), u32(0), u32(1), new Uint8Array(68));
  const mvhd = fullBox('mvhd', u32(0), u32(0), u32(1_000), u32(0), new Uint8Array(80));
  return bytes(box('ftyp', 'M4A ', u32(0)), box('moov', mvhd, box('trak', tkhd, mdia)));
}
