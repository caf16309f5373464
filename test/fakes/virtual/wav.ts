import { wavHeader } from '../../../src/playback/wav-header.ts';
import type { VirtualTrack } from './track.ts';

const RATE = 22_050;
const FRAME_BYTES = 4;

/** WAV in which each frame, taken as 32 bits, is its own number. */
export function virtualWav(seconds: number): VirtualTrack {
  const frames = seconds * RATE;
  const header = wavHeader({ sampleRate: RATE, channels: 2, format: 's16le' }, frames * FRAME_BYTES);
  const size = header.length + frames * FRAME_BYTES;
  const read = (start: number, end: number): Uint8Array => {
    if (start < header.length) return header.subarray(start, end);
    const first = Math.floor((start - header.length) / FRAME_BYTES);
    const last = Math.min(frames, Math.ceil((Math.min(end, size) - header.length) / FRAME_BYTES));
    const numbers = new DataView(new ArrayBuffer(FRAME_BYTES * (last - first)));
    for (let i = first; i < last; i++) numbers.setUint32(FRAME_BYTES * (i - first), i, true);
    const from = start - header.length - FRAME_BYTES * first;
    return new Uint8Array(numbers.buffer).subarray(from, from + end - start);
  };
  const timestampOf = (packet: Uint8Array) => new DataView(packet.buffer, packet.byteOffset, packet.length).getUint32(0, true);
  return { name: 'WAV', mediaType: 'audio/wav', sampleRate: RATE, frames, encoderDelay: 0, size, read, timestampOf };
}
