/** Bytes of a STREAMINFO metadata block without its header. */
export const STREAM_INFO_BYTES = 34;

/** What STREAMINFO says of the whole stream (RFC 9639 §8.2). It may be wrong; a frame header outranks it. */
export interface FlacStreamInfo {
  /** Smallest block but the last, in frames. */
  readonly minBlock: number;
  /** Smallest frame in bytes; 0 = unknown. */
  readonly minFrameBytes: number;
  /** Hz; 0 when the stream is not audio. */
  readonly sampleRate: number;
  readonly channels: number;
  /** 4 to 32. */
  readonly bits: number;
  /** Frames (samples per channel) in all; 0 = unknown. */
  readonly totalFrames: number;
}

/**
 * Reads the body of a STREAMINFO block; `bytes` holds at least {@link STREAM_INFO_BYTES}.
 *
 *     min block 16 │ max block 16 │ min frame 24 │ max frame 24 │ rate 20 │ channels−1 3 │ bits−1 5 │ total 36 │ MD5 128
 */
export function parseStreamInfo(bytes: Uint8Array): FlacStreamInfo {
  const view = new DataView(bytes.buffer, bytes.byteOffset, STREAM_INFO_BYTES);
  const packed = view.getUint32(10);
  return {
    minBlock: view.getUint16(0),
    minFrameBytes: view.getUint32(3) & 0xffffff,
    sampleRate: packed >>> 12,
    channels: ((packed >> 9) & 7) + 1,
    bits: ((packed >> 4) & 31) + 1,
    totalFrames: (packed & 15) * 2 ** 32 + view.getUint32(14),
  };
}

/** Bytes of a FLAC frame that are no samples: header, and CRC behind; and of a subframe: header with wasted bits (RFC 9639 §9). */
const FRAME_OVERHEAD = 18;
const SUBFRAME_OVERHEAD = 5;

/**
 * The total that STREAMINFO states, unless so few samples could not fill `bytes` of frames even uncompressed: files are joined, or
 * recorded on, by programs that leave the old total behind. Undefined if there is none to believe.
 */
export function credibleTotal({ totalFrames, minBlock, channels, bits }: FlacStreamInfo, bytes: number): number | undefined {
  const blocks = Math.ceil(totalFrames / Math.max(16, minBlock)) + 1;
  const sampleBytes = (totalFrames * channels * (bits + 1)) / 8; // a side channel has a bit more
  const most = sampleBytes + blocks * (FRAME_OVERHEAD + channels * SUBFRAME_OVERHEAD);
  return totalFrames > 0 && bytes <= most ? totalFrames : undefined;
}

/** A STREAMINFO body that says only what a single frame knows, for streams cut out of their file. */
export function synthesizeStreamInfo({ sampleRate, channels, bits }: Pick<FlacStreamInfo, 'sampleRate' | 'channels' | 'bits'>): Uint8Array {
  const body = new Uint8Array(STREAM_INFO_BYTES);
  const view = new DataView(body.buffer);
  view.setUint16(0, 16);
  view.setUint16(2, 65_535);
  view.setUint32(10, (sampleRate << 12) | ((channels - 1) << 9) | ((bits - 1) << 4));
  return body;
}

/** `CodecConfig.description` of FLAC: the marker `fLaC`, a metadata block header with "last" set, the STREAMINFO body. */
export function flacDescription(streamInfo: Uint8Array): Uint8Array {
  const description = new Uint8Array(8 + STREAM_INFO_BYTES);
  description.set([0x66, 0x4c, 0x61, 0x43, 0x80, 0, 0, STREAM_INFO_BYTES]);
  description.set(streamInfo.subarray(0, STREAM_INFO_BYTES), 8);
  return description;
}

/** The stream info inside a {@link flacDescription}; undefined if it is none. */
export function streamInfoOf(description: Uint8Array): FlacStreamInfo | undefined {
  const isStreamInfo = description.length >= 8 + STREAM_INFO_BYTES && description[0] === 0x66 && (description[4] & 0x7f) === 0;
  return isStreamInfo ? parseStreamInfo(description.subarray(8)) : undefined;
}
