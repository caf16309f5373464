// A fragmented MP4 of any size that takes no memory: one AAC track, fragments of a second, made up as they are read.
import { readFileSync } from 'node:fs';

/** Packets of 1,024 frames in a fragment. */
const SAMPLES = 44;
const FRAMES = 1024;
const fixture = new URL('../test/fixtures/media/fragmented.m4a', import.meta.url);

/** `sampleBytes` is the mean; single samples are a bit larger or smaller, so that each fragment lists its sizes. */
export function virtualMovie({ fragments, sampleBytes }) {
  const init = initOf(readFileSync(fixture));
  const sizes = Array.from({ length: SAMPLES }, (_, i) => sampleBytes + (i % 2 ? 8 : -8));
  const template = fragment(sizes);
  const moofSize = template.readUInt32BE(0);
  const size = init.length + fragments * template.length;

  /** A piece that starts at `start`: it ends at `end`, or before, at the end of a `moof` or of a fragment. */
  function read(start, end) {
    if (start < init.length) return init.subarray(start, Math.min(end, init.length));
    const index = Math.floor((start - init.length) / template.length);
    const from = start - init.length - index * template.length;
    if (from >= moofSize) return template.subarray(from, from + end - start);
    const bytes = Buffer.from(template.subarray(0, moofSize));
    bytes.writeUInt32BE(index + 1, SEQUENCE_AT);
    bytes.writeBigUInt64BE(BigInt(index * SAMPLES * FRAMES), DECODE_TIME_AT);
    return bytes.subarray(from, from + end - start);
  }
  return { size, read };
}

/** All before the first `moof`. */
function initOf(file) {
  return file.subarray(0, file.indexOf('moof') - 4);
}

// moof { mfhd, traf { tfhd, tfdt, trun } } mdat, see ISO 14496-12 §8.8
const SEQUENCE_AT = 8 + 12;
const DECODE_TIME_AT = 8 + 16 + 8 + 20 + 12;
const TFHD_DEFAULT_DURATION = 0x08;
const TFHD_BASE_IS_MOOF = 0x020000;
const TRUN_OFFSET_AND_SIZES = 0x201;

function fragment(sizes) {
  const moofWith = (dataOffset) =>
    box(
      'moof',
      box('mfhd', u32(0), u32(0)),
      box(
        'traf',
        box('tfhd', u32(TFHD_BASE_IS_MOOF | TFHD_DEFAULT_DURATION), u32(1), u32(FRAMES)),
        box('tfdt', u32(1 << 24), u32(0), u32(0)),
        box('trun', u32(TRUN_OFFSET_AND_SIZES), u32(sizes.length), u32(dataOffset), ...sizes.map(u32)),
      ),
    );
  const { length } = moofWith(0);
  const media = Buffer.alloc(
    sizes.reduce((sum, size) => sum + size, 0),
    0x21,
  );
  return Buffer.concat([moofWith(length + 8), box('mdat', media)]);
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function box(type, ...payload) {
  const body = Buffer.concat(payload);
  return Buffer.concat([u32(body.length + 8), Buffer.from(type, 'latin1'), body]);
}
