import { wavHeader } from '../../../src/playback/wav-header.ts';
import { bytes, u16, u32 } from '../mp4-boxes.ts';
import type { VirtualTrack } from './track.ts';

const RATE = 22_050;
const FRAME_BYTES = 4;

/** WAV in which each frame, taken as 32 bits, is its own number. */
export function virtualWav(seconds: number): VirtualTrack {
  const frames = seconds * RATE;
  const header = wavHeader({ sampleRate: RATE, channels: 2, format: 's16le' }, frames * FRAME_BYTES);
  return numbered('WAV', 'audio/wav', header, frames, true);
}

/** AIFF of the same; its sample rate is an 80-bit number (Audio Interchange File Format 1.3). */
export function virtualAiff(seconds: number): VirtualTrack {
  const frames = seconds * RATE;
  const mediaBytes = frames * FRAME_BYTES;
  const extended = bytes(u16(16_383 + 14), u32(RATE << 17), u32(0)); // 2^14 × 1.345…, the mantissa with its leading bit
  const common = bytes('COMM', u32(18), u16(2), u32(frames), u16(16), extended);
  const sound = bytes('SSND', u32(8 + mediaBytes), u32(0), u32(0));
  const header = bytes('FORM', u32(4 + common.length + sound.length + mediaBytes), 'AIFF', common, sound);
  return numbered('AIFF', 'audio/aiff', header, frames, false);
}

function numbered(name: string, mediaType: string, header: Uint8Array, frames: number, littleEndian: boolean): VirtualTrack {
  const size = header.length + frames * FRAME_BYTES;
  const read = (start: number, end: number): Uint8Array => {
    if (start < header.length) return header.subarray(start, end);
    const first = Math.floor((start - header.length) / FRAME_BYTES);
    const last = Math.min(frames, Math.ceil((Math.min(end, size) - header.length) / FRAME_BYTES));
    const numbers = new DataView(new ArrayBuffer(FRAME_BYTES * (last - first)));
    for (let i = first; i < last; i++) numbers.setUint32(FRAME_BYTES * (i - first), i, littleEndian);
    const from = start - header.length - FRAME_BYTES * first;
    return new Uint8Array(numbers.buffer).subarray(from, from + end - start);
  };
  const timestampOf = (packet: Uint8Array) => new DataView(packet.buffer, packet.byteOffset, packet.length).getUint32(0, littleEndian);
  return { name, mediaType, sampleRate: RATE, frames, encoderDelay: 0, size, read, timestampOf };
}
