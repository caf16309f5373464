import { AulosError } from '../errors.ts';
import type { CodecConfig, PcmFormat } from '../media.ts';
import { parseAudioSpecificConfig } from './audio-specific-config.ts';
import { boxesWithin, fieldsOf, findBox, type HeldBox, malformed, payloadStart } from './boxes.ts';
import { findEsds, parseEsds } from './esds.ts';
import { flacDescription, STREAM_INFO_BYTES } from './flac-stream-info.ts';

/** What the sample description of a track says (ISO 14496-12 §12.2.3). */
export interface AudioFormat {
  readonly config: CodecConfig;
  /** Frames of every packet, when the set-up bytes say so. */
  readonly framesPerPacket?: number;
  /** For PCM: bytes of a sample of the tables, which is one frame. */
  readonly frameBytes?: number;
  /** Frames that the codec itself puts in front (Opus pre-skip). */
  readonly codecDelay?: number;
  /** Width of a sample of a lossless codec. */
  readonly bitsPerSample?: number;
  /** Bits per second; undefined when not said. */
  readonly bitRate?: number;
  readonly degraded?: string;
}

/** The fields that all sample entries share. */
interface Entry {
  readonly box: HeldBox;
  readonly channels: number;
  readonly bits: number;
  readonly sampleRate: number;
  readonly children: readonly HeldBox[];
  /** Flags of LPCM in a QuickTime version 2 entry. */
  readonly lpcmFlags: number | undefined;
}

/**
 * Reads the first entry of an audio track's `stsd`.
 * @throws AulosError `media.unsupported` for encrypted sound and codecs that are not played, `media.malformed`.
 */
export function readAudioFormat(stsd: HeldBox): AudioFormat {
  const [box] = boxesWithin(stsd, 8);
  if (!box) throw malformed(stsd.start, 'empty stsd');
  if (ENCRYPTED.has(box.type)) throw unsupported(box, 'encrypted sound');
  const read = READERS[box.type];
  if (!read) throw unsupported(box, `codec ${box.type.trim()}`);
  return read(readEntry(box, fieldsOf(stsd, 8).getUint8(0)));
}

const ENCRYPTED: ReadonlySet<string> = new Set(['enca', 'encv', 'drms']);

const READERS: Readonly<Record<string, (entry: Entry) => AudioFormat>> = {
  mp4a: readMpeg4,
  '.mp3': readMpegAudio,
  alac: readAlac,
  fLaC: readFlac,
  Opus: readOpus,
  'raw ': (entry) => pcm(entry, { encoding: 'uint', bits: 8, bigEndian: false }),
  twos: (entry) => pcm(entry, { encoding: 'int', bits: entry.bits, bigEndian: true }),
  sowt: (entry) => pcm(entry, { encoding: 'int', bits: entry.bits, bigEndian: false }),
  in24: (entry) => pcm(entry, { encoding: 'int', bits: 24, bigEndian: !isLittleEndian(entry) }),
  in32: (entry) => pcm(entry, { encoding: 'int', bits: 32, bigEndian: !isLittleEndian(entry) }),
  fl32: (entry) => pcm(entry, { encoding: 'float', bits: 32, bigEndian: !isLittleEndian(entry) }),
  fl64: (entry) => pcm(entry, { encoding: 'float', bits: 64, bigEndian: !isLittleEndian(entry) }),
  alaw: (entry) => pcm(entry, { encoding: 'alaw', bits: 8, bigEndian: false }),
  ulaw: (entry) => pcm(entry, { encoding: 'mulaw', bits: 8, bigEndian: false }),
  lpcm: readLpcm,
  ipcm: (entry) => readIsoPcm(entry, 'int'),
  fpcm: (entry) => readIsoPcm(entry, 'float'),
};

/**
 *     reserved 48 | reference 16 | version 16 | revision 16 | vendor 32 | channels 16 | bits 16 | compression 16 | packet 16 | rate 16.16
 *
 * Behind it come boxes; QuickTime has 16 more bytes of fields in version 1 and 36 in version 2, ISO (whose `stsd` is then of version 1)
 * has none.
 */
