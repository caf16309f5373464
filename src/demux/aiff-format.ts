import { AulosError } from '../errors.ts';
import type { PcmFormat } from '../media.ts';

/** What the `COMM` chunk says. */
export interface AiffFormat {
  readonly pcm: PcmFormat;
  /** Hz. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly frames: number;
  /** Bits that are used of a sample; undefined where they are coded (µ-law). */
  readonly bits: number | undefined;
}

/** Bytes of a `COMM` chunk, without and with a compression type. */
export const AIFF_FORMAT_BYTES = 18;
export const AIFC_FORMAT_BYTES = 22;

/** Compression types that are plain samples: big-endian integers, except as they say. */
const INTEGERS: ReadonlySet<string> = new Set(['NONE', 'twos', 'sowt', 'in24', 'in32', '42ni', '23ni', 'raw ']);
const LITTLE_ENDIAN: ReadonlySet<string> = new Set(['sowt', '42ni', '23ni']);
const CODED: Readonly<Record<string, Pick<PcmFormat, 'encoding' | 'bits'>>> = {
  fl32: { encoding: 'float', bits: 32 },
  fl64: { encoding: 'float', bits: 64 },
  alaw: { encoding: 'alaw', bits: 8 },
  ulaw: { encoding: 'mulaw', bits: 8 },
};

/** By the names that users know. */
const FOREIGN: Readonly<Record<string, string>> = {
  ima4: 'IMA ADPCM',
  MAC3: 'MACE 3:1',
  MAC6: 'MACE 6:1',
  GSM: 'GSM 6.10',
  QDMC: 'QDesign Music',
  QDM2: 'QDesign Music 2',
  Qclp: 'Qualcomm PureVoice',
};

const MAX_CHANNELS = 64;
const MAX_SAMPLE_RATE = 768_000;

/**
 * Reads the body of a `COMM` chunk (Audio Interchange File Format 1.3 and AIFF-C); `offset` is where it stands, for errors.
 *
 *     channels 16 │ frames 32 │ bits 16 │ rate 80: sign 1, exponent 15, mantissa 64 │ in AIFF-C: compression type 32 │ its name
 *
 * Samples stand in the high bits of as many bytes as it takes, so their scale is that of the bytes.
 * @throws AulosError `media.malformed`, `media.unsupported`, `media.limit`.
 */
export function parseAiffFormat(body: Uint8Array, offset: number): AiffFormat {
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const [channels, frames, bits] = [view.getUint16(0), view.getUint32(2), view.getUint16(6)];
  const sampleRate = extendedFloat(view, 8);
  const compression = body.length >= AIFC_FORMAT_BYTES ? String.fromCharCode(...body.subarray(18, 22)) : 'NONE';
  const pcm = pcmOf(compression, bits, offset);
  if (channels === 0 || !(sampleRate >= 1 && sampleRate <= MAX_SAMPLE_RATE))
    throw new AulosError('media.malformed', { offset, what: 'AIFF format' }, 'the AIFF format contradicts itself');
  if (channels > MAX_CHANNELS)
    throw new AulosError('media.limit', { offset, what: 'AIFF channels' }, `AIFF with ${channels} channels, more than ${MAX_CHANNELS}`);
  const isCoded = pcm.encoding === 'alaw' || pcm.encoding === 'mulaw';
  return { pcm, sampleRate: Math.round(sampleRate), channels, frames, bits: isCoded ? undefined : Math.min(bits, pcm.bits) || pcm.bits };
}

function pcmOf(compression: string, bits: number, offset: number): PcmFormat {
  const coded = CODED[compression.toLowerCase()];
  if (coded) return { ...coded, bigEndian: true };
  if (!INTEGERS.has(compression)) {
    const what = `AIFF-C with ${FOREIGN[compression.trim()] ?? `compression ${JSON.stringify(compression)}`}`;
    throw new AulosError('media.unsupported', { offset, what }, `not supported: ${what}`);
  }
  if (bits === 0 || bits > 32)
    throw new AulosError('media.malformed', { offset, what: 'AIFF format' }, `AIFF with ${bits} bits in a sample`);
  const encoding = compression === 'raw ' && bits <= 8 ? 'uint' : 'int';
  return { encoding, bits: 8 * Math.ceil(bits / 8), bigEndian: !LITTLE_ENDIAN.has(compression) };
}

/** A number as the 8087 and 68881 had it, whose mantissa writes out the leading one. */
const extendedFloat = (view: DataView, at: number): number =>
  (view.getUint32(at + 2) * 2 ** 32 + view.getUint32(at + 6)) * 2 ** ((view.getUint16(at) & 0x7fff) - 16_383 - 63);
