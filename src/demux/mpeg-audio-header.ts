/**
 * The four bytes that begin every frame of MPEG audio (ISO/IEC 11172-3 §2.4.2.3; 13818-3 §2.4.2.3 for the half rates; MPEG-2.5, the
 * quarter rates, is a convention of Fraunhofer):
 *
 *     1111 1111 | 111V VLLP | BBBB SSpx | MMEE ccEE
 *
 *     V version (0: 2.5, 2: 2, 3: 1)   L 4 − layer   P 0 if a CRC follows   B bit rate   S sampling rate
 *     p padding slot   x private   M mode (1: joint stereo, 3: mono)   E mode extension   c copyright, original; the last EE emphasis
 */
export interface MpegAudioHeader {
  readonly version: 1 | 2 | 2.5;
  readonly layer: 1 | 2 | 3;
  readonly hasCrc: boolean;
  /** Bits per second; 0 in free format, where only the distance to the next frame tells the size. */
  readonly bitRate: number;
  readonly sampleRate: number;
  /** The unit of a frame's size, in bytes: 4 in layer I, else 1. */
  readonly slot: 1 | 4;
  /** Bytes that the padding bit adds: a slot. */
  readonly padding: number;
  readonly channels: 1 | 2;
  readonly isJointStereo: boolean;
  /** What joint stereo means in this frame. Layer III: bit 0 intensity, bit 1 mid/side. Layers I and II: where intensity begins. */
  readonly modeExtension: number;
  /** Frames (one sample per channel) that it decodes to. */
  readonly samples: number;
  /** Bytes from this header to the next; 0 in free format. */
  readonly size: number;
}

/** Bytes of a header. */
export const HEADER_BYTES = 4;

/** No frame of any layer, free format included, is taken to be longer. */
export const MAX_FRAME_BYTES = 8_192;

/** Parses the header in the 32-bit big-endian `word`; undefined when it cannot be one. */
export function parseMpegAudioHeader(word: number): MpegAudioHeader | undefined {
  const versionBits = (word >>> 19) & 3;
  const layerBits = (word >>> 17) & 3;
  const bitRateIndex = (word >>> 12) & 15;
  const sampleRateIndex = (word >>> 10) & 3;
  if (word >>> 21 !== 0x7ff || versionBits === 1 || layerBits === 0 || bitRateIndex === 15 || sampleRateIndex === 3) return undefined;
  const version = versionBits === 3 ? 1 : versionBits === 2 ? 2 : 2.5;
  const layer = (4 - layerBits) as 1 | 2 | 3;
  const bitRate = 1000 * BIT_RATES[version === 1 ? layer - 1 : layer === 1 ? 3 : 4][bitRateIndex];
  const sampleRate = SAMPLE_RATES[sampleRateIndex] / (version === 1 ? 1 : version === 2 ? 2 : 4);
  const samples = layer === 1 ? 384 : layer === 3 && version !== 1 ? 576 : 1152;
  const slot = layer === 1 ? 4 : 1;
  const padding = word & 0x200 ? slot : 0;
  const mode = (word >>> 6) & 3;
  return {
    version,
    layer,
    hasCrc: (word & 0x10000) === 0,
    bitRate,
    sampleRate,
    slot,
    padding,
    channels: mode === 3 ? 1 : 2,
    isJointStereo: mode === 1,
    modeExtension: (word >>> 4) & 3,
    samples,
    size: bitRate === 0 ? 0 : Math.floor((samples * bitRate) / (8 * slot * sampleRate)) * slot + padding,
  };
}

/** True if two header words can belong to one stream: same version, layer and sampling rate. Bit rate and mode may change by frame. */
export const areOfOneStream = (a: number, b: number): boolean => ((a ^ b) & STREAM_MASK) === 0;

/** Bytes of side information that follow the header (and CRC) of a layer III frame. */
export const sideInfoBytes = ({ version, channels }: Pick<MpegAudioHeader, 'version' | 'channels'>): number =>
  version === 1 ? (channels === 1 ? 17 : 32) : channels === 1 ? 9 : 17;

const STREAM_MASK = 0xfffe0c00;

const SAMPLE_RATES = [44_100, 48_000, 32_000];

/** kbit/s by bit rate index: MPEG-1 layers I, II, III, then layer I and layers II and III of the lower rates. */
const BIT_RATES = [
  [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
  [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
  [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
  [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];
