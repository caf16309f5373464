import { AulosError } from '../errors.ts';
import type { PcmFormat } from '../media.ts';

/** What the `fmt ` chunk says. */
export interface WavFormat {
  readonly pcm: PcmFormat;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  /** Bytes of a frame: one sample per channel. */
  readonly frameBytes: number;
}

const PCM = 0x0001;
const FLOAT = 0x0003;
const ALAW = 0x0006;
const MULAW = 0x0007;
const EXTENSIBLE = 0xfffe;

/** Format tags (RFC 2361, mmreg.h) by the names that users know. */
const FOREIGN: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG Layer II',
  85: 'MP3',
  255: 'AAC',
  353: 'WMA',
  8192: 'AC-3',
};

const MAX_CHANNELS = 64;

/** Bytes of a `fmt ` chunk that {@link parseWavFormat} looks at; it may have fewer, but not less than 16. */
export const WAV_FORMAT_BYTES = 40;

/**
 * Reads the body of a `fmt ` chunk; `offset` is where it stands, for errors.
 *
 *     tag 16 │ channels 16 │ rate 32 │ bytes per second 32 │ bytes per frame 16 │ bits 16
 *       │ extension size 16 │ valid bits 16 │ speakers 32 │ subformat: tag 16, GUID 112      with tag WAVE_FORMAT_EXTENSIBLE
 *
 * Samples stand in the high bits of their containers, so their scale is the container's; but plain tag 1 with 24 bits in 4 bytes is
 * written by programs that have them in the low ones.
 * @throws AulosError `media.malformed`, `media.unsupported`.
 */
export function parseWavFormat(body: Uint8Array, bigEndian: boolean, offset: number): WavFormat {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const u16 = (at: number) => view.getUint16(at, !bigEndian);
  const isExtensible = u16(0) === EXTENSIBLE && body.length >= 26;
  const tag = isExtensible ? u16(24) : u16(0);
  const channels = u16(2);
  const sampleRate = view.getUint32(4, !bigEndian);
  const bits = u16(14);
  const bytes = u16(12) / channels || Math.ceil(bits / 8);
  const encoding = encodingOf(tag, bytes, offset);
  if (sampleRate === 0 || channels === 0 || !Number.isInteger(bytes) || bytes === 0 || bits > bytes * 8 || bytes > 8)
    throw new AulosError('media.malformed', { offset, what: 'WAV format' }, 'the WAV format contradicts itself');
  if (channels > MAX_CHANNELS)
    throw new AulosError('media.limit', { offset, what: 'WAV channels' }, `WAV with ${channels} channels, more than ${MAX_CHANNELS}`);
  const isLowAligned = !isExtensible && encoding === 'int' && bits === 24 && bytes === 4;
  const pcm = isLowAligned ? { encoding, bits, bigEndian, stride: bytes } : { encoding, bits: bytes * 8, bigEndian };
  return { pcm, sampleRate, channels, frameBytes: bytes * channels };
}

/** 8 bits are unsigned, more are signed. */
function encodingOf(tag: number, bytes: number, offset: number): PcmFormat['encoding'] {
  if (tag === PCM) return bytes === 1 ? 'uint' : 'int';
  if (tag === FLOAT) return 'float';
  if (tag === ALAW) return 'alaw';
  if (tag === MULAW) return 'mulaw';
  const what = `WAV with ${FOREIGN[tag] ?? `format tag 0x${tag.toString(16)}`}`;
  throw new AulosError('media.unsupported', { offset, what }, `not supported: ${what}`);
}
