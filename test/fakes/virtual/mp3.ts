import { concatenate, loudness, stamp, stamped, type VirtualTrack } from './track.ts';

const RATE = 44_100;
const SAMPLES = 1_152;
/** MPEG-1 layer III, kbit/s by index. */
const BIT_RATES = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
/** Header and side information of stereo. */
const HEAD_BYTES = 36;

export type Mp3Kind = 'CBR' | 'VBR, Xing' | 'VBR, no tag';

/** MP3 of silence: 128 kbit/s, or from 32 to 320 kbit/s as music would have it, with a true table of contents or without any tag. */
export function virtualMp3(kind: Mp3Kind, seconds: number): VirtualTrack {
  const count = Math.ceil((seconds * RATE) / SAMPLES);
  const isConstant = kind === 'CBR';
  const indexOf = (i: number) => (isConstant ? 9 : 1 + Math.round(13 * loudness(i)));
  const exact = (128_000 * SAMPLES) / (8 * RATE);
  const paddingOf = (i: number) => (isConstant ? Math.floor((i + 1) * exact) - Math.floor(i * exact) - Math.floor(exact) : 0);
  const sizeOf = (i: number) => Math.floor((BIT_RATES[indexOf(i)] * 1_000 * SAMPLES) / (8 * RATE)) + paddingOf(i);
  const render = (i: number, size: number) => {
    const frame = new Uint8Array(size);
    frame.set([0xff, 0xfb, (indexOf(i) << 4) | (paddingOf(i) << 1), 0x00]);
    stamp(frame, HEAD_BYTES, i * SAMPLES);
    return frame;
  };
  const body = concatenate(new Uint8Array(0), count, sizeOf, render);
  const head = kind === 'VBR, Xing' ? xingFrame(count, body.size, (part) => body.offsetOf(Math.floor(part * count))) : new Uint8Array(0);
  const { size, read } = concatenate(head, count, sizeOf, render);
  const facts = { mediaType: 'audio/mpeg', sampleRate: RATE, encoderDelay: 0 };
  return { ...facts, name: `MP3 ${kind}`, frames: count * SAMPLES, size, read, timestampOf: stamped };
}

function xingFrame(frames: number, audioBytes: number, offsetAt: (part: number) => number): Uint8Array {
  const frame = new Uint8Array(417);
  const view = new DataView(frame.buffer);
  frame.set([0xff, 0xfb, 0x90, 0x00]);
  view.setUint32(HEAD_BYTES, 0x58696e67); // Xing: frames, bytes and contents follow
  view.setUint32(HEAD_BYTES + 4, 7);
  view.setUint32(HEAD_BYTES + 8, frames);
  view.setUint32(HEAD_BYTES + 12, frame.length + audioBytes);
  for (let i = 0; i < 100; i++) frame[HEAD_BYTES + 16 + i] = (256 * (frame.length + offsetAt(i / 100))) / (frame.length + audioBytes);
  return frame;
}
