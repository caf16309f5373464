import { crc8, crc16 } from '../../../src/demux/flac-crc.ts';
import { virtualBytes } from '../content.ts';
import { bytes, u32 } from '../mp4-boxes.ts';
import { concatenate, loudness, STAMP_BYTES, stamp, stamped, type VirtualTrack } from './track.ts';

export const FLAC_RATE = 44_100;
export const FLAC_BLOCK = 4_096;
const SEEK_POINT_SECONDS = 10;
const noise = virtualBytes(0, 2 * FLAC_BLOCK, 7);

/** STREAMINFO (RFC 9639 §8.2) of 16-bit stereo. */
export function flacStreamInfo(frames: number): Uint8Array {
  const info = new Uint8Array(34);
  const view = new DataView(info.buffer);
  view.setUint16(0, FLAC_BLOCK);
  view.setUint16(2, FLAC_BLOCK);
  view.setUint32(10, (FLAC_RATE << 12) | (1 << 9) | (15 << 4));
  view.setUint32(14, frames);
  return info;
}

/** Noise on the left; on the right too where it is loud. */
const isLoud = (block: number) => loudness(block) > 0.5;
export const flacFrameBytes = (block: number): number =>
  4 + utf8(block).length + 1 + (1 + 2 * FLAC_BLOCK) + (isLoud(block) ? 1 + 2 * FLAC_BLOCK : 3) + 2;

/** A frame (§9) of 4,096 samples: verbatim and, where it is quiet, constant. */
export function flacFrame(block: number): Uint8Array {
  const frame = new Uint8Array(flacFrameBytes(block));
  const number = utf8(block);
  frame.set([0xff, 0xf8, 0xc9, 0x18, ...number]);
  let at = 4 + number.length;
  frame[at] = crc8(frame, 0, at);
  frame[++at] = 0x02;
  frame.set(noise, ++at);
  stamp(frame, at, block * FLAC_BLOCK);
  at += noise.length;
  if (isLoud(block)) {
    frame[at] = 0x02;
    frame.set(noise.subarray(STAMP_BYTES), at + 1);
  }
  const crc = crc16(frame, 0, frame.length - 2);
  frame.set([crc >> 8, crc & 255], frame.length - 2);
  return frame;
}

/** FLAC with or without a SEEKTABLE of a point every 10 seconds. */
export function virtualFlac(hasSeekTable: boolean, seconds: number): VirtualTrack {
  const count = Math.ceil((seconds * FLAC_RATE) / FLAC_BLOCK);
  const frames = count * FLAC_BLOCK;
  const body = concatenate(new Uint8Array(0), count, flacFrameBytes, flacFrame);
  const points = new DataView(new ArrayBuffer(hasSeekTable ? 18 * Math.ceil(seconds / SEEK_POINT_SECONDS) : 0));
  for (let at = 0; at < points.byteLength; at += 18) {
    const block = Math.floor(((at / 18) * SEEK_POINT_SECONDS * FLAC_RATE) / FLAC_BLOCK);
    points.setBigUint64(at, BigInt(block * FLAC_BLOCK));
    points.setBigUint64(at + 8, BigInt(body.offsetOf(block)));
    points.setUint16(at + 16, FLAC_BLOCK);
  }
  const seekTable = hasSeekTable ? [u32((0x83 << 24) | points.byteLength), new Uint8Array(points.buffer)] : [];
  const head = bytes('fLaC', u32((hasSeekTable ? 0 : 0x80 << 24) | 34), flacStreamInfo(frames), ...seekTable);
  const { size, read } = concatenate(head, count, flacFrameBytes, flacFrame);
  const facts = { mediaType: 'audio/flac', sampleRate: FLAC_RATE, encoderDelay: 0, timestampOf: stamped };
  return { ...facts, name: `FLAC ${hasSeekTable ? 'with' : 'without'} SEEKTABLE`, frames, size, read };
}

/** A number as UTF-8 would code it (§9.1.5). */
function utf8(value: number): number[] {
  if (value < 0x80) return [value];
  const tail: number[] = [];
  let first = 0x3f;
  for (; value > first; value >>= 6, first >>= 1) tail.unshift(0x80 | (value & 0x3f));
  return [(0xff & ~(2 * first + 1)) | value, ...tail];
}