function readEntry(box: HeldBox, stsdVersion: number): Entry {
  const view = fieldsOf(box, 28);
  const version = stsdVersion === 0 ? view.getUint16(8) : 0;
  if (version === 2) {
    // Rate: 64-bit float at 32; channels at 40, bits at 48, LPCM flags at 52 ("Sound Sample Description (Version 2)").
    const v2 = fieldsOf(box, 64);
    const fields = { channels: v2.getUint32(40), bits: v2.getUint32(48), sampleRate: v2.getFloat64(32), lpcmFlags: v2.getUint32(52) };
    return { box, ...fields, children: boxesWithin(box, 64) };
  }
  const fields = { channels: view.getUint16(16), bits: view.getUint16(18), sampleRate: view.getUint16(24), lpcmFlags: undefined };
  return { box, ...fields, children: boxesWithin(box, version === 1 ? 44 : 28) };
}

function readMpeg4(entry: Entry): AudioFormat {
  const esds = findEsds(entry.children);
  if (!esds) throw malformed(entry.box.start, 'mp4a without esds');
  const { objectType, averageBitRate, specificInfo, specificInfoOffset } = parseEsds(esds);
  const bitRate = averageBitRate || undefined;
  if (objectType === 0x69 || objectType === 0x6b) return { ...readMpegAudio(entry), bitRate };
  if (objectType !== 0x40 && objectType !== 0x67) throw unsupported(entry.box, `MPEG-4 object type 0x${objectType.toString(16)}`);
  const { decoded, hasSbr, hasParametricStereo } = parseAudioSpecificConfig(specificInfo, specificInfoOffset);
  const { sampleRate, channels, framesPerPacket, replication } = decoded;
  const codecString = `mp4a.40.${hasParametricStereo ? 29 : hasSbr ? 5 : 2}`;
  const config: CodecConfig = { codec: 'aac', codecString, sampleRate, channels, description: new Uint8Array(specificInfo) };
  const degraded = hasSbr && replication === 'none' ? 'HE-AAC in frames of 960: only the core is decoded' : undefined;
  return { config, framesPerPacket, bitRate, degraded };
}

function readMpegAudio({ box, sampleRate, channels }: Entry): AudioFormat {
  return { config: checked(box, { codec: 'mp3', codecString: 'mp3', sampleRate, channels, description: new Uint8Array(0) }) };
}

/** `alac` within `alac` is version 8 | flags 24 | ALACSpecificConfig (Apple's ALACMagicCookieDescription). */
function readAlac({ box, children }: Entry): AudioFormat {
  const wave = findBox(children, 'wave');
  const cookie = findBox(children, 'alac') ?? (wave && findBox(boxesWithin(wave, 0), 'alac'));
  if (!cookie) throw malformed(box.start, 'alac without its configuration');
  const view = fieldsOf(cookie, 28);
  const description = new Uint8Array(cookie.payload.subarray(4, 28));
  const config: CodecConfig = {
    codec: 'alac',
    codecString: 'alac',
    sampleRate: view.getUint32(24),
    channels: view.getUint8(13),
    description,
  };
  return { config: checked(box, config), bitsPerSample: view.getUint8(9), bitRate: view.getUint32(20) || undefined };
}

/** `dfLa` is version 8 | flags 24 | FLAC metadata blocks, STREAMINFO first ("Encapsulation of FLAC in ISO BMFF" §3.3.2). */
function readFlac({ box, children }: Entry): AudioFormat {
  const dfLa = findBox(children, 'dfLa');
  if (!dfLa) throw malformed(box.start, 'fLaC without dfLa');
  const view = fieldsOf(dfLa, 8 + STREAM_INFO_BYTES);
  if ((view.getUint8(4) & 0x7f) !== 0) throw malformed(payloadStart(dfLa) + 4, 'dfLa without STREAMINFO');
  const streamInfo = dfLa.payload.subarray(8, 8 + STREAM_INFO_BYTES);
  const packed = view.getUint32(18);
  const config: CodecConfig = {
    codec: 'flac',
    codecString: 'flac',
    sampleRate: packed >>> 12,
    channels: ((packed >> 9) & 7) + 1,
    description: flacDescription(streamInfo),
  };
  return { config: checked(box, config), bitsPerSample: ((packed >> 4) & 31) + 1 };
}

