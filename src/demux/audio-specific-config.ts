import { AulosError } from '../errors.ts';
import { BitReader } from './bit-reader.ts';
import { type ProgramConfig, readProgramConfig } from './program-config.ts';

/** Sampling frequencies by index, in Hz (ISO/IEC 14496-3 §1.6.3.4). */
export const AAC_SAMPLE_RATES: readonly number[] = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
];

/** Channels by channelConfiguration (§1.6.3.5); 0 where the stream says it itself or the value is reserved. */
export const AAC_CHANNELS: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8, 0];

/** AudioObjectTypes (§1.5.1.1) of AAC-LC, and of what is built on it. */
export const OBJECT_TYPE_LC = 2;
export const OBJECT_TYPE_SBR = 5;
const OBJECT_TYPE_PS = 29;

/** Packets that a decoder of SBR needs before the one that is to sound: a header has to pass, which encoders repeat about twice a second. */
export const SBR_PREROLL = 16;

/** Says to an older decoder nothing, to a newer one that SBR or PS follows (§1.6.6.1). */
const SYNC_EXTENSION_SBR = 0x2b7;
const SYNC_EXTENSION_PS = 0x548;

/** What an AudioSpecificConfig says of a stream with an AAC-LC core. */
export interface AudioSpecificConfig {
  /** Of the core, in Hz. */
  readonly sampleRate: number;
  readonly channelConfiguration: number;
  /** Channels of the core. */
  readonly channels: number;
  /** The layout in words, when channelConfiguration is 0. */
  readonly program: ProgramConfig | undefined;
  /** Frames in a packet. */
  readonly frameLength: 1024 | 960;
  /** The stream carries spectral band replication: HE-AAC, of which the core has half the rate. */
  readonly hasSbr: boolean;
  /** The stream carries parametric stereo, or may: HE-AAC v2, of which the core is mono, need not be announced (§1.6.6.2). */
  readonly hasParametricStereo: boolean;
  /** What leaves a decoder. */
  readonly decoded: DecodedFormat;
}

/** The sound that a decoder makes of an AAC stream. */
export interface DecodedFormat {
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly framesPerPacket: number;
  /** How spectral band replication takes part: not at all, at twice the rate of the core, or filling in at the same rate. */
  readonly replication: 'none' | 'double' | 'downsampled';
}

/**
 * Reads an AudioSpecificConfig (ISO/IEC 14496-3 §1.6.2.1):
 *
 *     audioObjectType:5 (+6) | samplingFrequencyIndex:4 (+24) | channelConfiguration:4
 *     types 5 and 29 only:     extensionSamplingFrequencyIndex:4 (+24) | audioObjectType:5 of the core
 *     GASpecificConfig §4.4.1: frameLengthFlag:1 dependsOnCoreCoder:1 (+14) extensionFlag:1 | program_config_element if configuration 0
 *     optional:                0x2b7:11 audioObjectType:5 sbrPresent:1 (+4 (+24)) | 0x548:11 psPresent:1
 *
 * `offset` is where the bytes stand in the resource, for errors.
 * @throws AulosError `media.unsupported` for object types other than LC and HE-AAC, `media.malformed`, `media.truncated`.
 */
export function parseAudioSpecificConfig(description: Uint8Array, offset = 0): AudioSpecificConfig {
  const bits = new BitReader(() => new AulosError('media.truncated', { offset, what: WHAT }, 'the AudioSpecificConfig is cut off'));
  bits.load(description);
  const outerType = readObjectType(bits);
  const sampleRate = readSampleRate(bits, offset);
  const channelConfiguration = bits.bits(4);
  const isExplicit = outerType === OBJECT_TYPE_SBR || outerType === OBJECT_TYPE_PS;
  const explicitRate = isExplicit ? readSampleRate(bits, offset) : 0;
  const objectType = isExplicit ? readObjectType(bits) : outerType;
  if (objectType !== OBJECT_TYPE_LC)
    throw new AulosError(
      'media.unsupported',
      { offset, what: `AAC object type ${objectType}` },
      `AAC object type ${objectType} is not played`,
    );

  const frameLength = bits.flag() ? 960 : 1024;
  if (bits.flag()) bits.bits(14); // coreCoderDelay
  bits.flag(); // extensionFlag: nothing follows it for type 2
  const program = channelConfiguration === 0 ? readProgramConfig(bits) : undefined;
  const channels = program?.channels ?? AAC_CHANNELS[channelConfiguration];
  if (channels === 0 || channels > 8 || program?.isCoupled) throw unsupportedLayout(channelConfiguration, offset);
  const extension = isExplicit ? { hasSbr: true, outputRate: explicitRate, saysNoStereo: false } : readSyncExtension(bits, offset);
  const { hasSbr, outputRate } = extension;
  const hasParametricStereo = hasSbr && channels === 1 && !extension.saysNoStereo;
  const core = { sampleRate, channelConfiguration, channels, program, frameLength, hasSbr, hasParametricStereo } as const;
  return { ...core, decoded: decodedFormat(core, outputRate) };
}

/** Replication in frames of 960 is not decoded: nothing but digital radio has it. */
function decodedFormat(core: Omit<AudioSpecificConfig, 'decoded'>, outputRate: number): DecodedFormat {
  const { sampleRate, channels, frameLength, hasSbr, hasParametricStereo } = core;
  if (!hasSbr || frameLength !== 1024) return { sampleRate, channels, framesPerPacket: frameLength, replication: 'none' };
  const isDownsampled = outputRate === sampleRate;
  return {
    sampleRate: isDownsampled ? sampleRate : 2 * sampleRate,
    channels: hasParametricStereo ? 2 : channels,
    framesPerPacket: isDownsampled ? frameLength : 2 * frameLength,
    replication: isDownsampled ? 'downsampled' : 'double',
  };
}

const WHAT = 'AudioSpecificConfig';

/** What an announcement of SBR says: whether there is any, the rate that it leads to in Hz, and whether there is surely no PS. */
interface Extension {
  readonly hasSbr: boolean;
  readonly outputRate: number;
  readonly saysNoStereo: boolean;
}

/** Reads the backward compatible announcement of SBR and PS. */
function readSyncExtension(bits: BitReader, offset: number): Extension {
  const none = { hasSbr: false, outputRate: 0, saysNoStereo: true };
  if (bits.end - bits.position < 17 || bits.bits(11) !== SYNC_EXTENSION_SBR) return none;
  if (readObjectType(bits) !== OBJECT_TYPE_SBR || !bits.flag()) return none;
  const outputRate = readSampleRate(bits, offset);
  const saysNoStereo = bits.end - bits.position >= 12 && bits.bits(11) === SYNC_EXTENSION_PS && !bits.flag();
  return { hasSbr: true, outputRate, saysNoStereo };
}

function readObjectType(bits: BitReader): number {
  const type = bits.bits(5);
  return type === 31 ? 32 + bits.bits(6) : type;
}

function readSampleRate(bits: BitReader, offset: number): number {
  const index = bits.bits(4);
  const rate = index === 15 ? bits.bits(24) : AAC_SAMPLE_RATES[index];
  if (rate) return rate;
  throw new AulosError(
    'media.malformed',
    { offset, what: `${WHAT}: sampling frequency` },
    'the AudioSpecificConfig has a reserved sampling frequency',
  );
}

const unsupportedLayout = (channelConfiguration: number, offset: number): AulosError =>
  new AulosError(
    'media.unsupported',
    { offset, what: `AAC channel configuration ${channelConfiguration}` },
    'this AAC channel layout is not played',
  );
