import type { BoxTree } from '../demux/mp4box.ts';
import { AulosError } from '../errors.ts';
import type { CodecConfig } from '../media.ts';

/** How MP4 tells a decoder what is to come (ISO 14496-12 §12.2.3), and the name of that for a media type (RFC 6381). */
export interface SampleEntry {
  readonly box: BoxTree;
  readonly codecs: string;
}

/** objectTypeIndication (ISO 14496-1 §7.2.6.6). */
const MPEG4_AUDIO = 0x40;
const MPEG2_LAYER_III = 0x69;
const MPEG1_LAYER_III = 0x6b;
/** MPEG-2 halves the rates of MPEG-1, of which 32 kHz is the lowest. */
const LOWEST_MPEG1_RATE = 32_000;

/** @throws AulosError `media.unsupported` for a codec that MP4 has no sample entry for. */
export function sampleEntryOf(config: CodecConfig): SampleEntry {
  const { codec, codecString, description, sampleRate } = config;
  switch (codec) {
    case 'aac':
      return { box: entry('mp4a', config, esds(MPEG4_AUDIO, description)), codecs: codecString };
    case 'mp3':
      return { box: entry('mp4a', config, esds(sampleRate < LOWEST_MPEG1_RATE ? MPEG2_LAYER_III : MPEG1_LAYER_III)), codecs: 'mp3' };
    case 'flac':
      return { box: entry('fLaC', config, raw('dfLa', [0, 0, 0, 0, ...description.subarray(4)])), codecs: 'flac' };
    case 'opus':
      return { box: entry('Opus', config, raw('dOps', opusSpecific(description))), codecs: 'opus' };
    default:
      throw new AulosError('media.unsupported', { offset: 0, what: `${codec} in MP4` }, `${codec} cannot be given to Media Source`);
  }
}

/** The rate field is 16.16: a higher one is told by the codec's own box. */
function entry(type: string, { channels, sampleRate }: CodecConfig, description: BoxTree): BoxTree {
  const samplerate = sampleRate < 0x10000 ? sampleRate : 0;
  return {
    type,
    fields: { data_reference_index: 1, channel_count: channels, samplesize: 16, samplerate },
    children: [description],
  };
}

const raw = (type: string, payload: ArrayLike<number>): BoxTree => ({ type, payload: Uint8Array.from(payload) });

/**
 * `esds`: version 8 | flags 24 | ES_Descriptor { id 16 | flags 8 | DecoderConfig { objectType 8 | stream 8 | buffer 24 | max 32 | average 32
 * | DecoderSpecificInfo } | SLConfig { 2 } } (ISO 14496-1 §7.2.6).
 */
function esds(objectType: number, specificInfo: Uint8Array = new Uint8Array(0)): BoxTree {
  const AUDIO_STREAM = (5 << 2) | 1;
  const info = specificInfo.length > 0 ? descriptor(5, [...specificInfo]) : [];
  const decoder = descriptor(4, [objectType, AUDIO_STREAM, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...info]);
  return raw('esds', [0, 0, 0, 0, ...descriptor(3, [0, 0, 0, ...decoder, ...descriptor(6, [2])])]);
}

const descriptor = (tag: number, payload: readonly number[]): number[] => [
  tag,
  0x80 | (payload.length >> 21),
  0x80 | ((payload.length >> 14) & 0x7f),
  0x80 | ((payload.length >> 7) & 0x7f),
  payload.length & 0x7f,
  ...payload,
];

/**
 * An OpusHead without its magic, with version 0 and big-endian fields ("Encapsulation of Opus in ISO BMFF" §4.3.2). It tells of no pre-skip: the
 * append window cuts that off, and browsers would do so a second time, but only at the beginning of the first stream.
 */
function opusSpecific(head: Uint8Array): Uint8Array {
  const specific = head.slice(8);
  const from = new DataView(head.buffer, head.byteOffset);
  const to = new DataView(specific.buffer);
  to.setUint8(0, 0);
  to.setUint16(2, 0);
  to.setUint32(4, from.getUint32(12, true));
  to.setInt16(8, from.getInt16(16, true));
  return specific;
}