/** `dOps` is an OpusHead with version 0 and big-endian fields ("Encapsulation of Opus in ISO BMFF" §4.3.2). */
function readOpus({ box, children }: Entry): AudioFormat {
  const dOps = findBox(children, 'dOps');
  if (!dOps) throw malformed(box.start, 'Opus without dOps');
  const view = fieldsOf(dOps, 11);
  const codecDelay = view.getUint16(2);
  const description = new Uint8Array(8 + dOps.payload.length);
  const head = new DataView(description.buffer);
  description.set(new TextEncoder().encode('OpusHead'));
  description.set(dOps.payload, 8);
  head.setUint8(8, 1);
  head.setUint16(10, codecDelay, true);
  head.setUint32(12, view.getUint32(4), true);
  head.setUint16(16, view.getUint16(8), true);
  const config: CodecConfig = { codec: 'opus', codecString: 'opus', sampleRate: 48_000, channels: view.getUint8(1), description };
  return { config: checked(box, config), codecDelay };
}

const LPCM = { float: 1, bigEndian: 2, signed: 4 };

function readLpcm(entry: Entry): AudioFormat {
  const { lpcmFlags: flags, bits } = entry;
  if (flags === undefined) return pcm(entry, { encoding: 'int', bits, bigEndian: true });
  const encoding = flags & LPCM.float ? 'float' : flags & LPCM.signed ? 'int' : 'uint';
  return pcm(entry, { encoding, bits, bigEndian: (flags & LPCM.bigEndian) !== 0 });
}

/** `pcmC` is version 8 | flags 24 | little endian 8 | bits 8 (ISO 23003-5 §5.3). */
function readIsoPcm(entry: Entry, encoding: 'int' | 'float'): AudioFormat {
  const pcmC = findBox(entry.children, 'pcmC');
  if (!pcmC) throw malformed(entry.box.start, 'PCM without pcmC');
  const view = fieldsOf(pcmC, 6);
  return pcm(entry, { encoding, bits: view.getUint8(5), bigEndian: (view.getUint8(4) & 1) === 0 });
}

function pcm({ box, sampleRate, channels }: Entry, format: PcmFormat): AudioFormat {
  const { encoding, bits } = format;
  const isPlayed = encoding === 'float' ? bits === 32 || bits === 64 : encoding === 'uint' ? bits === 8 : [8, 16, 24, 32].includes(bits);
  if (!isPlayed) throw unsupported(box, `${bits}-bit ${encoding} PCM`);
  const name = encoding === 'mulaw' ? 'ulaw' : encoding === 'alaw' ? 'alaw' : `pcm-${encoding === 'int' ? 's' : encoding[0]}${bits}`;
  const config: CodecConfig = { codec: 'pcm', codecString: name, sampleRate, channels, description: new Uint8Array(0), pcm: format };
  const bitsPerSample = encoding === 'alaw' || encoding === 'mulaw' ? undefined : bits;
  return { config: checked(box, config), bitsPerSample, frameBytes: (channels * bits) / 8 };
}

/** QuickTime's `enda` in `wave`: 1 = little endian. */
function isLittleEndian({ children }: Entry): boolean {
  const wave = findBox(children, 'wave');
  const enda = wave && findBox(boxesWithin(wave, 0), 'enda');
  return enda !== undefined && fieldsOf(enda, 2).getUint16(0) === 1;
}

function checked(box: HeldBox, config: CodecConfig): CodecConfig {
  const { sampleRate, channels } = config;
  if (!(Number.isInteger(sampleRate) && sampleRate > 0 && sampleRate <= 768_000)) throw malformed(box.start, 'sample rate');
  if (!(channels > 0 && channels <= 255)) throw malformed(box.start, 'channel count');
  return config;
}

const unsupported = ({ start }: HeldBox, what: string): AulosError =>
  new AulosError('media.unsupported', { offset: start, what }, `${what} in MP4 is not played`);
