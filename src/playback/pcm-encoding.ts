import { framesOf, type PcmBlock } from '../media.ts';

/** Interleaved little-endian sample formats that aulos writes. */
export type SampleFormat = 's16le' | 's24le' | 'f32le';

export const bytesPerSample: Readonly<Record<SampleFormat, number>> = { s16le: 2, s24le: 3, f32le: 4 };

/**
 * Interleaves a block. Integers are scaled by 2^(bits − 1), rounded to nearest and clipped, so that lossless sound of at most that width
 * comes out bit by bit. The result is the caller's.
 */
export function encodePcm(block: PcmBlock, format: SampleFormat): Uint8Array {
  const { planes } = block;
  const width = bytesPerSample[format];
  const frames = framesOf(block);
  const out = new Uint8Array(frames * planes.length * width);
  const view = new DataView(out.buffer);
  const stride = planes.length * width;
  const put = putters[format];
  for (const [channel, plane] of planes.entries()) {
    for (let i = 0, at = channel * width; i < frames; i++, at += stride) put(view, at, plane[i]);
  }
  return out;
}

const putters: Readonly<Record<SampleFormat, (view: DataView, at: number, sample: number) => void>> = {
  s16le: (view, at, sample) => view.setInt16(at, quantize(sample, 0x8000), true),
  s24le: (view, at, sample) => {
    const value = quantize(sample, 0x800000);
    view.setInt16(at, value & 0xffff, true);
    view.setInt8(at + 2, value >> 16);
  },
  f32le: (view, at, sample) => view.setFloat32(at, sample, true),
};

function quantize(sample: number, scale: number): number {
  return Math.max(-scale, Math.min(scale - 1, Math.round(sample * scale)));
}
