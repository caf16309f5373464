import { bytesPerSample, type SampleFormat } from './pcm-encoding.ts';

export interface WavFormat {
  readonly sampleRate: number;
  readonly channels: number;
  readonly format: SampleFormat;
}

/** Bytes before the samples: the same for every size, so that a header can be replaced when the size is known. */
export const WAV_HEADER_BYTES = 104;

const UNKNOWN = 0xffffffff;
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
/** KSDATAFORMAT_SUBTYPE_*: the format tag, then this. */
const SUBTYPE_TAIL = [0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xaa, 0x00, 0x38, 0x9b, 0x71];
/** dwChannelMask by channel count: mono, stereo, 3.0, quad, 5.0, 5.1, 6.1, 7.1. */
const CHANNEL_MASK = [0, 0x4, 0x3, 0x7, 0x33, 0x37, 0x3f, 0x70f, 0x63f];

/**
 * Header of a WAV file with `dataBytes` bytes of samples; undefined when they are not known yet (a stream), said as 0xFFFFFFFF as is
 * usual in pipes. Above 4 GiB it is an RF64 file, whose `ds64` chunk takes the place of the `JUNK` chunk (EBU Tech 3306).
 *
 *     RIFF size WAVE | JUNK/ds64 28 … | fmt  40 (WAVEFORMATEXTENSIBLE) | data size | samples …
 */
export function wavHeader({ sampleRate, channels, format }: WavFormat, dataBytes: number | undefined): Uint8Array {
  const out = new Uint8Array(WAV_HEADER_BYTES);
  const view = new DataView(out.buffer);
  const riffBytes = dataBytes === undefined ? undefined : WAV_HEADER_BYTES - 8 + dataBytes + (dataBytes & 1);
  const isLarge = riffBytes !== undefined && riffBytes > UNKNOWN - 1;
  const width = bytesPerSample[format];
  const ascii = (at: number, text: string) => {
    for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  };
  const size = (at: number, bytes: number | undefined) => view.setUint32(at, bytes === undefined || isLarge ? UNKNOWN : bytes, true);

  ascii(0, isLarge ? 'RF64' : 'RIFF');
  size(4, riffBytes);
  ascii(8, 'WAVE');

  ascii(12, isLarge ? 'ds64' : 'JUNK');
  view.setUint32(16, 28, true);
  if (isLarge) {
    view.setBigUint64(20, BigInt(riffBytes), true);
    view.setBigUint64(28, BigInt(dataBytes ?? 0), true);
    view.setBigUint64(36, BigInt((dataBytes ?? 0) / (channels * width)), true);
  }

  ascii(48, 'fmt ');
  view.setUint32(52, 40, true);
  view.setUint16(56, EXTENSIBLE, true);
  view.setUint16(58, channels, true);
  view.setUint32(60, sampleRate, true);
  view.setUint32(64, sampleRate * channels * width, true);
  view.setUint16(68, channels * width, true);
  view.setUint16(70, width * 8, true);
  view.setUint16(72, 22, true);
  view.setUint16(74, width * 8, true);
  view.setUint32(76, CHANNEL_MASK[channels] ?? 0, true);
  view.setUint16(80, format === 'f32le' ? FLOAT : PCM, true);
  out.set(SUBTYPE_TAIL, 82);

  ascii(96, 'data');
  size(100, dataBytes);
  return out;
}
