import { framesOf, type PcmBlock } from '../media.ts';

/** Interleaved little-endian sample formats that aulos writes. */
export type SampleFormat = 's16le' | 's24le' | 'f32le';

export const bytesPerSample: Readonly<Record<SampleFormat, number>> = { s16le: 2, s24le: 3, f32le: 4 };

/**
 * Interleaves a block. Integers are scaled by 2^(bits − 1), rounded to nearest and clipped, so that lossless sound of at most that width
 * comes out bit by bit. The result lies in `room` if that is large enough, else in memory of its own.
 */
export function encodePcm(block: PcmBlock, format: SampleFormat, room?: Uint8Array): Uint8Array {
  const { planes } = block;
  const width = bytesPerSample[format];
  const size = framesOf(block) * planes.length * width;
  const out = room && room.length >= size ? room.subarray(0, size) : new Uint8Array(size);
  const view = new DataView(out.buffer, out.byteOffset);
  const encode = encoders[format];
  for (const [channel, plane] of planes.entries()) encode(plane, view, channel * width, planes.length * width);
  return out;
}

/** Writes the samples of `plane` to `view`, the first at byte `at`, each next one `stride` bytes on. */
type PlaneEncoder = (plane: Float32Array, view: DataView, at: number, stride: number) => void;

// A loop per format: one loop that calls a function per sample, of this format or that, takes ten times as long.
const encoders: Readonly<Record<SampleFormat, PlaneEncoder>> = {
  s16le(plane, view, at, stride) {
    for (let i = 0; i < plane.length; i++, at += stride) view.setInt16(at, quantize(plane[i], 0x8000), true);
  },
  s24le(plane, view, at, stride) {
    for (let i = 0; i < plane.length; i++, at += stride) {
      const value = quantize(plane[i], 0x800000);
      view.setInt16(at, value & 0xffff, true);
      view.setInt8(at + 2, value >> 16);
    }
  },
  f32le(plane, view, at, stride) {
    for (let i = 0; i < plane.length; i++, at += stride) view.setFloat32(at, plane[i], true);
  },
};

function quantize(sample: number, scale: number): number {
  return Math.max(-scale, Math.min(scale - 1, Math.round(sample * scale)));
}
