import { AulosError } from '../errors.ts';
import type { CodecConfig } from '../media.ts';
import type { AdtsFrame } from './adts-frames.ts';
import type { AdtsHeader } from './adts-header.ts';
import { AAC_SAMPLE_RATES, OBJECT_TYPE_LC, OBJECT_TYPE_SBR, parseAudioSpecificConfig } from './audio-specific-config.ts';
import { BitReader } from './bit-reader.ts';
import { readProgramFields } from './program-config.ts';

const OBJECT_TYPE_SSR = 3;
const PROGRAM_CONFIG_ELEMENT = 5;

/** A decoder configuration, and the frames that it makes of a packet. */
export interface AdtsConfig {
  readonly config: CodecConfig;
  readonly packetFrames: number;
}

/**
 * The decoder configuration that a header and the first frame amount to, with the AudioSpecificConfig that an MP4 file of them would have;
 * `hasSbr` says that the frames hold SBR, of which the header tells nothing.
 * Streams that call themselves SSR are taken for LC: some encoders do that to plain LC, and none makes the real thing.
 * @throws AulosError `media.unsupported`.
 */
export function adtsCodecConfig(header: AdtsHeader, frame: AdtsFrame, hasSbr: boolean): AdtsConfig {
  const { objectType, sampleRateIndex, channelConfiguration } = header;
  if (objectType !== OBJECT_TYPE_LC && objectType !== OBJECT_TYPE_SSR) {
    const what = `AAC object type ${objectType}`;
    throw new AulosError('media.unsupported', { offset: frame.offset, what }, `${what} is not played`);
  }
  const channels = bitsOf(channelConfiguration, 4);
  const core = bitsOf(OBJECT_TYPE_LC, 5) + (hasSbr ? '' : bitsOf(sampleRateIndex, 4) + channels) + bitsOf(0, 3);
  const outer = hasSbr
    ? bitsOf(OBJECT_TYPE_SBR, 5) + bitsOf(sampleRateIndex, 4) + channels + rateBits(2 * AAC_SAMPLE_RATES[sampleRateIndex])
    : '';
  const description = bytesOf(outer + core + (channelConfiguration === 0 ? programBits(frame) : ''));
  const { decoded, hasParametricStereo } = parseAudioSpecificConfig(description, frame.offset);
  const codecString = hasParametricStereo ? 'mp4a.40.29' : hasSbr ? 'mp4a.40.5' : 'mp4a.40.2';
  const config: CodecConfig = { codec: 'aac', codecString, sampleRate: decoded.sampleRate, channels: decoded.channels, description };
  return { config, packetFrames: decoded.framesPerPacket };
}

/** samplingFrequencyIndex, or the frequency written out. */
function rateBits(sampleRate: number): string {
  const index = AAC_SAMPLE_RATES.indexOf(sampleRate);
  return index >= 0 ? bitsOf(index, 4) : bitsOf(15, 4) + bitsOf(sampleRate, 24);
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
