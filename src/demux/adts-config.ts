import { AulosError } from '../errors.ts';
import type { CodecConfig } from '../media.ts';
import type { AdtsFrame } from './adts-frames.ts';
import type { AdtsHeader } from './adts-header.ts';
import { OBJECT_TYPE_LC, parseAudioSpecificConfig } from './audio-specific-config.ts';
import { BitReader } from './bit-reader.ts';
import { readProgramFields } from './program-config.ts';

const OBJECT_TYPE_SSR = 3;
const PROGRAM_CONFIG_ELEMENT = 5;

/**
 * The decoder configuration that a header and the first frame amount to, with the AudioSpecificConfig that an MP4 file of them would have.
 * Streams that call themselves SSR are taken for LC: some encoders do that to plain LC, and none makes the real thing.
 * @throws AulosError `media.unsupported`.
 */
export function adtsCodecConfig(header: AdtsHeader, frame: AdtsFrame): CodecConfig {
  const { objectType, sampleRateIndex, channelConfiguration } = header;
  if (objectType !== OBJECT_TYPE_LC && objectType !== OBJECT_TYPE_SSR) {
    const what = `AAC object type ${objectType}`;
    throw new AulosError('media.unsupported', { offset: frame.offset, what }, `${what} is not played`);
  }
  const bits = bitsOf(OBJECT_TYPE_LC, 5) + bitsOf(sampleRateIndex, 4) + bitsOf(channelConfiguration, 4) + bitsOf(0, 3);
  const description = bytesOf(channelConfiguration === 0 ? bits + programBits(frame) : bits);
  const { sampleRate, channels } = parseAudioSpecificConfig(description, frame.offset);
  return { codec: 'aac', codecString: 'mp4a.40.2', sampleRate, channels, description };
}

/** The program_config_element with which a frame without a channel configuration begins, less its comment. */
function programBits({ data, offset }: AdtsFrame): string {
  const what = 'AAC without a channel configuration';
  const bits = new BitReader(
    () => new AulosError('media.truncated', { offset, what: 'program_config_element' }, 'an AAC frame is cut off'),
  );
  bits.load(data);
  if (bits.bits(3) !== PROGRAM_CONFIG_ELEMENT) throw new AulosError('media.unsupported', { offset, what }, `${what} is not played`);
  const start = bits.position;
  readProgramFields(bits);
  const length = bits.position - start;
  bits.position = start;
  return Array.from({ length }, () => bits.bits(1)).join('');
}

const bitsOf = (value: number, width: number): string => value.toString(2).padStart(width, '0');

/** Pads to whole bytes and adds one of zeros: a program_config_element without a comment ends so. */
function bytesOf(bits: string): Uint8Array {
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Uint8Array.from([...bytes.map((byte) => Number.parseInt(byte.padEnd(8, '0'), 2)), 0]);
}
