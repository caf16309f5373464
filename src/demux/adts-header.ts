import { AAC_SAMPLE_RATES } from './audio-specific-config.ts';

/** Bytes of a header without its CRC. */
export const ADTS_HEADER_BYTES = 7;
const CRC_BYTES = 2;

/** What an ADTS header says. */
export interface AdtsHeader {
  /** AudioObjectType: 1 Main, 2 LC, 3 SSR, 4 LTP. */
  readonly objectType: number;
  readonly sampleRateIndex: number;
  /** 0 when a program_config_element in the frame says it. */
  readonly channelConfiguration: number;
  /** Bytes before the data, CRC included. */
  readonly headerBytes: number;
  /** Bytes of header and data. */
  readonly frameBytes: number;
  /** raw_data_blocks in the frame; nearly always 1. */
  readonly blocks: number;
}

/**
 * Reads a header (ISO/IEC 14496-3 §1.A.3.2), of which {@link ADTS_HEADER_BYTES} must be there; undefined when there is none.
 *
 *     fixed     syncword:12 ID:1 layer:2 protection_absent:1 profile:2 sampling_frequency_index:4 private:1 channel_configuration:3
 *               original:1 home:1
 *     variable  copyright:2 aac_frame_length:13 adts_buffer_fullness:11 number_of_raw_data_blocks_in_frame:2
 *     crc_check:16 unless protection_absent
 */
export function parseAdtsHeader(bytes: Uint8Array): AdtsHeader | undefined {
  if (bytes.length < ADTS_HEADER_BYTES || bytes[0] !== 0xff || (bytes[1] & 0xf6) !== 0xf0) return undefined;
  const sampleRateIndex = (bytes[2] >> 2) & 15;
  const headerBytes = ADTS_HEADER_BYTES + (bytes[1] & 1 ? 0 : CRC_BYTES);
  const frameBytes = ((bytes[3] & 3) << 11) | (bytes[4] << 3) | (bytes[5] >> 5);
  if (sampleRateIndex >= AAC_SAMPLE_RATES.length || frameBytes <= headerBytes) return undefined;
  return {
    objectType: (bytes[2] >> 6) + 1,
    sampleRateIndex,
    channelConfiguration: ((bytes[2] & 1) << 2) | (bytes[3] >> 6),
    headerBytes,
    frameBytes,
    blocks: (bytes[6] & 3) + 1,
  };
}

/** True if both headers may belong to frames of one stream. */
export const areOfOneAdtsStream = (a: AdtsHeader, b: AdtsHeader): boolean =>
  a.objectType === b.objectType && a.sampleRateIndex === b.sampleRateIndex && a.channelConfiguration === b.channelConfiguration;
