import { AulosError } from '../../errors.ts';
import type { CodecConfig } from '../../media.ts';

/** What ALACSpecificConfig says of the whole stream ("ALAC Magic Cookie Description", Apple). */
export interface AlacConfig {
  /** Frames of every packet but the last. */
  readonly framesPerPacket: number;
  /** Bits of a sample: 16, 20, 24 or 32. */
  readonly bits: number;
  /** Adaptive Golomb coding: how fast the mean follows, where it starts, and the longest remainder in bits. */
  readonly historyMultiplier: number;
  readonly initialHistory: number;
  readonly maxRemainderBits: number;
  readonly channels: number;
  readonly sampleRate: number;
}

const SPECIFIC_CONFIG_BYTES = 24;

/** Encoders write 4,096. A packet of silence is a few bytes however long it lasts, so this bounds what they can make us allocate. */
const MAX_FRAMES_PER_PACKET = 65_536;

/** So that the longest code (8 ones, a zero, the remainder) fits into the 25 bits which are sure to be in a word fetched at a byte. */
const MAX_REMAINDER_BITS = 16;

/**
 * Reads `description` of an ALAC config.
 *
 *     frames 32 │ version 8 │ bits 8 │ pb 8 │ mb 8 │ kb 8 │ channels 8 │ max run 16 │ max bytes 32 │ bit rate 32 │ sample rate 32
 *
 * @throws AulosError `media.unsupported` for what no encoder writes.
 */
export function parseSpecificConfig({ description, sampleRate }: CodecConfig): AlacConfig {
  if (description.length < SPECIFIC_CONFIG_BYTES) throw unsupported('ALAC without its configuration');
  const view = new DataView(description.buffer, description.byteOffset, SPECIFIC_CONFIG_BYTES);
  const config: AlacConfig = {
    framesPerPacket: view.getUint32(0),
    bits: view.getUint8(5),
    historyMultiplier: view.getUint8(6),
    initialHistory: view.getUint8(7),
    maxRemainderBits: view.getUint8(8),
    channels: view.getUint8(9),
    sampleRate: view.getUint32(20) || sampleRate,
  };
  const { framesPerPacket, bits, maxRemainderBits, channels } = config;
  if (view.getUint8(4) !== 0) throw unsupported(`ALAC version ${view.getUint8(4)}`);
  if (framesPerPacket === 0 || framesPerPacket > MAX_FRAMES_PER_PACKET) throw unsupported(`ALAC packets of ${framesPerPacket} frames`);
  if (![16, 20, 24, 32].includes(bits)) throw unsupported(`${bits}-bit ALAC`);
  if (maxRemainderBits > MAX_REMAINDER_BITS) throw unsupported(`ALAC remainders of ${maxRemainderBits} bits`);
  if (channels === 0 || channels > 8) throw unsupported(`ALAC with ${channels} channels`);
  return config;
}

const unsupported = (what: string): AulosError => new AulosError('media.unsupported', { offset: 0, what }, `not supported: ${what}`);
